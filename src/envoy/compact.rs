//! Writes messages so that equal ones have equal bytes, and others have not: to tell them apart, which needs no printing.

use super::proto::ProtoJson;
use super::sink::Sink;

/// Returns what tells a message from others.
pub(crate) fn message(message: &dyn ProtoJson) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(4096));
    message.write(&mut writer);
    writer.0
}

/// Each piece begins with a byte that says what it is; what has no fixed length, with its length.
struct Writer(Vec<u8>);

impl Writer {
    fn counted(&mut self, what: u8, text: &str) {
        self.0.push(what);
        self.0.extend(text.len().to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn fixed(&mut self, what: u8, bytes: &[u8]) {
        self.0.push(what);
        self.0.extend(bytes);
    }
}

impl Sink for Writer {
    fn null(&mut self) {
        self.0.push(b'0');
    }

    fn bool(&mut self, value: bool) {
        self.0.push(if value { b'y' } else { b'n' });
    }

    fn integer(&mut self, value: i64) {
        self.fixed(b'i', &value.to_le_bytes());
    }

    fn double(&mut self, value: f64) {
        self.fixed(b'd', &value.to_bits().to_le_bytes());
    }

    fn float(&mut self, value: f32) {
        self.fixed(b'f', &value.to_bits().to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.counted(b't', value);
    }

    fn begin_list(&mut self) {
        self.0.push(b'[');
    }

    fn item(&mut self) {}

    fn end_list(&mut self) {
        self.0.push(b']');
    }

    fn begin_object(&mut self) {
        self.0.push(b'{');
    }

    fn key(&mut self, key: &str) {
        self.counted(b'k', key);
    }

    fn end_object(&mut self) {
        self.0.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::message;

    #[test]
    fn tells_values_apart() {
        let values =
            [json!("1"), json!(1), json!(["1"]), json!([["1"]]), json!({"1": "1"}), json!(["1", "1"]), json!(null)];
        let written: std::collections::BTreeSet<_> = values.iter().map(|value| message(value)).collect();
        assert_eq!(written.len(), values.len());
        assert_eq!(message(&values[0]), message(&json!("1")));
    }
}
