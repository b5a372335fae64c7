//! `source/common/tcp_proxy/tcp_proxy.cc`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{flag, has, text};
use crate::rejection::syntax::format;

pub(super) const RULES: &[Rule] = &[proxy_protocol];
pub(super) const TUNNELING: &[Rule] = &[tunneling];

/// `TunnelingConfigHelperImpl`.
fn tunneling<'a>(config: &'a Value, found: &mut Findings<'a>) {
    found.reject_if_at("hostname", format::problem(text(config, "hostname"), &[]));
    if !text(config, "post_path").is_empty() && !flag(config, "use_post") {
        found.reject_field("post_path", "Can't set a post path when POST method isn't used");
    }
}

fn proxy_protocol<'a>(proxy: &'a Value, found: &mut Findings<'a>) {
    found.each(proxy, "proxy_protocol_tlvs", |tlv, found| {
        if !has(tlv, "value") && !has(tlv, "format_string") {
            found.reject("Invalid TLV configuration: one of 'value' or 'format_string' must be set.");
        }
    });
}
