//! Reads fields of messages that are JSON, as a dump and as meshc's own structs print them.

use serde_json::Value;

/// A message of Envoy's API as JSON, with the names of the proto.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a>(pub(super) &'a Value);

impl<'a> Message<'a> {
    /// Returns a field that is set.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        self.0.get(name).filter(|value| !value.is_null()).map(Self)
    }

    /// Returns a text, or nothing when it is empty.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.0.as_str().filter(|text| !text.is_empty())
    }

    /// Returns a text that may be empty but is set.
    pub(super) fn set_text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.0.as_str()
    }

    /// Returns a whole number; those of 64 bits are texts in a message's JSON.
    pub(super) fn number(self, name: &str) -> Option<i64> {
        let value = self.get(name)?.0;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Returns a whole number that cannot be negative.
    pub(super) fn unsigned(self, name: &str) -> Option<u32> {
        u32::try_from(self.number(name)?).ok()
    }

    /// Returns a number with a fraction.
    pub(super) fn double(self, name: &str) -> Option<f64> {
        self.get(name)?.0.as_f64()
    }

    /// Returns a truth value, if it is set.
    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.get(name)?.0.as_bool()
    }

    /// Says whether a field is set and true.
    pub(super) fn is(self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    /// Returns the items of a list.
    pub(super) fn list(self, name: &str) -> impl Iterator<Item = Self> + use<'a> {
        self.get(name).and_then(|list| list.0.as_array()).into_iter().flatten().map(Self)
    }

    /// Returns the texts of a list.
    pub(super) fn texts(self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.list(name).filter_map(|item| item.0.as_str())
    }

    /// Returns the entries of a map, sorted by key.
    pub(super) fn entries(self, name: &str) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let map = self.get(name).and_then(|map| map.0.as_object());
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), Self(value)))
    }

    /// Returns the name of the type that an `Any` holds, without its package, and the message.
    ///
    /// Of a `TypedStruct` it is the type that it stands for.
    pub(super) fn unpacked(self) -> Option<(&'a str, Self)> {
        let last = |url: &'a str| url.rsplit(['/', '.']).next().unwrap_or(url);
        match last(self.text("@type")?) {
            "TypedStruct" => Some((self.text("type_url").or_else(|| self.text("typeUrl"))?, self.get("value")?)),
            _ => Some((self.text("@type")?, self)),
        }
    }

    /// Returns what [`Self::unpacked`] does for a field.
    pub(super) fn any(self, name: &str) -> Option<(&'a str, Self)> {
        self.get(name)?.unpacked()
    }
}

/// Says whether a type url is of this message, by the end of its name.
pub(super) fn is_type(url: &str, name: &str) -> bool {
    url.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '/']))
}
