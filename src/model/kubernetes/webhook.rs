//! `MutatingWebhookConfiguration`.

use k8s_openapi::api::admissionregistration::v1 as api;

use super::super::ObjectMeta;
use super::{Kind, LabelSelector};

/// Whom the API server asks to change objects before it takes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MutatingWebhookConfiguration {
    /// The webhooks, in the order in which they are asked.
    pub webhooks: Vec<MutatingWebhook>,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MutatingWebhook {
    /// Its name; the injector's end in `sidecar-injector.istio.io`.
    pub name: String,
    /// The name of the Service that is asked; empty for a URL.
    pub service: String,
    /// Labels that the object's namespace must have.
    pub namespace_selector: LabelSelector,
    /// Labels that the object must have.
    pub object_selector: LabelSelector,
}

impl Kind for MutatingWebhookConfiguration {
    type Api = api::MutatingWebhookConfiguration;

    fn from_api(api: api::MutatingWebhookConfiguration) -> (ObjectMeta, Self) {
        let webhook = |webhook: api::MutatingWebhook| MutatingWebhook {
            name: webhook.name,
            service: webhook.client_config.service.map(|service| service.name).unwrap_or_default(),
            namespace_selector: webhook.namespace_selector.map(LabelSelector::from).unwrap_or_default(),
            object_selector: webhook.object_selector.map(LabelSelector::from).unwrap_or_default(),
        };
        let webhooks = api.webhooks.unwrap_or_default().into_iter().map(webhook).collect();
        (api.metadata.into(), Self { webhooks })
    }
}
