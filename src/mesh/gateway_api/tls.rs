//! TLS of a listener -> that of a Gateway's server.

use crate::installation::Behaviour;
use crate::mesh::certificate;
use crate::mesh::credential;
use crate::mesh::gateway_api::Context;
use crate::mesh::gateway_api::finding::{Problem, Reason};
use crate::model::ObjectMeta;
use crate::model::gateway_api::{KubernetesGateway, Listener, ListenerTlsConfig, ObjectReference, TlsConfig, TlsMode};
use crate::model::istio::label;
use crate::model::istio::{ServerTlsSettings, ServerTlsSettingsTlsMode};

/// Chooses what TLS that ends at a listener asks of clients, or whose certificate it shows.
const TERMINATE_MODE_OPTION: &str = "gateway.istio.io/tls-terminate-mode";
/// Names the cipher suites, with commas between.
const CIPHER_SUITES_OPTION: &str = "gateway.istio.io/tls-cipher-suites";
/// `auto-passthrough` sends connections on to the service that the server name spells out.
const PROTOCOL_OPTION: &str = "gateway.istio.io/listener-protocol";
/// The port by which a Gateway is reached from other networks, in place of 15443.
const GATEWAY_PORT_LABEL: &str = "networking.istio.io/gatewayPort";
/// Certificates that a listener may have.
const MAX_CERTIFICATES: usize = 2;

/// The object that has a listener.
pub(super) struct Owner<'m> {
    /// `Gateway` or `ListenerSet`.
    pub(super) kind: &'static str,
    pub(super) meta: &'m ObjectMeta,
    /// The Gateway: the object itself, or the one that it adds to.
    pub(super) gateway: &'m KubernetesGateway,
}

/// TLS of a server, as far as it can be had.
pub(super) struct Tls {
    pub(super) settings: Option<ServerTlsSettings>,
    /// Whether the listener can be served.
    pub(super) valid: bool,
    /// What is wrong, even if it can.
    pub(super) problems: Vec<Problem>,
}

impl Tls {
    fn valid(settings: Option<ServerTlsSettings>) -> Self {
        Self { settings, valid: true, problems: Vec::new() }
    }
}

/// `Listener.tls`, `Gateway.tls.frontend` -> `Gateway.servers[].tls`
///
/// istiod: `conversion.go` `buildTLS`
pub(super) fn server_tls(context: &Context<'_>, owner: &Owner<'_>, port: u32, listener: &Listener, path: &str) -> Tls {
    let Some(tls) = &listener.tls else { return Tls::valid(None) };
    let mut settings = ServerTlsSettings::default();
    let mut problems = Vec::new();
    match tls.mode {
        TlsMode::Passthrough => {
            settings.mode = if is_auto_passthrough(owner.meta, port, tls) {
                ServerTlsSettingsTlsMode::AutoPassthrough
            } else {
                ServerTlsSettingsTlsMode::Passthrough
            };
        }
        TlsMode::Terminate => {
            let option = tls.options.get(TERMINATE_MODE_OPTION).map(String::as_str);
            settings.mode = match option {
                Some("ISTIO_MUTUAL") => ServerTlsSettingsTlsMode::IstioMutual,
                _ => terminate_mode(option).unwrap_or(ServerTlsSettingsTlsMode::Simple),
            };
            if option == Some("ISTIO_SIMPLE") {
                credential::BUILTIN.clone_into(&mut settings.credential_name);
            }
            // The mesh's own certificates, or none at all: nothing else counts.
            if matches!(option, Some("ISTIO_MUTUAL" | "ISTIO_SIMPLE")) || tls.certificate_refs.is_empty() {
                return Tls::valid(Some(settings));
            }
            let path = format!("{path}.tls.certificateRefs");
            let has_one = certificates(context, owner, &tls.certificate_refs, &path, &mut settings, &mut problems);
            if !has_one {
                return Tls { settings: Some(settings), valid: false, problems };
            }
            if let Err(problem) = client_certificates(context, owner, port, option, &mut settings) {
                problems.push(problem);
                return Tls { settings: Some(settings), valid: false, problems };
            }
        }
    }
    let suites = tls.options.get(CIPHER_SUITES_OPTION).filter(|suites| !suites.is_empty());
    if let Some(suites) = suites.filter(|_| context.does(Behaviour::ReadsCipherSuitesOfListeners)) {
        settings.cipher_suites = suites.split(',').map(|suite| suite.trim().to_owned()).collect();
    }
    Tls { settings: Some(settings), valid: true, problems }
}

