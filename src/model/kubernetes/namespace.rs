//! `Namespace`.

use k8s_openapi::api::core::v1 as api;

use super::super::ObjectMeta;
use super::Kind;

/// A namespace. All that counts is in its labels and annotations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Namespace {}

impl Kind for Namespace {
    type Api = api::Namespace;

    fn from_api(api: api::Namespace) -> (ObjectMeta, Self) {
        (api.metadata.into(), Self {})
    }
}
