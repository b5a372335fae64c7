//! What the listeners of one proxy are made from.

use crate::envoy::Duration;
use crate::model;
use crate::proxy::{OutboundView, ProxyView};
use crate::translate::duration::duration;
use crate::translate::extension::Extensions;
use crate::translate::telemetry::Telemetry;

/// What all listeners of one proxy share: the mesh as it sees it, and the policies that apply to it, merged once.
#[derive(Debug)]
pub(crate) struct ListenerView<'m> {
    pub(crate) outbound: OutboundView<'m>,
    pub(crate) telemetry: Telemetry,
    pub(crate) extensions: Extensions<'m>,
    // Authorization and JWT filters of the proxy belong here: they too are the same in all its listeners.
}

impl<'m> ListenerView<'m> {
    /// Collects the policies that apply to a proxy.
    pub(crate) fn new(view: &ProxyView<'m>) -> Self {
        Self { outbound: view.outbound, telemetry: Telemetry::new(view), extensions: Extensions::new(view) }
    }

    /// Metadata `IDLE_TIMEOUT`, if it is a duration. istiod: `listener_builder.go` `parseDuration`
    pub(crate) fn idle_timeout(&self) -> Option<Duration> {
        model::Duration::parse(self.metadata("IDLE_TIMEOUT")).map(duration)
    }

    /// A raw metadata value of the client, or empty.
    pub(crate) fn metadata(&self, key: &str) -> &'m str {
        self.outbound.client.metadata.get(key).map_or("", String::as_str)
    }

    /// A raw metadata value of the client as Go reads a truth value.
    pub(crate) fn metadata_is_true(&self, key: &str) -> bool {
        is_true(self.metadata(key))
    }
}

/// Go: `strconv.ParseBool`
pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}
