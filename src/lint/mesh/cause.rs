//! The manifest that a part of a proxy's configuration comes from, as istiod notes it in the metadata.

use serde_json::Value;

/// An object of Istio's networking group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    /// `virtual-service`, `destination-rule`.
    pub(crate) kind: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its name.
    pub(crate) name: String,
}

impl Cause {
    /// Returns the cause of a cluster, route, or filter chain: `metadata.filter_metadata.istio.config`.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let path = value.get("metadata")?.get("filter_metadata")?.get("istio")?.get("config")?.as_str()?;
        let (_, rest) = path.split_once("/namespaces/")?;
        let mut parts = rest.split('/');
        let (namespace, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// Returns the kind as manifests spell it.
    pub(crate) fn manifest_kind(&self) -> &'static str {
        match self.kind.as_str() {
            "virtual-service" => "VirtualService",
            "destination-rule" => "DestinationRule",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Cause;

    #[test]
    fn of_metadata() {
        let path = "/apis/networking.istio.io/v1/namespaces/shop/virtual-service/cart";
        let cause = Cause::of(&json!({ "metadata": { "filter_metadata": { "istio": { "config": path } } } }));
        let cause = cause.expect("there is one");
        assert_eq!((cause.manifest_kind(), &*cause.namespace, &*cause.name), ("VirtualService", "shop", "cart"));
        assert_eq!(Cause::of(&json!({ "metadata": {} })), None);
    }
}
