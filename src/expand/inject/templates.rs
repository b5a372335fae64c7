//! Which templates a Pod is injected with.
//!
//! istiod: `pkg/kube/inject/inject.go` `RunTemplate`, `selectTemplates`, `resolveAliases`

use serde_json::{Map, Value};

use super::{Injector, Refusal, Template};
use crate::diagnostic::Diagnostic;
use crate::expand::workload::Workload;

const ANNOTATION: &str = "inject.istio.io/templates";

/// The templates of the chart, each with the minor version that brought it; zero for those that all releases have.
///
/// istio: `manifests/charts/istio-control/istio-discovery/templates/istiod-injector-configmap.yaml`
const OF_CHART: [(&str, u32); 8] = [
    ("sidecar", 0),
    ("gateway", 0),
    ("grpc-simple", 0),
    ("grpc-agent", 0),
    ("waypoint", 0),
    ("kube-gateway", 0),
    ("agentgateway", 29),
    ("agentgateway-waypoint", 31),
];

/// Returns the templates that a Pod asks for, or that Pods get by default, in order.
///
/// # Errors
///
/// The injector has no template of a name. Where nothing states how istiod is installed, it may have others than the chart's: then a Pod
/// is refused only if none of its templates is known.
pub(super) fn selected(injector: &Injector<'_>, annotations: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let asked = annotations.get(ANNOTATION).and_then(Value::as_str);
    let names = names(injector, asked);
    let unknown = names.iter().find(|name| !is_known(injector, name));
    let is_stated = injector.target.installation.injector.is_stated;
    match unknown {
        Some(unknown) if is_stated || !names.iter().any(|name| is_known(injector, name)) => {
            let (why, annotation) = match asked {
                Some(_) => (format!("annotation `{ANNOTATION}`: "), Some(ANNOTATION.to_owned())),
                None => ("by default: ".to_owned(), None),
            };
            Err(Refusal { annotation, why: format!("{why}the injector has no template `{unknown}`") })
        }
        _ => Ok(names),
    }
}

/// Says which template nobody knows of a Pod that has been injected with others.
pub(super) fn doubt(injector: &Injector<'_>, pod: &Map<String, Value>, workload: &Workload<'_>) -> Option<Diagnostic> {
    let asked = pod.get("metadata")?.get("annotations")?.get(ANNOTATION)?.as_str()?;
    let unknown = names(injector, Some(asked)).into_iter().find(|name| !is_known(injector, name))?;
    let message = format!("no template `{unknown}` is known: istiod refuses the Pod, unless its injector has one");
    let help = "state the installation, by its ConfigMap `istio-sidecar-injector`, its values or its IstioOperator";
    let place = workload.field_of_pod(&format!("metadata.annotations[\"{ANNOTATION}\"]"));
    Some(Diagnostic::warning("injection-template-unknown", message).at(workload.source, &place).help(help))
}

fn names(injector: &Injector<'_>, asked: Option<&str>) -> Vec<String> {
    let setup = &injector.target.installation.injector;
    let default = &setup.template.default_templates;
    let names: Vec<&str> = match asked {
        Some(asked) => asked.split(',').map(str::trim).collect(),
        None if default.is_empty() => vec!["sidecar"],
        None => default.iter().map(String::as_str).collect(),
    };
    let resolved = names.into_iter().flat_map(|name| match setup.aliases.get(name) {
        Some(names) => names.clone(),
        None => vec![name.to_owned()],
    });
    resolved.collect()
}

fn is_known(injector: &Injector<'_>, name: &str) -> bool {
    let installation = injector.target.installation;
    let of_chart = OF_CHART.iter().any(|(own, since)| *own == name && *since <= installation.release.minor);
    of_chart || installation.injector.templates.contains(name)
}

/// Returns what the templates make; nothing if they make no Envoy that istiod knows as one of these.
pub(super) fn made(names: &[String]) -> Option<Template> {
    names.iter().find_map(|name| match name.as_str() {
        "sidecar" => Some(Template::Sidecar),
        "gateway" => Some(Template::Gateway),
        _ => None,
    })
}
