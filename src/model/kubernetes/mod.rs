//! The Kubernetes kinds that istiod, the sidecar injector and the agent read, reduced to what they read.
//!
//! `k8s-openapi` reads a resource as the API server would; [`Kind::from_api`] turns it at once into the struct of this
//! module. Fields keep the API's names. A value left out is empty, and its default (`protocol: TCP`) is for the reader
//! to know, as the docs say.

mod config_map;
mod container;
mod endpoint_slice;
mod endpoints;
mod ingress;
mod label_selector;
mod meta;
mod namespace;
mod node;
mod pod;
mod probe;
mod secret;
mod service;
mod service_account;
mod webhook;
mod workload;

use k8s_openapi::apimachinery::pkg::util::intstr;

use super::ObjectMeta;

pub use config_map::*;
pub use container::*;
pub use endpoint_slice::*;
pub use endpoints::*;
pub use ingress::*;
pub use label_selector::*;
pub use namespace::*;
pub use node::*;
pub use pod::*;
pub use probe::*;
pub use secret::*;
pub use service::*;
pub use service_account::*;
pub use webhook::*;
pub use workload::*;

/// A kind of this module, made from what Kubernetes' API has for it.
pub trait Kind: Sized {
    /// The kind in the API, which deserializes as the API server would.
    type Api: k8s_openapi::Resource + serde::de::DeserializeOwned;

    /// Takes a resource apart: who it is, and what we read of it.
    fn from_api(api: Self::Api) -> (ObjectMeta, Self);
}

/// A port by number or by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntOrString {
    /// A number.
    Int(u32),
    /// A name, such as that of a container's port; or a number in quotes.
    String(String),
}

impl From<intstr::IntOrString> for IntOrString {
    fn from(api: intstr::IntOrString) -> Self {
        match api {
            intstr::IntOrString::Int(number) => Self::Int(port(number)),
            intstr::IntOrString::String(name) => Self::String(name),
        }
    }
}

/// A port's number. The API has it signed, and its server refuses negative ones.
fn port(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// The items of an optional list, each turned into ours.
fn list<A, T: From<A>>(api: Option<Vec<A>>) -> Vec<T> {
    api.unwrap_or_default().into_iter().map(T::from).collect()
}
