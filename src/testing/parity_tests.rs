//! What counts as equal. Here, as a test without the standard harness runs none of its modules' tests.

use serde_json::json;

use super::parity::compare_release;

fn dump(cluster: &serde_json::Value) -> serde_json::Value {
    json!({"configs": [{
        "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
        "dynamic_active_clusters": [{"cluster": cluster, "last_updated": "2026"}],
    }]})
}

#[test]
fn sets_have_no_order_and_lists_have_one() {
    let a = dump(&json!({"name": "a", "lb_endpoints": [{"endpoint": 1.0}, {"endpoint": 2}], "list": [1, 2]}));
    let b = dump(&json!({"name": "a", "lb_endpoints": [{"endpoint": 2}, {"endpoint": 1}], "list": [2, 1]}));
    let report = compare_release(&a, None, &b);
    assert_eq!(report.total, 1);
    assert_eq!(report.differences, ["cluster a /list/0: istiod 1, meshc 2", "cluster a /list/1: istiod 2, meshc 1"]);
}

#[test]
fn what_only_one_side_has_counts() {
    let report = compare_release(&dump(&json!({"name": "a"})), None, &dump(&json!({"name": "b"})));
    assert_eq!((report.total, report.differences.len()), (2, 2));
    let report = compare_release(&dump(&json!({"name": "a", "x": 1})), None, &dump(&json!({"name": "a", "y": false})));
    assert_eq!(
        report.differences,
        ["cluster a /x: istiod 1, meshc has none", "cluster a /y: istiod has none, meshc false"]
    );
}
