//! Bytes of Secrets.

use std::fmt;

/// What stands in the place of a value that is held back, as in Envoy's `/config_dump`.
pub const REDACTED: &str = "[redacted]";

/// A value of a Secret: nothing prints it. What needs the bytes says so ([`SecretBytes::reveal`]).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Returns the bytes: to check them, or for the part of a certificate that is public.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Returns a text for the output: nothing if there is nothing to hide (no bytes, or an empty object), else [`REDACTED`].
    pub fn shown(&self) -> &'static str {
        match self.0.trim_ascii() {
            b"" => "",
            b"{}" => "{}",
            _ => REDACTED,
        }
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}
