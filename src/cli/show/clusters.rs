//! istioctl: `configdump/cluster.go`

use serde_json::Value;

use super::place::Places;
use super::resources::{config, management, of_section, text};
use super::subset_key::SubsetKey;
use super::table::{self, row};
use crate::cli::args::ShowFilters;

/// The clusters that the filters want, in istioctl's order.
pub(super) fn list<'d>(dump: &'d Value, filters: &ShowFilters) -> Vec<&'d Value> {
    let lists: [(&str, &[&str]); 2] = [("dynamic_active_clusters", &["cluster"]), ("static_clusters", &["cluster"])];
    let mut clusters = of_section(dump, "ClustersConfigDump", &lists);
    clusters.sort_by_key(|cluster| SubsetKey::order(text(cluster, &["name"])));
    clusters.retain(|cluster| wants(filters, text(cluster, &["name"])));
    clusters
}

/// istioctl: `ClusterFilter.Verify`
fn wants(filters: &ShowFilters, name: &str) -> bool {
    let ShowFilters { fqdn, direction, subset, port, .. } = filters;
    let contains = |part: &Option<String>| part.as_ref().is_none_or(|part| name.contains(part.as_str()));
    contains(fqdn)
        && contains(direction)
        && contains(subset)
        && port.is_none_or(|port| name.contains(&format!("|{port}|")))
}

pub(super) fn table(dump: &Value, filters: &ShowFilters, places: Option<&Places<'_>>) -> String {
    let title = ["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"];
    let mut rows = vec![row(title, places.map(|_| Places::TITLE.to_owned()))];
    for cluster in list(dump, filters) {
        let name = text(cluster, &["name"]);
        let r#type = Some(text(cluster, &["type"])).filter(|r#type| !r#type.is_empty()).unwrap_or("STATIC");
        let rule = management(cluster);
        let place = places.map(|places| {
            let rule = places.of_config(config(cluster));
            rule.or_else(|| places.of_cluster(name)).unwrap_or_else(Places::none)
        });
        rows.push(match SubsetKey::parse(name) {
            Some(SubsetKey { direction, port, subset, hostname }) => {
                let subset = if subset.is_empty() { "-" } else { subset };
                row([hostname, &port.to_string(), subset, direction, r#type, &rule], place)
            }
            None => row([name, "-", "-", "-", r#type, &rule], place),
        });
    }
    table::render(&rows, 5)
}
