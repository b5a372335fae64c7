//! `ServiceAccount`.

use k8s_openapi::api::core::v1 as api;

use super::super::ObjectMeta;
use super::Kind;

/// The identity that pods run under.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Whether pods get the account's token; left out means yes.
    pub automount_service_account_token: Option<bool>,
}

impl Kind for ServiceAccount {
    type Api = api::ServiceAccount;

    fn from_api(api: api::ServiceAccount) -> (ObjectMeta, Self) {
        let account = Self { automount_service_account_token: api.automount_service_account_token };
        (api.metadata.into(), account)
    }
}
