//! Certificates and CAs by name.

use crate::mesh::Mesh;
use crate::mesh::certificate::{self, Certificate};
use crate::mesh::credential::CA_SUFFIX;
use crate::model::kubernetes::Secret;

/// The certificate of a Secret.
pub(super) fn secret_certificate(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    certificate::of_secret(secret(mesh, namespace, name)?)
}

/// The CA of the Secret `<name>-cacert`, or of `<name>` if there is no such Secret.
///
/// istiod: `secrets.go` `GetCaCert`
pub(super) fn secret_ca(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    let secret = secret(mesh, namespace, name).or_else(|| secret(mesh, namespace, name.strip_suffix(CA_SUFFIX)?))?;
    certificate::ca_of_secret(secret)
}

/// The CA of a ConfigMap, whether or not the name ends in `-cacert`.
///
/// istiod: `secrets.go` `GetConfigMapCaCert`
pub(super) fn config_map_ca(mesh: &Mesh, namespace: &str, name: &str) -> Option<Certificate> {
    let name = name.strip_suffix(CA_SUFFIX).unwrap_or(name);
    certificate::ca_of_config_map(&mesh.config_maps.get(&(namespace.to_owned(), name.to_owned()))?.spec)
}

fn secret<'m>(mesh: &'m Mesh, namespace: &str, name: &str) -> Option<&'m Secret> {
    let secret = &mesh.secrets.get(&(namespace.to_owned(), name.to_owned()))?.spec;
    certificate::is_watched(secret).then_some(secret)
}
