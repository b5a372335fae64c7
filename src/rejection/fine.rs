//! Parts of resources in which nothing is refused.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{PoisonError, RwLock};

use serde_json::Value;

/// Parts that Envoy takes wherever they stand. What many resources have is looked at once: which parts are known changes nothing
/// but the time it takes.
#[derive(Debug, Default)]
pub struct Fine(RwLock<BTreeSet<u64>>);

impl Fine {
    /// Forgets all parts when there are more than so many.
    pub fn trim(&self, most: usize) {
        let mut parts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if parts.len() > most {
            parts.clear();
        }
    }

    pub(super) fn has(&self, part: u64) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&part)
    }

    pub(super) fn add(&self, part: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(part);
    }
}

/// Returns what tells a part from others: a message of a type.
pub(super) fn part(message: &str, value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    (message, value).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Fine;
    use crate::rejection::{check, check_new};

    fn listener(name: &str, stat_prefix: &str) -> Value {
        let log = json!({"name": "file", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": "/dev/stdout"
        }});
        let proxy = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": stat_prefix, "cluster": "a", "access_log": [log]
        });
        json!({
            "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
            "name": name,
            "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
            "filter_chains": [{"filters": [{"name": "tcp", "typed_config": proxy}]}]
        })
    }

    #[test]
    fn what_is_refused_is_found_each_time() {
        let fine = Fine::default();
        for (name, stat_prefix) in [("a", "x"), ("b", ""), ("c", "x"), ("d", "")] {
            let listener = listener(name, stat_prefix);
            let found = check_new(&listener, &fine);
            assert_eq!(found, check(&listener));
            assert_eq!(found.rejections.is_empty(), !stat_prefix.is_empty(), "{found:?}");
        }
    }
}
