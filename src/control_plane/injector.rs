//! The injector's ConfigMap: `values` of the chart, and `config`. Without it the values of an IstioOperator.
//!
//! istiod: `pkg/kube/inject/webhook.go` `loadConfig`; what the chart writes is in its `templates/istiod-injector-configmap.yaml`

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::operator::Operator;
use super::{Origin, Setting, gateways, template_values, templates, values};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::{self, Manifests};
use crate::installation::{InjectionPolicy, Injector, InstalledGateway, InstalledMesh};
use crate::model::kubernetes::{LabelSelector, LabelSelectorRequirement};
use crate::options::Options;
use crate::source::ResourceRef;

/// The ConfigMap's name, before the revision.
const CONFIG_MAP: &str = "istio-sidecar-injector";

/// How the injector is set up, and what says so.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) injector: Injector,
    pub(super) settings: Vec<Setting>,
    pub(super) diagnostics: Diagnostics,
    /// Variables of istiod's environment that the values set: `pilot.env`.
    pub(super) variables: Vec<Setting>,
    /// The mesh config that the chart makes of the values.
    pub(super) mesh: Option<InstalledMesh>,
    /// The gateways that IstioOperators install.
    pub(super) gateways: Vec<InstalledGateway>,
}

/// Reads the values that the caller gives, else the ConfigMap of the revision in istiod's namespace, else an IstioOperator.
pub(super) fn read(manifests: &Manifests, options: &Options, namespace: &str) -> Read {
    let name = options.of_revision(CONFIG_MAP);
    let mut maps = manifests.config_maps.iter();
    let map = maps.find(|map| map.meta.namespace == namespace && map.meta.name == name);
    let given = options.istio.values.as_ref().and_then(|file| {
        let text = String::from_utf8_lossy(file.content.as_ref().ok()?).into_owned();
        Some((ingest::json_of_yaml(&text)?, Origin::Stated(file.path.clone())))
    });
    let of_map = || {
        let map = map?;
        let values = ingest::json_of_yaml(map.spec.data.get("values")?)?;
        Some((values, Origin::Input { source: map.source, path: "data.values".to_owned() }))
    };
    let mut read = Read::default();
    let operators = Operator::all(manifests, options.revision(), &mut read.diagnostics);
    let overlays = operators.iter().flat_map(Operator::overlays);
    read.diagnostics.extend(overlays.collect::<Diagnostics>());
    read.gateways = operators.iter().flat_map(gateways::read).collect();
    let operator = operators.first();
    let of_operator = || Some((operator?.values(), operator?.origin()));
    if let Some((values, origin)) = given.or_else(of_map).or_else(of_operator) {
        let values = values::complete(values);
        read.values(&values, &origin, options.revision());
        let place = match &origin {
            Origin::Input { .. } => operator.map(Operator::place),
            Origin::Stated(_) => None,
        };
        let config = values::mesh_config(&values, options.revision());
        let networks = values::mesh_networks(&values);
        read.mesh = config.map(|config| InstalledMesh { config, networks, place });
    }
    for own in operator.into_iter().flat_map(Operator::variables) {
        read.variables.retain(|setting| setting.name != own.name);
        read.variables.push(own);
    }
    if let Some(map) = map
        && let Some(config) = map.spec.data.get("config").and_then(|text| ingest::json_of_yaml(text))
    {
        read.config(&config, map.source);
    }
    read
}

impl Read {
    fn values(&mut self, values: &Value, origin: &Origin, revision: &str) {
        let text = |path: &str| values.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let injector = &mut self.injector;
        let by_default = values.pointer("/sidecarInjectorWebhook/enableNamespacesByDefault");
        injector.namespaces_by_default = by_default.and_then(Value::as_bool).unwrap_or_default();
        injector.network = text("/global/network");
        injector.mesh_id = text("/global/meshID");
        injector.cluster_id = text("/global/multiCluster/clusterName");
        injector.cluster_domain = text("/global/proxy/clusterDomain");
        injector.tags = tags(values, revision);
        injector.template = template_values::read(values);
        injector.is_stated = true;
        injector.templates = keys(values.pointer("/sidecarInjectorWebhook/templates"));
        // The chart writes these to `config`, which counts before them.
        if let Some(webhook) = values.get("sidecarInjectorWebhook") {
            injector.never_inject = selectors(webhook, "neverInjectSelector");
            injector.always_inject = selectors(webhook, "alwaysInjectSelector");
            injector.annotations = annotations(webhook);
        }
        injector.policy = match text("/global/proxy/autoInject").as_str() {
            "disabled" => InjectionPolicy::Disabled,
            "" | "enabled" => InjectionPolicy::Enabled,
            _ => InjectionPolicy::Illegal,
        };
        let set = [
            ("global.network", injector.network.clone()),
            ("global.meshID", injector.mesh_id.clone()),
            ("global.multiCluster.clusterName", injector.cluster_id.clone()),
            ("global.proxy.clusterDomain", injector.cluster_domain.clone()),
            ("global.istioNamespace", text("/global/istioNamespace")),
            ("global.tag", text("/global/tag")),
        ];
        let by_default = ("sidecarInjectorWebhook.enableNamespacesByDefault", "true".to_owned());
        let by_default = injector.namespaces_by_default.then_some(by_default);
        let set = set.into_iter().chain(by_default).filter(|(_, value)| !value.is_empty());
        self.settings.extend(set.map(|(name, value)| setting(name, value, origin)));
        for (name, value) in template_values::changed(values) {
            if self.settings.iter().all(|setting| setting.name != name) {
                self.settings.push(setting(&name, value, origin));
            }
        }
        let env = ["/pilot/env", "/env"].iter().filter_map(|path| values.pointer(path)?.as_object()).flatten();
        let variable = |(name, value): (&String, &Value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            setting(name, value, origin)
        };
        self.variables.extend(env.map(variable));
        let sampling = ["/pilot/traceSampling", "/traceSampling"].iter().find_map(|path| values.pointer(path));
        if let Some(sampling) = sampling.filter(|sampling| !sampling.is_null()) {
            let name = "PILOT_TRACE_SAMPLING".to_owned();
            if self.variables.iter().all(|setting| setting.name != name) {
                self.variables.push(variable((&name, sampling)));
            }
        }
    }