fn terminate_mode(option: Option<&str>) -> Option<ServerTlsSettingsTlsMode> {
    match option? {
        "MUTUAL" => Some(ServerTlsSettingsTlsMode::Mutual),
        "OPTIONAL_MUTUAL" => Some(ServerTlsSettingsTlsMode::OptionalMutual),
        _ => None,
    }
}

/// Sets the listener's own certificates, and says whether there is any.
///
/// Of two certificates of which only the second can be had, istiod takes the name of the first, which is empty then.
fn certificates(
    context: &Context<'_>,
    owner: &Owner<'_>,
    references: &[ObjectReference],
    path: &str,
    settings: &mut ServerTlsSettings,
    problems: &mut Vec<Problem>,
) -> bool {
    if references.len() > MAX_CERTIFICATES {
        let message = format!("a listener has at most {MAX_CERTIFICATES} certificates");
        problems.push(Problem::new(Reason::InvalidCertificateRef, path, message));
        return false;
    }
    let mut names = Vec::new();
    for (index, reference) in references.iter().enumerate() {
        match certificate(context, owner, reference, &format!("{path}[{index}]")) {
            Ok(name) => names.push(name),
            Err(problem) => {
                names.push(String::new());
                problems.push(problem);
            }
        }
    }
    match names.iter().filter(|name| !name.is_empty()).count() {
        0 => return false,
        1 => settings.credential_name = names.swap_remove(0),
        _ => settings.credential_names = names,
    }
    true
}

/// Returns the SDS name of a certificate.
///
/// istiod: `conversion.go` `buildSecretReference`
fn certificate(
    context: &Context<'_>,
    owner: &Owner<'_>,
    reference: &ObjectReference,
    path: &str,
) -> Result<String, Problem> {
    let invalid = |message: String| Problem::new(Reason::InvalidCertificateRef, path, message);
    if !reference.group.is_empty() || reference.kind != "Secret" {
        return Err(invalid("a certificate is in a Secret".to_owned()));
    }
    let namespace = reference.namespace.as_ref().unwrap_or(&owner.meta.namespace);
    let ObjectReference { name, .. } = reference;
    let Some(secret) = context.secret(namespace, name) else {
        return Err(invalid(format!("Secret `{namespace}/{name}` not found")));
    };
    if let Some(problem) = certificate::problem(&secret.spec) {
        return Err(invalid(format!("Secret `{namespace}/{name}` is not a valid certificate: {problem}")));
    }
    let sds_name = format!("{}{namespace}/{name}", credential::KUBERNETES_GATEWAY);
    permitted(context, owner, namespace, &sds_name, path)?;
    Ok(sds_name)
}

/// Fails if a certificate of another namespace has no ReferenceGrant.
fn permitted(
    context: &Context<'_>,
    owner: &Owner<'_>,
    namespace: &str,
    sds_name: &str,
    path: &str,
) -> Result<(), Problem> {
    let own = &owner.meta.namespace;
    if namespace == own || context.grants.secret_allowed(owner.kind, sds_name, own) {
        return Ok(());
    }
    let message = format!(
        "no ReferenceGrant of the namespace `{namespace}` lets the {}s of the namespace `{own}` refer to this",
        owner.kind
    );
    Err(Problem::new(Reason::RefNotPermitted, path, message))
}

