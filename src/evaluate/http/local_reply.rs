//! What the proxy itself answers. Envoy: `Http::Utility::sendLocalReply`.

use super::Headers;

/// Returns the status that the client sees: of a gRPC request it is 200, and the trailer says the rest.
pub(in crate::evaluate) fn status(headers: &Headers, status: u16) -> u16 {
    if headers.is_grpc() { 200 } else { status }
}
