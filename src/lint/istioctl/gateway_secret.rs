//! Gateways whose credentials are not there, or no certificates. istiod: `analyzers/gateway/secret.go`

use super::certificate;
use super::gateway::no_workload;
use super::judge;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::model::SecretBytes;
use crate::model::kubernetes::Secret;

/// The keys of a Secret for certificate and private key, in the order in which istiod looks for them.
const KEYS: [(&str, &str); 2] = [("cert", "key"), ("tls.crt", "tls.key")];

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for gateway in context.gateways() {
        let mut pods = context.pods().filter(|pod| labels::subset(&gateway.spec.selector, pod.labels()));
        // A Gateway's credentials are in the namespace of its workload.
        let Some(namespace) = pods.next().map(|pod| pod.namespace.clone()) else {
            out.push(no_workload(context, &gateway));
            continue;
        };
        for (i, server) in gateway.spec.servers.iter().enumerate() {
            let name = server.tls.as_ref().map_or("", |tls| tls.credential_name.as_str());
            if name.is_empty() {
                continue;
            }
            let path = format!("spec.servers[{i}].tls.credentialName");
            let (of, local) = name.split_once('/').unwrap_or((&namespace, name));
            let secret = context.secrets().find(|secret| secret.namespace == of && secret.name() == local);
            match secret {
                None => {
                    let message = format!("Secret `{name}` not found in namespace {of}, where the gateway runs");
                    let scheme = name.split_once("://").map(|(scheme, _)| scheme);
                    // istiod reads these names differently from istioctl.
                    let known_by_istiod = match scheme {
                        Some("kubernetes" | "kubernetes-gateway" | "configmap" | "builtin") => Some(
                            "istioctl does not know that `credentialName` may say where the credential is, with a scheme",
                        ),
                        _ => None,
                    };
                    let known_by_istiod = known_by_istiod.filter(|_| exists(context, name, &namespace));
                    let finding = Finding::new(&rules::IST0101, gateway.item, message).at(&path);
                    out.push(finding.false_alarm_if(known_by_istiod.or(judge::secret(context, of, local))));
                }
                Some(secret) if !is_valid(secret.spec, context.now) => {
                    let message = format!(
                        "the certificate of Gateway {} in namespace {namespace} is invalid, expired or not yet valid",
                        gateway.name()
                    );
                    let finding = Finding::new(&rules::IST0161, gateway.item, message).at(&path);
                    out.push(finding.related(secret.item, "data", "the Secret"));
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether istiod finds the credential of a name with a scheme.
fn exists(context: &LintContext<'_>, name: &str, namespace: &str) -> bool {
    let Some((scheme, rest)) = name.split_once("://") else { return false };
    let (of, local) = rest.split_once('/').unwrap_or((namespace, rest));
    match scheme {
        "builtin" => true,
        "configmap" => context.find("ConfigMap", of, local).is_some(),
        _ => context.find("Secret", of, local).is_some(),
    }
}

/// istiod: `kube.ExtractCertInfo`, `xds.ValidateCertificate`
fn is_valid(secret: &Secret, now: Option<i64>) -> bool {
    let value = |key: &str| secret.data.get(key).map(SecretBytes::reveal).filter(|bytes| !bytes.is_empty());
    let certificate = KEYS.iter().find_map(|(certificate, key)| value(certificate).filter(|_| value(key).is_some()));
    certificate.is_some_and(|pem| certificate::is_valid(pem, now))
}
