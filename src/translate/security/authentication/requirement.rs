//! Which tokens a request needs: none, but what it has must be valid.

use crate::envoy::{
    Empty, JwtRequirement, JwtRequirementAndList, JwtRequirementOrList, JwtRequirementRequiresType, RequirementRule,
    RequirementRuleRequirementType, RouteMatch, RouteMatchPathSpecifier,
};

/// What all requests need of these providers.
///
/// With several, each of them must be satisfied or find no token; or one must be, as two may look for tokens in the same place,
/// where each would refuse the other's.
///
/// istiod: `pilot/pkg/security/authn/policy_applier.go` `convertToEnvoyJwtConfig`
pub(super) fn for_all_requests(providers: &[String]) -> RequirementRule {
    let mut valid_or_missing: Vec<JwtRequirement> = providers
        .iter()
        .map(|name| any(vec![valid(name), requirement(JwtRequirementRequiresType::AllowMissing(Empty::default()))]))
        .collect();
    let requires = if let ([_], Some(only)) = (providers, valid_or_missing.first_mut()) {
        std::mem::take(only)
    } else {
        let mut alternatives: Vec<JwtRequirement> = providers.iter().map(|name| valid(name)).collect();
        let all = JwtRequirementAndList { requirements: valid_or_missing };
        alternatives.push(requirement(JwtRequirementRequiresType::RequiresAll(all)));
        any(alternatives)
    };
    RequirementRule {
        r#match: Some(RouteMatch {
            path_specifier: Some(RouteMatchPathSpecifier::Prefix("/".to_owned())),
            ..RouteMatch::default()
        }),
        requirement_type: Some(RequirementRuleRequirementType::Requires(requires)),
    }
}

fn valid(provider: &str) -> JwtRequirement {
    requirement(JwtRequirementRequiresType::ProviderName(provider.to_owned()))
}

fn any(requirements: Vec<JwtRequirement>) -> JwtRequirement {
    requirement(JwtRequirementRequiresType::RequiresAny(JwtRequirementOrList { requirements }))
}

fn requirement(requires_type: JwtRequirementRequiresType) -> JwtRequirement {
    JwtRequirement { requires_type: Some(requires_type) }
}
