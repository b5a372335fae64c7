//! Identities that policies name and no workload has.

use std::collections::BTreeSet;

use super::authorization::{of_source, written};
use super::translated::Translated;
use crate::lint::context::{GATEWAY_API, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::nearest;

/// The ServiceAccount of a Pod that names none.
const DEFAULT: &str = "default";

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    let mut of_objects: BTreeSet<(String, String)> = BTreeSet::new();
    for pod in context.pods().filter(|pod| pod.is_written()) {
        let account = pod.spec.spec.service_account_name.as_str();
        known.insert((pod.namespace.clone(), if account.is_empty() { DEFAULT } else { account }.to_owned()));
    }
    known.extend(translated.proxies.iter().map(|proxy| (proxy.namespace.clone(), proxy.service_account.clone())));
    // istiod's deployment controller makes an account for each Gateway, named after it, with its class or without.
    for gateway in context.of(GATEWAY_API, "Gateway") {
        let class = gateway.node().get("spec").and_then(|spec| spec.get("gatewayClassName")?.as_str());
        for name in [gateway.name().to_owned(), format!("{}-{}", gateway.name(), class.unwrap_or_default())] {
            of_objects.insert((gateway.namespace.clone(), name));
        }
    }
    for account in context.of("", "ServiceAccount") {
        of_objects.insert((account.namespace.clone(), account.name().to_owned()));
    }
    for policy in written(context) {
        let named = policy.spec.rules.iter().enumerate().flat_map(|(i, rule)| {
            let of_source = rule.from.iter().enumerate().flat_map(move |(j, from)| {
                from.source.iter().flat_map(move |source| of_source(i, j, source)).collect::<Vec<_>>()
            });
            let of_source = of_source.flat_map(|list| {
                let is_account = matches!(list.field, "serviceAccounts" | "notServiceAccounts");
                let is_principal = matches!(list.field, "principals" | "notPrincipals");
                let values = list.all.iter().enumerate().filter(move |_| is_account || is_principal);
                values.map(|(k, value)| (format!("{}[{k}]", list.path), value, is_account)).collect::<Vec<_>>()
            });
            let of_conditions =
                rule.when.iter().enumerate().filter(|(_, condition)| condition.key == "source.principal");
            let of_conditions = of_conditions.flat_map(move |(j, condition)| {
                let lists = [("values", &condition.values), ("notValues", &condition.not_values)];
                lists.into_iter().flat_map(move |(field, values)| {
                    let path = move |k: usize| format!("spec.rules[{i}].when[{j}].{field}[{k}]");
                    values.iter().enumerate().map(move |(k, value)| (path(k), value, false))
                })
            });
            of_source.chain(of_conditions).collect::<Vec<_>>()
        });
        for (path, value, is_account) in named {
            let Some((namespace, account)) = identity(value, is_account, &policy.namespace) else { continue };
            let key = (namespace.to_owned(), account.to_owned());
            let is_known = known.contains(&key) || of_objects.contains(&key);
            if is_known || context.knowledge.service_account(namespace, account).is_some() {
                continue;
            }
            let of_namespace = known.iter().chain(&of_objects).filter(|(of, _)| of == namespace);
            let names: BTreeSet<&str> =
                of_namespace.map(|(_, name)| name.as_str()).filter(|name| *name != DEFAULT).collect();
            let near = nearest::find(account, names.iter().copied());
            let runs = known.iter().filter(|(of, _)| of == namespace).map(|(_, name)| format!("`{name}`"));
            let runs: Vec<String> = runs.take(3).collect();
            let message = format!(
                "no workload of namespace `{namespace}` runs as ServiceAccount `{account}` (they run as {})",
                runs.join(", ")
            );
            let finding = Finding::new(&rules::MESHC0124, policy.item, message).point(&path);
            out.push(match near {
                Some(name) => finding.help(format!("did you mean `{}`?", value.replace(account, name))),
                None => finding.help("name the ServiceAccount of the client's Pods: `spec.serviceAccountName`"),
            });
        }
    }
}

/// Returns namespace and ServiceAccount that a value names exactly.
fn identity<'v>(value: &'v str, is_account: bool, own: &'v str) -> Option<(&'v str, &'v str)> {
    if value.contains('*') {
        return None;
    }
    if is_account {
        return Some(value.split_once('/').unwrap_or((own, value)));
    }
    let (_, rest) = value.split_once("/ns/")?;
    let (namespace, account) = rest.split_once("/sa/")?;
    (!namespace.contains('/') && !account.contains('/')).then_some((namespace, account))
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn of_exact_values() {
        assert_eq!(identity("cluster.local/ns/shop/sa/cart", false, "x"), Some(("shop", "cart")));
        assert_eq!(identity("*/ns/shop/sa/cart", false, "x"), None);
        assert_eq!(identity("shop/cart", true, "x"), Some(("shop", "cart")));
        assert_eq!(identity("cart", true, "x"), Some(("x", "cart")));
    }
}