    fn config(&mut self, config: &Value, source: ResourceRef) {
        let injector = &mut self.injector;
        injector.policy = match config.get("policy").and_then(Value::as_str) {
            Some("enabled") => InjectionPolicy::Enabled,
            Some("disabled") => InjectionPolicy::Disabled,
            Some(_) | None => InjectionPolicy::Illegal,
        };
        injector.never_inject = selectors(config, "neverInjectSelector");
        injector.always_inject = selectors(config, "alwaysInjectSelector");
        injector.annotations = annotations(config);
        let default = config.get("defaultTemplates").and_then(Value::as_array).into_iter().flatten();
        injector.template.default_templates = default.filter_map(|name| Some(name.as_str()?.to_owned())).collect();
        injector.is_stated = true;
        injector.templates.extend(keys(config.get("templates")));
        let aliases = config.get("aliases").and_then(Value::as_object).into_iter().flatten();
        let names = |names: &Value| {
            let names = names.as_array().into_iter().flatten();
            names.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
        };
        injector.aliases = aliases.map(|(alias, templates)| (alias.clone(), names(templates))).collect();
        let templates = config.get("templates").and_then(Value::as_object).into_iter().flatten();
        for (name, text) in templates {
            if text.as_str().is_some_and(|text| !templates::is_known(text)) {
                let message =
                    format!("the template `{name}` is of no release: Pods are injected with the release's own");
                let help = "meshc runs no templates; what this one adds must be in the Pods themselves";
                let diagnostic = Diagnostic::warning("injection-template-unknown", message).help(help);
                self.diagnostics.push(diagnostic.at(source, "data.config"));
            }
        }
    }
}

fn setting(name: &str, value: String, origin: &Origin) -> Setting {
    Setting { name: name.to_owned(), value, origin: origin.clone() }
}

fn keys(map: Option<&Value>) -> BTreeSet<String> {
    map.and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// `injectedAnnotations`
fn annotations(config: &Value) -> BTreeMap<String, String> {
    let annotations = config.get("injectedAnnotations").and_then(Value::as_object).into_iter().flatten();
    annotations.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// `revisionTags`, `defaultRevision` -> the other names of the revision
///
/// istiod: `manifests/charts/istio-control/istio-discovery/templates/revision-tags-mwc.yaml`, `manifests/charts/default`
fn tags(values: &Value, revision: &str) -> BTreeSet<String> {
    let lists = ["/revisionTags", "/pilot/revisionTags"].iter().filter_map(|path| values.pointer(path)?.as_array());
    let mut tags: BTreeSet<String> = lists.flatten().filter_map(|tag| Some(tag.as_str()?.to_owned())).collect();
    let default = values.get("defaultRevision").and_then(Value::as_str).filter(|default| !default.is_empty());
    if default == Some(revision) {
        tags.insert("default".to_owned());
    }
    tags
}

/// A list of label selectors. An empty one selects nothing here.
fn selectors(config: &Value, key: &str) -> Vec<LabelSelector> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let requirement = |value: &Value| LabelSelectorRequirement {
        key: value.get("key").and_then(text).unwrap_or_default(),
        operator: value.get("operator").and_then(text).unwrap_or_default(),
        values: value.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(text).collect(),
    };
    let selector = |value: &Value| {
        let labels = value.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
        let expressions = value.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
        LabelSelector {
            match_labels: labels.filter_map(|(key, value)| Some((key.clone(), text(value)?))).collect(),
            match_expressions: expressions.map(requirement).collect(),
        }
    };
    let all = config.get(key).and_then(Value::as_array).into_iter().flatten().map(selector);
    all.filter(|selector| *selector != LabelSelector::default()).collect()
}
