//! Label selectors with expressions.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as api;

use crate::model::istio;

/// Selects resources by their labels: all pairs and all expressions must hold. Empty selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// Labels and the values that they must have.
    pub match_labels: BTreeMap<String, String>,
    /// Further conditions.
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One condition on one label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelectorRequirement {
    /// The label's key.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values of `In` and `NotIn`.
    pub values: Vec<String>,
}

impl LabelSelector {
    /// Whether the selector selects a resource with these labels.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

impl LabelSelectorRequirement {
    /// Whether the condition holds for these labels. A label that is not there is not in any list; an unknown operator
    /// holds for nothing.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

impl From<api::LabelSelector> for LabelSelector {
    fn from(api: api::LabelSelector) -> Self {
        Self {
            match_labels: api.match_labels.unwrap_or_default(),
            match_expressions: super::list(api.match_expressions),
        }
    }
}

impl From<api::LabelSelectorRequirement> for LabelSelectorRequirement {
    fn from(api: api::LabelSelectorRequirement) -> Self {
        Self { key: api.key, operator: api.operator, values: api.values.unwrap_or_default() }
    }
}

/// The mesh config has selectors of its own, which mean the same.
impl From<istio::LabelSelector> for LabelSelector {
    fn from(mesh: istio::LabelSelector) -> Self {
        Self {
            match_labels: mesh.match_labels,
            match_expressions: mesh.match_expressions.into_iter().map(LabelSelectorRequirement::from).collect(),
        }
    }
}

impl From<istio::LabelSelectorRequirement> for LabelSelectorRequirement {
    fn from(mesh: istio::LabelSelectorRequirement) -> Self {
        Self { key: mesh.key, operator: mesh.operator, values: mesh.values }
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, LabelSelector, LabelSelectorRequirement};

    #[test]
    fn all_conditions_must_hold() {
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        let expression = |key: &str, operator: &str, values: &[&str]| LabelSelectorRequirement {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
        };
        assert!(LabelSelector::default().matches(&labels));
        for (requirement, holds) in [
            (expression("app", "In", &["web", "api"]), true),
            (expression("app", "NotIn", &["web"]), false),
            (expression("tier", "NotIn", &["web"]), true),
            (expression("tier", "Exists", &[]), false),
            (expression("tier", "DoesNotExist", &[]), true),
            (expression("app", "Gt", &["1"]), false),
        ] {
            let selector = LabelSelector { match_labels: labels.clone(), match_expressions: vec![requirement] };
            assert_eq!(selector.matches(&labels), holds, "{selector:?}");
        }
    }
}
