//! Key material, which a live dump holds back and which never counts.

use crate::config_dump::Json;

/// Fields of `Secret` that an Envoy prints as `[redacted]`. Envoy: `udpa.annotations.sensitive` in `common.proto`, `secret.proto`
const SENSITIVE: &[&str] = &["private_key", "private_key_provider", "password", "pkcs12", "keys"];

/// The Secret that an image of a Wasm module is pulled with; the agent takes it out before Envoy sees it.
pub(super) const PULL_SECRET: &str = "ISTIO_META_WASM_IMAGE_PULL_SECRET";

/// Says whether a field of a message is key material, wherever the message is.
pub(super) fn is_sensitive(message: &str, field: &str) -> bool {
    match message.rsplit('.').next() {
        Some("TlsCertificate") => SENSITIVE.contains(&field),
        Some("TlsSessionTicketKeys") => field == "keys",
        Some("GenericSecret") => matches!(field, "secret" | "secrets"),
        _ => false,
    }
}

/// Takes key material out of a secret.
pub(super) fn redact(secret: Json) -> Json {
    let Json::Object(fields) = secret else { return secret };
    let fields = fields.into_iter().map(|(name, value)| {
        let value = match value {
            Json::Object(inner) if name == "generic_secret" => {
                Json::Object(inner.into_iter().filter(|(name, _)| name != "secret" && name != "secrets").collect())
            }
            Json::Object(inner) => {
                Json::Object(inner.into_iter().filter(|(name, _)| !SENSITIVE.contains(&name.as_str())).collect())
            }
            other => other,
        };
        (name, value)
    });
    Json::Object(fields.collect())
}

/// Returns what stands in the place of a value that is held back.
pub(super) fn held_back() -> Json {
    Json::from("[redacted]")
}

/// Says whether a value is what stands in the place of one that is held back: the words, or their base64.
pub(super) fn is_redacted(value: &Json) -> bool {
    matches!(value.as_str(), Some("[redacted]" | "W3JlZGFjdGVkXQ=="))
}
