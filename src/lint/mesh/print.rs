//! A print of what proxies are served: equal for two translations exactly if all of it is equal.

use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use crate::envoy::compact;
use crate::pipeline::Distinct;
use crate::translate::{Resource, Translation};

/// A print of what some proxies are served, in whatever order they were looked at; never printed, so it may rest on any hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Print([u64; 2]);

impl Print {
    /// Makes the print of what is served from the digests of its resources, which are in the order of [`lists`].
    pub(super) fn of(distinct: &Distinct<'_>, digests: impl Iterator<Item = [u64; 2]>) -> Self {
        let mut hashers = [0, 1].map(|seed: u8| {
            let mut hasher = std::hash::DefaultHasher::new();
            hasher.write_u8(seed);
            hasher
        });
        for proxy in std::iter::once(&distinct.proxy).chain(distinct.alike) {
            for hasher in &mut hashers {
                (&proxy.namespace, &proxy.name).hash(hasher);
            }
        }
        for digest in digests {
            for hasher in &mut hashers {
                digest.hash(hasher);
            }
        }
        Self(hashers.map(|hasher| hasher.finish()))
    }

    /// Adds another one.
    pub(super) fn add(&mut self, Self(other): Self) {
        for (own, other) in self.0.iter_mut().zip(other) {
            *own = own.wrapping_add(other);
        }
    }
}

/// Returns all that is served.
pub(super) fn lists(translation: &Translation) -> [&[Arc<Resource>]; 6] {
    let Translation { clusters, listeners, routes, endpoints, secrets, extensions } = translation;
    [clusters, listeners, routes, endpoints, secrets, extensions]
}

/// Returns the digest of a resource.
pub(super) fn of_resource(resource: &Resource) -> [u64; 2] {
    digest(&compact::message(resource.body()))
}

/// Returns what tells texts apart; never printed, so it may be any hash.
fn digest(text: &[u8]) -> [u64; 2] {
    let hash = |seed: u8| {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u8(seed);
        hasher.write(text);
        hasher.finish()
    };
    [hash(0), hash(1)]
}
