//! `source/extensions/filters/network/http_connection_manager/config.cc`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Rule, filters};
use crate::rejection::finding::Findings;
use crate::rejection::json::{flag, has, list, number, text};

pub(super) const RULES: &[Rule] = &[http_filters, upgrades, client_address, host_port, route_discovery, codec];

/// `FilterChainHelper::processFilters`.
fn http_filters<'a>(hcm: &'a Value, found: &mut Findings<'a>) {
    filters::http(hcm, "http_filters", "http", found);
}

/// Upgrades, each named once.
fn upgrades<'a>(hcm: &'a Value, found: &mut Findings<'a>) {
    let mut seen = BTreeSet::new();
    found.each(hcm, "upgrade_configs", |upgrade, found| {
        let kind = text(upgrade, "upgrade_type");
        if !seen.insert(kind.to_ascii_lowercase()) {
            found.reject(format!("Error: multiple upgrade configs with the same name: '{kind}'"));
        }
        if !list(upgrade, "filters").is_empty() {
            filters::http(upgrade, "filters", "http upgrade", found);
        }
    });
}

/// Where the address of the client comes from.
fn client_address<'a>(hcm: &'a Value, found: &mut Findings<'a>) {
    if list(hcm, "original_ip_detection_extensions").is_empty() {
        return;
    }
    if flag(hcm, "use_remote_address") {
        found.reject("Original IP detection extensions and use_remote_address may not be mixed");
    }
    if number(hcm, "xff_num_trusted_hops").unwrap_or(0) > 0 {
        found.reject("Original IP detection extensions and xff_num_trusted_hops may not be mixed");
    }
}

fn host_port<'a>(hcm: &'a Value, found: &mut Findings<'a>) {
    if flag(hcm, "strip_matching_host_port") && flag(hcm, "strip_any_host_port") {
        found.reject("Error: Only one of `strip_matching_host_port` or `strip_any_host_port` can be set.");
    }
}

/// `RdsRouteConfigProvider`'s source.
fn route_discovery<'a>(hcm: &'a Value, found: &mut Findings<'a>) {
    found.field(hcm, "rds", |rds, found| {
        if !has(rds, "config_source") && !text(rds, "route_config_name").starts_with("xdstp:") {
            found.reject("An RDS config must have either a 'config_source' or an xDS-TP based 'route_config_name'.");
        }
    });
}

fn codec<'a>(hcm: &'a Value, found: &mut Findings<'a>) {
    if text(hcm, "codec_type") == "HTTP3" {
        // A listener of UDP is none that istiod writes.
        found.reject_field("codec_type", "HTTP/3 codec configured on non-QUIC listener.");
    }
}
