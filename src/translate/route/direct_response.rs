//! `HTTPDirectResponse`: an answer by Envoy itself.

use crate::envoy::{Bytes, DataSource, DataSourceSpecifier, DirectResponseAction};
use crate::model::istio::{HttpBodySpecifier, HttpDirectResponse};

/// `VirtualService.http[].directResponse` -> `Route.direct_response`
///
/// istiod: `route.go` `ApplyDirectResponse`
pub(super) fn direct_response(response: &HttpDirectResponse) -> DirectResponseAction {
    let HttpDirectResponse { status, body } = response;
    let specifier = body.as_ref().and_then(|b| b.specifier.as_ref()).map(|specifier| match specifier {
        HttpBodySpecifier::String(text) => DataSourceSpecifier::InlineString(text.clone()),
        HttpBodySpecifier::Bytes(bytes) => DataSourceSpecifier::InlineBytes(Bytes(bytes.0.clone())),
    });
    DirectResponseAction {
        status: *status,
        body: specifier.map(|s| DataSource { specifier: Some(s), ..DataSource::default() }),
        ..DirectResponseAction::default()
    }
}
