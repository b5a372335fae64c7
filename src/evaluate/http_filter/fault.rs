//! `envoy.filters.http.fault`: delays and refuses requests. Envoy: `fault_filter.cc`.

use crate::evaluate::http::Headers;
use crate::evaluate::matcher::HeaderMatcher;
use crate::evaluate::message::Message;
use crate::evaluate::percent;

/// What is done to which requests.
#[derive(Debug, Default)]
pub(in crate::evaluate) struct Fault {
    /// How many percent are delayed, and how long.
    delay: Option<(f64, String)>,
    /// How many percent are refused, and with which status.
    abort: Option<(f64, u16)>,
    cluster: Option<String>,
    headers: Vec<HeaderMatcher>,
}

/// What happens to one request.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::evaluate) struct Happens {
    /// Whether it is delayed.
    pub(in crate::evaluate) is_delayed: bool,
    /// The status with which it is refused.
    pub(in crate::evaluate) status: Option<u16>,
    /// Whether that is chance.
    pub(in crate::evaluate) is_chance: bool,
    /// What there is to say.
    pub(in crate::evaluate) why: String,
}

impl Fault {
    /// Reads a configuration, of the filter or of a route.
    pub(in crate::evaluate) fn new(config: Message<'_>) -> Self {
        let percentage = |fault: Message<'_>| fault.get("percentage").map_or(0.0, percent::of_fraction);
        let delay = config.get("delay");
        let delay = delay.map(|delay| (percentage(delay), delay.text("fixed_delay").unwrap_or_default().to_owned()));
        let status = |abort: Message<'_>| match abort.unsigned("http_status") {
            Some(status) => u16::try_from(status).unwrap_or_default(),
            // A gRPC status comes with the status 200 of HTTP.
            None => 200,
        };
        Self {
            delay,
            abort: config.get("abort").map(|abort| (percentage(abort), status(abort))),
            cluster: config.text("upstream_cluster").map(str::to_owned),
            headers: config.list("headers").map(HeaderMatcher::new).collect(),
        }
    }

    /// Says what happens to a request. Of a chance, the greater part counts.
    pub(in crate::evaluate) fn happens(&self, headers: &Headers, cluster: Option<&str>) -> Option<Happens> {
        let is_for = self.cluster.as_deref().is_none_or(|wanted| cluster == Some(wanted))
            && self.headers.iter().all(|matcher| matcher.matches(headers));
        let delay = self.delay.as_ref().filter(|(percent, _)| *percent > 0.0);
        let abort = self.abort.filter(|(percent, _)| *percent > 0.0);
        if !is_for || (delay.is_none() && abort.is_none()) {
            return None;
        }
        let mut why = Vec::new();
        why.extend(delay.map(|(percent, time)| format!("delays {percent}% of the requests by {time}")));
        why.extend(abort.map(|(percent, status)| format!("refuses {percent}% of the requests with {status}")));
        let percents = delay.map(|(percent, _)| *percent).into_iter().chain(abort.map(|(percent, _)| percent));
        Some(Happens {
            is_delayed: delay.is_some_and(|(percent, _)| *percent > 50.0),
            status: abort.filter(|(percent, _)| *percent > 50.0).map(|(_, status)| status),
            is_chance: percents.into_iter().any(|percent| percent < 100.0),
            why: why.join(", "),
        })
    }
}
