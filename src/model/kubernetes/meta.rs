//! `metadata`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as api;

use super::super::{ObjectMeta, OwnerReference, Timestamp};

impl From<api::ObjectMeta> for ObjectMeta {
    fn from(api: api::ObjectMeta) -> Self {
        Self {
            name: api.name.unwrap_or_default(),
            generate_name: api.generate_name.unwrap_or_default(),
            namespace: api.namespace.unwrap_or_default(),
            labels: api.labels.unwrap_or_default(),
            annotations: api.annotations.unwrap_or_default(),
            creation_timestamp: api.creation_timestamp.map(Timestamp::from),
            deletion_timestamp: api.deletion_timestamp.map(Timestamp::from),
            resource_version: api.resource_version.unwrap_or_default(),
            uid: api.uid.unwrap_or_default(),
            owner_references: super::list(api.owner_references),
        }
    }
}

impl From<api::OwnerReference> for OwnerReference {
    fn from(api: api::OwnerReference) -> Self {
        Self {
            api_version: api.api_version,
            kind: api.kind,
            name: api.name,
            controller: api.controller.unwrap_or_default(),
        }
    }
}

impl From<api::Time> for Timestamp {
    fn from(api: api::Time) -> Self {
        // Before 1970 the API counts a second and its fraction backwards; we count the fraction forwards.
        let (second, nanos) = (api.0.as_second(), api.0.subsec_nanosecond());
        let borrow = i64::from(nanos < 0);
        let nanos = i64::from(nanos) + borrow * 1_000_000_000;
        Self { seconds: second - borrow, nanos: u32::try_from(nanos).unwrap_or_default() }
    }
}
