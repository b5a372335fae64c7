//! The headers of a request, in order, with those of HTTP/2 for its first line.

use std::borrow::Cow;

/// A header map: names in lower case.
#[derive(Debug, Clone, Default)]
pub(in crate::evaluate) struct Headers {
    entries: Vec<(Cow<'static, str>, String)>,
}

impl Headers {
    /// Returns the first value of a header.
    pub(in crate::evaluate) fn get(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of a header that is there once.
    pub(in crate::evaluate) fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.entries.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    /// Changes the path; `keeps` says whether a header tells the one before. Envoy: `finalizePathHeader`.
    pub(in crate::evaluate) fn change_path(&mut self, path: String, keeps: bool) {
        if keeps {
            let before = self.path().to_owned();
            self.set("x-envoy-original-path", before);
        }
        self.set(":path", path);
    }

    /// Returns all values of a header, joined by commas as Envoy's matchers do.
    pub(in crate::evaluate) fn joined(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.entries.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = values.next()?;
        Some(match values.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let all: Vec<&str> = [first, second].into_iter().chain(values).collect();
                Cow::Owned(all.join(","))
            }
        })
    }

    /// Sets a header to one value.
    pub(in crate::evaluate) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.entries.iter().position(|(key, _)| *key == name) {
            None => self.entries.push((name, value)),
            Some(first) => {
                self.entries[first].1 = value;
                let mut index = 0;
                self.entries.retain(|(key, _)| {
                    index += 1;
                    index - 1 <= first || *key != name
                });
            }
        }
    }

    /// Adds a value.
    pub(in crate::evaluate) fn append(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.entries.push((name.into(), value.into()));
    }

    /// Takes a header away.
    pub(in crate::evaluate) fn remove(&mut self, name: &str) {
        self.entries.retain(|(key, _)| key != name);
    }

    /// Returns all, in order.
    pub(in crate::evaluate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// Returns the method.
    pub(in crate::evaluate) fn method(&self) -> &str {
        self.get(":method").unwrap_or_default()
    }

    /// Returns path and query.
    pub(in crate::evaluate) fn path(&self) -> &str {
        self.get(":path").unwrap_or_default()
    }

    /// Returns the host, with its port.
    pub(in crate::evaluate) fn authority(&self) -> &str {
        self.get(":authority").unwrap_or_default()
    }

    /// Says whether this is a gRPC request. Envoy: `Grpc::Common::isGrpcRequestHeaders`.
    pub(in crate::evaluate) fn is_grpc(&self) -> bool {
        let kind = self.get("content-type").and_then(|kind| kind.strip_prefix("application/grpc"));
        kind.is_some_and(|rest| rest.is_empty() || rest.starts_with('+')) && !self.path().is_empty()
    }
}

/// Returns the name by which a header is known inside of Envoy: in lower case, `host` as `:authority`.
pub(in crate::evaluate) fn known_as(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "host" { ":authority".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_joined_and_set() {
        let mut headers = Headers::default();
        headers.append("a", "1");
        headers.append("b", "2");
        headers.append("a", "3");
        assert_eq!(headers.joined("a").as_deref(), Some("1,3"));
        headers.set("a", "4");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("a", "4"), ("b", "2")]);
        headers.remove("a");
        assert_eq!(headers.joined("a"), None);
    }
}
