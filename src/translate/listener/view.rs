//! What the listeners of one proxy are made from.

use crate::diagnostic::Diagnostics;
use crate::envoy::Duration;
use crate::go;
use crate::mesh::service::Service;
use crate::model;
use crate::proxy::{OutboundView, ProxyView};
use crate::translate::duration::duration;
use crate::translate::extension::Extensions;
use crate::translate::security::authentication::RequestAuthentication;
use crate::translate::security::authorization::Authorization;
use crate::translate::telemetry::{self, Telemetry};

/// What all listeners of one proxy share: the mesh as it sees it, and the policies that apply to it, merged once.
#[derive(Debug)]
pub(crate) struct ListenerView<'m> {
    pub(crate) outbound: OutboundView<'m>,
    pub(crate) telemetry: Telemetry,
    pub(crate) extensions: Extensions<'m>,
    pub(crate) authorization: Authorization,
    pub(crate) request_authentication: RequestAuthentication,
}

impl<'m> ListenerView<'m> {
    /// Collects the policies that apply to a proxy.
    pub(crate) fn new(view: &ProxyView<'m>, diagnostics: &mut Diagnostics) -> Self {
        diagnostics.push_some(telemetry::crash(view));
        Self::for_service(view, None, diagnostics)
    }

    /// Collects the policies that apply to one of a waypoint's services, or else to the proxy.
    pub(crate) fn for_service(view: &ProxyView<'m>, service: Option<&Service>, diagnostics: &mut Diagnostics) -> Self {
        Self {
            outbound: view.outbound,
            telemetry: Telemetry::new(view, service),
            extensions: Extensions::new(view, service),
            authorization: Authorization::new(view, service, diagnostics),
            request_authentication: RequestAuthentication::new(view, service, diagnostics),
        }
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
        go::parse_bool(self.metadata(key)) == Some(true)
    }
}
