//! SDS: which secret a TLS context names, and from where Envoy fetches it.
//!
//! ```text
//! workload identity  default, ROOTCA             the agent (sds-grpc), waits for it
//! files              file-cert:.., file-root:..  the agent (sds-grpc or sds-files-grpc)
//! credentialName     kubernetes://..             istiod (ads)
//! credentialName     sds://..                    a socket of the pod, or a server of the mesh
//! ```
//!
//! istiod: `pilot/pkg/security/model/authentication.go`, `pkg/model/authentication.go`, `pilot/pkg/model/credentials/resource.go`

use crate::envoy::{
    AggregatedConfigSource, ApiConfigSource, ApiConfigSourceApiType, ApiVersion, ConfigSource,
    ConfigSourceConfigSourceSpecifier, Duration, GrpcService, GrpcServiceEnvoyGrpc, GrpcServiceTargetSpecifier,
    SdsSecretConfig,
};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::credential::{self, BUILTIN, CONFIG_MAP};
use crate::model::istio::{MeshConfigExtensionProviderProvider, MeshConfigExtensionProviderSdsProvider as SdsProvider};
use crate::translate::extension_provider::{self, Backend};

pub(crate) use crate::mesh::credential::CA_SUFFIX;

/// The name of the workload's own certificate.
pub(crate) const DEFAULT: &str = "default";
/// The name of the mesh's root certificate.
pub(crate) const ROOT_CA: &str = "ROOTCA";
/// The cluster of a secret server beside the proxy, where the pod has its socket.
pub(crate) const EXTERNAL_CLUSTER: &str = "sds-external";
/// The CA certificates of the machine.
pub(crate) const SYSTEM_CA: &str = "system";

const AGENT_CLUSTER: &str = "sds-grpc";
const FILES_CLUSTER: &str = "sds-files-grpc";
const EXTERNAL: &str = "sds://";

/// A secret that the agent serves, by name: [`DEFAULT`], [`ROOT_CA`] or the name of a file.
///
/// Envoy waits without limit for the two that identify the workload.
///
/// istiod: `pkg/model/authentication.go` `ConstructSdsSecretConfig`
pub(crate) fn agent(name: &str) -> SdsSecretConfig {
    let waits = name == DEFAULT || name == ROOT_CA;
    SdsSecretConfig {
        name: name.to_owned(),
        sds_config: Some(ConfigSource {
            initial_fetch_timeout: waits.then(|| Duration::seconds(0)),
            ..grpc(AGENT_CLUSTER, "")
        }),
    }
}

/// A secret that the agent reads from files; from a server of their own where the pod says so (metadata `file-credential`).
///
/// istiod: `cluster_tls.go` `constructSdsSecretConfigFromFile`
pub(crate) fn file(name: &str, own_server: bool) -> SdsSecretConfig {
    if own_server {
        SdsSecretConfig { name: name.to_owned(), sds_config: Some(grpc(FILES_CLUSTER, "")) }
    } else {
        agent(name)
    }
}

/// The name of a certificate and its key in files. istiod: `security.go` `GetResourceName`.
pub(crate) fn file_certificate(certificate: &str, private_key: &str) -> String {
    format!("file-cert:{certificate}~{private_key}")
}

/// The name of CA certificates in a file. istiod: `security.go` `GetRootResourceName`.
pub(crate) fn file_root(ca_certificates: &str) -> String {
    format!("file-root:{ca_certificates}")
}

/// Where the secrets come from that a `credentialName` with `sds://` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExternalServer {
    /// The pod has the socket of a secret server (metadata `credential`).
    Socket,
    /// A server of the mesh (the first extension provider of kind `sds`); none if its service is not known.
    Provider(Option<Server>),
    /// Servers of the mesh by the names of their providers, which secrets must have; else the socket, if there is one, or istiod.
    Named { servers: Vec<(String, Option<Server>)>, socket: bool },
    /// Nowhere special: istiod.
    Istiod,
}

/// A secret server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    cluster: String,
    /// The host name that requests have; empty for none.
    authority: String,
}

impl ExternalServer {
    /// What a DestinationRule can use. istiod: `authentication.go` `ApplyCustomSDSToClientCommonTLSContext`
    pub(crate) fn for_client(credential_socket: bool) -> Self {
        if credential_socket { Self::Socket } else { Self::Istiod }
    }

