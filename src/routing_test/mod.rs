//! Assertions about requests: a file of cases, each a request and what must come of it.
//!
//! ```text
//! text ──read──▶ Cases ──explain──▶ Report ──check──▶ Differences
//!                                     └──rules──▶ Coverage
//! ```
//!
//! Three forms of files are read: meshc's own, which is about requests on their whole way; that of istio-config-validator, which is
//! about rules of VirtualServices; and that of Envoy's router_check_tool, which is about routes.

mod alone;
mod case;
mod check;
mod connections;
mod coverage;
mod init;
mod read;
mod route_config;
mod router_check;
mod rules;
mod sample;
mod text_format;
mod validator;

pub use alone::{GATEWAY, bind, full_host, keep_dropped};
pub use case::{Case, Difference, Expect, Expected, Share};
pub use check::check;
pub use connections::{Connection, connections};
pub use coverage::Coverage;
pub use init::{Candidate, candidates, entry, expectation, file};
pub use read::cases;
pub use route_config::ConfiguredRoutes;
pub use router_check::{RouteExpect, check as check_route};
pub use rules::{Rule, Rules};
pub use validator::{RuleExpect, Taken, check as check_rule};
