//! Finds what is wrong with manifests: the rules of `istioctl analyze`, and rules on what the translation makes of them.
//!
//! ```text
//! files ──objects──▶ LintContext ──checks──▶ Finding ──resolve──▶ Reported ──suppress, baseline──▶ output
//! ```
//!
//! - A [`Rule`] is a code with a level and a page; [`rules`] has them all, `docs/` their pages, whose examples are tests.
//! - A check is a function over a `context::LintContext`; `registry` lists them. One may find what several rules are about,
//!   and several may find what one rule is about, as istioctl's analyzers do.
//! - `mesh/` looks at what istiod makes of the files: the mesh, and what each proxy is served.
//! - `istioctl/` looks at the files, with the line and the false alarms that istioctl has ([`View`]).

mod apart;
mod context;
mod finding;
mod istioctl;
mod knowledge;
mod level;
mod mesh;
pub mod output;
pub mod page;
mod position;
mod registry;
mod report;
mod rule;
pub mod rules;
mod templates;
mod unread;

pub use context::View;
pub use level::Level;
pub use mesh::Memory;
pub use report::{Reported, Suppressed};
pub use rule::Rule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use self::mesh::Translated;
use crate::diagnostic::Diagnostics;
use crate::ingest::{self, Manifests, MeshSettings, WrittenObject};
use crate::mesh::Mesh;
use crate::model::istio::MeshConfigIngressControllerMode;
use crate::source::{ResourceRef, Sources};
use apart::Apart;
use context::{Item, LintContext, Origin};
use finding::Finding;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whose view of the files.
    pub view: View,
    /// Rules to run that do not by default, by code or name.
    pub enable: Vec<String>,
    /// Seconds since 1970, for what expires; nothing: it does not.
    pub now: Option<i64>,
    /// Whether the mesh config was given, and so is that of the mesh.
    pub has_mesh_config: bool,
}

/// Runs all rules over manifests, completed before ([`crate::expand`]).
///
/// `mesh` is what istiod makes of them, and `diagnostics` what reading them has found; istioctl's view does not look at either.
pub fn lint(
    manifests: &Manifests,
    settings: &MeshSettings,
    mesh: &Mesh,
    diagnostics: &Diagnostics,
    options: &Options,
    memory: &Memory,
) -> Vec<Reported> {
    let sources = &manifests.sources;
    let placed = diagnostics.clone().finish(sources, |resource, path| manifests.locate(resource, path));
    let (written, context) = (OnceLock::new(), OnceLock::new());
    let of_files = || {
        let written: &Written = written.get_or_init(|| Written::new(manifests, settings, options.view));
        let context: &LintContext<'_> = context.get_or_init(|| {
            let mut context = written.context(manifests, settings, mesh, options);
            if options.view == View::Meshc {
                context.apart = Apart::new(&placed, sources);
            }
            context
        });
        (context, by_files(context))
    };
    // What is read from the files needs no translation, and the other way round.
    let translate =
        || (options.view == View::Meshc).then(|| Translated::new(mesh, (manifests, settings), diagnostics, memory));
    let ((context, mut found), translated) = rayon::join(of_files, translate);
    if let Some(mut translated) = translated {
        translated.explain(
            found.iter().map(|(_, finding)| finding).filter(|finding| context.apart_reason(finding).is_some()),
        );
        translated.note(found.iter().map(|(_, finding)| finding).filter(|finding| finding.false_alarm.is_none()));
        for check in registry::of_mesh() {
            let mut findings = Vec::new();
            (check.run)(&translated, context, &mut findings);
            set_apart(context, &mut findings);
            translated.explain(findings.iter().filter(|finding| context.apart_reason(finding).is_some()));
            translated.note(findings.iter().filter(|finding| finding.false_alarm.is_none()));
            found.extend(findings.into_iter().map(|finding| (check.name, finding)));
        }
        once_for_all(&mut found);
    }
    let asked = |rule: &Rule| options.enable.iter().any(|name| name == rule.code || name == rule.name);
    found.retain(|(_, finding)| finding.rule.by_default || asked(finding.rule));
    let mut all = report::resolve(context, found);
    if options.view == View::Meshc {
        all.extend(mesh::refused(&placed, manifests));
        once(&mut all);
        report::sort(&mut all);
        for one in &mut all {
            of_template(one, sources);
        }
    }
    all
}

/// What files hold, and what a default install would add.
struct Written {
    objects: Vec<WrittenObject>,
    /// Pods that workloads make.
    templates: Vec<WrittenObject>,
    assumed: Vec<WrittenObject>,
    built_in: Sources,
    /// Group, kind, namespace and name of the resources that were read.
    documents: BTreeMap<ResourceRef, [String; 4]>,
}

impl Written {
    fn new(manifests: &Manifests, settings: &MeshSettings, view: View) -> Self {
        let mut objects = ingest::objects_of(manifests, view == View::Meshc);
        let mut templates = Vec::new();
        if view == View::Meshc {
            objects.iter_mut().for_each(WrittenObject::complete);
            templates = templates::pods(&objects);
        }
        let mut built_in = Sources::default();
        if settings.config.ingress_controller_mode != MeshConfigIngressControllerMode::Off {
            built_in.add(String::new(), ingress_gateway(&settings.config.ingress_service));
        }
        Self { objects, templates, assumed: ingest::objects(&built_in), built_in, documents: manifests.names() }
    }