    /// What a Gateway can use. istiod: `authentication.go` `ConstructSdsSecretConfigForCredential`
    pub(crate) fn for_server(credential_socket: bool, mesh: &Mesh) -> Self {
        let server = |sds: &SdsProvider| {
            let Backend { hostname, cluster } = extension_provider::backend(mesh, &sds.service, sds.port)?;
            let authority = if mesh.does(Behaviour::SetsAuthorityOfSdsProvider) { hostname } else { String::new() };
            Some(Server { cluster, authority })
        };
        let mut providers = mesh.config.extension_providers.iter().filter_map(|p| match &p.provider {
            Some(MeshConfigExtensionProviderProvider::Sds(sds)) => Some(sds),
            _ => None,
        });
        if !mesh.does(Behaviour::FetchesSdsCredentialsFromProvider) {
            let servers = providers.map(|sds| (sds.name.clone(), server(sds))).collect();
            return Self::Named { servers, socket: credential_socket };
        }
        match providers.next() {
            _ if credential_socket => Self::Socket,
            Some(sds) => Self::Provider(server(sds)),
            None => Self::Istiod,
        }
    }
}

/// A secret named by `credentialName`; `None` if there is no name, or its server is not known.
///
/// istiod: `authentication.go` `ConstructSdsSecretConfigForCredential`
pub(crate) fn credential(name: &str, external: &ExternalServer) -> Option<SdsSecretConfig> {
    if name.is_empty() {
        return None;
    }
    if let Some(rest) = name.strip_prefix(BUILTIN) {
        if rest.is_empty() {
            return Some(agent(DEFAULT));
        }
        if rest == CA_SUFFIX {
            return Some(agent(ROOT_CA));
        }
    }
    match (name.strip_prefix(EXTERNAL), external) {
        // A socket's server knows the name as a whole.
        (Some(_), ExternalServer::Socket) => Some(from_socket(name)),
        (Some(rest), ExternalServer::Provider(server)) => server.as_ref().map(|server| from_server(rest, server)),
        (Some(rest), ExternalServer::Named { servers, socket }) => {
            match servers.iter().find(|(provider, _)| provider == rest) {
                Some((_, server)) => server.as_ref().map(|server| from_server(name, server)),
                None if *socket => Some(from_socket(name)),
                None => Some(from_istiod(name)),
            }
        }
        (Some(rest), ExternalServer::Istiod) => Some(from_istiod(rest)),
        (None, _) => Some(from_istiod(name)),
    }
}

/// Says whether a client's `credentialName` names a ConfigMap, which every proxy may read.
pub(crate) fn is_config_map(credential_name: &str) -> bool {
    credential_name.starts_with(CONFIG_MAP)
}

/// Envoy does not wait for these without limit: the secret may not exist.
fn from_istiod(credential_name: &str) -> SdsSecretConfig {
    SdsSecretConfig {
        name: credential::resource_name(credential_name),
        sds_config: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::Ads(AggregatedConfigSource::default())),
            resource_api_version: ApiVersion::V3,
            ..ConfigSource::default()
        }),
    }
}

fn from_socket(name: &str) -> SdsSecretConfig {
    from_server(name, &Server { cluster: EXTERNAL_CLUSTER.to_owned(), authority: String::new() })
}

fn from_server(name: &str, Server { cluster, authority }: &Server) -> SdsSecretConfig {
    SdsSecretConfig { name: name.to_owned(), sds_config: Some(grpc(cluster, authority)) }
}

fn grpc(cluster: &str, authority: &str) -> ConfigSource {
    ConfigSource {
        config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::ApiConfigSource(ApiConfigSource {
            api_type: ApiConfigSourceApiType::Grpc,
            transport_api_version: ApiVersion::V3,
            grpc_services: vec![GrpcService {
                target_specifier: Some(GrpcServiceTargetSpecifier::EnvoyGrpc(GrpcServiceEnvoyGrpc {
                    cluster_name: cluster.to_owned(),
                    authority: authority.to_owned(),
                    ..GrpcServiceEnvoyGrpc::default()
                })),
                ..GrpcService::default()
            }],
            set_node_on_first_message_only: true,
            ..ApiConfigSource::default()
        })),
        resource_api_version: ApiVersion::V3,
        ..ConfigSource::default()
    }
}
