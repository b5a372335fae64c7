//! One resource, with its printed form once somebody has asked for it.

use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};

use crate::envoy::{
    Any, Cluster, ClusterLoadAssignment, DynamicMessage, Listener, RouteConfiguration, Secret, TypedExtensionConfig,
};

/// A cluster, listener, and so on, by its name.
#[derive(Debug)]
pub struct Resource {
    name: String,
    body: Any,
    printed: OnceLock<Box<[u8]>>,
}

impl Resource {
    /// Wraps a message for all who share it.
    pub(crate) fn shared<T: Named + Into<Any>>(message: T) -> Arc<Self> {
        Arc::new(Self { name: message.resource_name().to_owned(), body: message.into(), printed: OnceLock::new() })
    }

    /// Returns the name by which Envoy knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the message.
    pub fn body(&self) -> &Any {
        &self.body
    }

    /// Returns what `print` makes of it; that of the first call is kept.
    pub(crate) fn printed(&self, print: impl FnOnce(&Any) -> Vec<u8>) -> &[u8] {
        self.printed.get_or_init(|| print(&self.body).into_boxed_slice())
    }
}

/// Resources are equal if their messages are.
impl PartialEq for Resource {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(serializer)
    }
}

/// A message that is a resource of its own.
pub(crate) trait Named {
    /// Returns the name by which Envoy asks for it.
    fn resource_name(&self) -> &str;
}

macro_rules! named {
    ($($message:ident: $field:ident),* $(,)?) => {
        $(impl Named for $message {
            fn resource_name(&self) -> &str {
                &self.$field
            }
        })*
    };
}

named! {
    Cluster: name,
    ClusterLoadAssignment: cluster_name,
    Listener: name,
    RouteConfiguration: name,
    Secret: name,
    TypedExtensionConfig: name,
}

impl Named for DynamicMessage {
    fn resource_name(&self) -> &str {
        self.text("name")
    }
}

/// Sorts resources by name; of equal names the order stays.
pub(crate) fn sorted(resources: impl Iterator<Item = Arc<Resource>>) -> Vec<Arc<Resource>> {
    let mut out: Vec<_> = resources.collect();
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}