/// Sets which certificates clients must show.
fn client_certificates(
    context: &Context<'_>,
    owner: &Owner<'_>,
    port: u32,
    mode: Option<&str>,
    settings: &mut ServerTlsSettings,
) -> Result<(), Problem> {
    let Some((path, config)) = frontend(owner.gateway, port) else { return Ok(()) };
    let Some(validation) = &config.validation else { return Ok(()) };
    let path = format!("{path}.validation.caCertificateRefs");
    let reference = match validation.ca_certificate_refs.as_slice() {
        [] => return Ok(()),
        [reference] => reference,
        _ => {
            let message = "only one authority can be named";
            return Err(Problem::new(Reason::InvalidCertificateRef, path, message));
        }
    };
    settings.ca_cert_credential_name = authority(context, owner, reference, &format!("{path}[0]"))?;
    let mode = mode.filter(|_| context.does(Behaviour::HonoursTerminateModeUnderFrontendValidation));
    let stated = terminate_mode(mode);
    let falls_back = validation.mode == "AllowInsecureFallback" && context.does(Behaviour::AllowsInsecureFallback);
    settings.mode = match stated {
        Some(mode) => mode,
        None if falls_back => ServerTlsSettingsTlsMode::OptionalMutual,
        None => ServerTlsSettingsTlsMode::Mutual,
    };
    settings.insecure_skip_verify = (falls_back && stated.is_none()).then_some(true);
    Ok(())
}

/// istiod: `conversion.go` `resolveGatewayTLS`
fn frontend(gateway: &KubernetesGateway, port: u32) -> Option<(String, &TlsConfig)> {
    let frontend = gateway.tls.as_ref()?.frontend.as_ref()?;
    match frontend.per_port.iter().position(|config| config.port == port) {
        Some(index) => Some((format!("spec.tls.frontend.perPort[{index}].tls"), &frontend.per_port[index].tls)),
        None => Some(("spec.tls.frontend.default".to_owned(), &frontend.default)),
    }
}

/// Returns the SDS name of an authority.
///
/// istiod: `conversion.go` `buildCaCertificateReference`
fn authority(
    context: &Context<'_>,
    owner: &Owner<'_>,
    reference: &ObjectReference,
    path: &str,
) -> Result<String, Problem> {
    let invalid = |message: String| Problem::new(Reason::InvalidCertificateRef, path, message);
    let namespace = reference.namespace.as_ref().unwrap_or(&owner.meta.namespace);
    let ObjectReference { group, kind, name, .. } = reference;
    let (prefix, ca) = match (group.as_str(), kind.as_str()) {
        ("", "ConfigMap") => {
            let config_map = context.config_map(namespace, name);
            (credential::CONFIG_MAP, config_map.map(|config_map| certificate::ca_of_config_map(&config_map.spec)))
        }
        ("", "Secret") => {
            let secret = context.secret(namespace, name);
            (credential::KUBERNETES_GATEWAY, secret.map(|secret| certificate::ca_of_secret(&secret.spec)))
        }
        _ => return Err(invalid("an authority is in a ConfigMap or a Secret".to_owned())),
    };
    match ca {
        None => return Err(invalid(format!("{kind} `{namespace}/{name}` not found"))),
        Some(Some(ca)) if certificate::is_bundle(&ca.pem) => {}
        Some(_) => return Err(invalid(format!("the {kind} `{namespace}/{name}` has no certificate of an authority"))),
    }
    let sds_name = format!("{prefix}{namespace}/{name}{}", credential::CA_SUFFIX);
    permitted(context, owner, namespace, &sds_name, path)?;
    Ok(sds_name)
}

/// Says whether TLS goes on to the service that the server name spells out.
///
/// istiod: `serviceregistry/kube/conversion.go` `IsAutoPassthrough`
pub(crate) fn is_auto_passthrough(meta: &ObjectMeta, port: u32, tls: &ListenerTlsConfig) -> bool {
    if tls.options.get(PROTOCOL_OPTION).is_some_and(|protocol| protocol == "auto-passthrough") {
        return true;
    }
    let expected = meta.labels.get(GATEWAY_PORT_LABEL).map_or("15443", String::as_str);
    meta.labels.contains_key(label::NETWORK) && port.to_string() == expected
}