    fn context<'a>(
        &'a self,
        manifests: &'a Manifests,
        settings: &'a MeshSettings,
        mesh: &'a Mesh,
        options: &Options,
    ) -> LintContext<'a> {
        let sources = &manifests.sources;
        let written = self.objects.iter().map(|object| (Origin::File, sources, object));
        let templates = self.templates.iter().map(|object| (Origin::Template, sources, object));
        let assumed = self.assumed.iter().map(|object| (Origin::Assumed, &self.built_in, object));
        let all = written.chain(templates).chain(assumed);
        let mesh = (options.view == View::Meshc).then_some(mesh);
        let of_manifests = (manifests, &self.documents);
        let mut context = LintContext::new(all, (settings, mesh), of_manifests, options.view, options.now);
        context.has_mesh_config |= options.has_mesh_config;
        context
    }
}

/// Runs the rules of files.
fn by_files<'c>(context: &'c LintContext<'_>) -> Vec<(&'static str, Finding<'c>)> {
    let mut found = Vec::new();
    for check in registry::of_files() {
        let mut findings = Vec::new();
        (check.run)(context, &mut findings);
        if context.view == View::Meshc {
            set_apart(context, &mut findings);
        }
        found.extend(findings.into_iter().map(|finding| (check.name, finding)));
    }
    found
}

/// Leaves out what is found of an object together with others that are not applied with it.
fn set_apart(context: &LintContext<'_>, findings: &mut [Finding<'_>]) {
    for finding in findings.iter_mut().filter(|finding| finding.false_alarm.is_none()) {
        finding.false_alarm = context.apart_reason(finding).map(str::to_owned);
    }
}

/// Of rivals, says once for all of them that they are: at the first.
fn once_for_all(found: &mut Vec<(&'static str, Finding<'_>)>) {
    let is_rival = |finding: &Finding<'_>| mesh::RIVALS.contains(&finding.rule) && finding.false_alarm.is_none();
    let key = |item: &Item<'_>| (item.kind().to_owned(), item.full_name());
    let rivals = found.iter().map(|(_, finding)| finding).filter(|finding| is_rival(finding));
    let said: BTreeSet<(&str, (String, String))> =
        rivals.filter_map(|finding| Some((finding.rule.code, key(finding.item?)))).collect();
    found.retain(|(_, finding)| {
        let own = finding.item.map(key);
        let mut others = finding.related.iter().map(|(other, ..)| key(other));
        let mut is_told =
            || others.any(|other| Some(&other) < own.as_ref() && said.contains(&(finding.rule.code, other)));
        !is_rival(finding) || !is_told()
    });
}

/// Says of a finding that rests on a value which is not filled in that nobody knows.
fn of_template(one: &mut Reported, sources: &Sources) {
    let texts = [&one.message, &one.resource];
    let is_refused = one.rule == &rules::IST0106 || one.rule == &rules::MESHC0114;
    let refused = one.span.filter(|_| is_refused).map(|span| sources.slice(span));
    let refused = refused.filter(|text| !text.contains('\n')).and_then(ingest::placeholder::find_in_refused);
    // What Envoy refuses may be a format of its own.
    let refused = refused.filter(|found| one.rule != &rules::MESHC0114 || !found.starts_with('%'));
    // No name that the API server takes has one of these.
    let is_no_name = |name: &&str| name.contains(|c: char| c.is_ascii_uppercase() || "$<[%".contains(c));
    let name = one.object.and_then(|_| Some(one.resource.split_once(' ')?.1)).filter(is_no_name);
    let name = name.and_then(|name| name.split('/').find_map(ingest::placeholder::find_in_refused));
    let found = texts.into_iter().find_map(|text| ingest::placeholder::find(text)).or(refused).or(name);
    if let Some(found) = found.filter(|_| one.unchecked.is_none()) {
        one.unchecked = Some(format!("{found} has no value yet"));
    }
}

/// Leaves out what the API server says where the webhook says the same: one mistake, one finding.
fn once(all: &mut Vec<Reported>) {
    let of_webhook: BTreeSet<(String, Option<usize>)> =
        all.iter().filter(|one| one.rule == &rules::IST0106).map(|one| (one.resource.clone(), one.line)).collect();
    all.retain(|one| one.rule != &rules::MESHC0001 || !of_webhook.contains(&(one.resource.clone(), one.line)));
}

/// The gateway of a default install, which folders of applications leave out. istiod: `local/defaults.go`
fn ingress_gateway(service: &str) -> String {
    let port =
        |name: &str, port: u32| format!("  - {{name: {name}, port: {port}, protocol: TCP, targetPort: {port}}}\n");
    let ports = [port("http2", 80), port("https", 443), port("tcp", 31400), port("tls", 15443)].concat();
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {{istio: ingressgateway}}\n  name: {service}-dummypod\n  namespace: \
         istio-system\nspec:\n  containers: [{{name: istio-proxy}}]\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: \
         {service}\n  namespace: istio-system\nspec:\n  ports:\n{ports}  selector: {{istio: ingressgateway}}\n"
    )
}
