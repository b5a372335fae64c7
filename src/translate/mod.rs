//! x
pub mod address;
pub mod cluster;
pub mod destination;
pub mod duration;
pub mod endpoint;
pub mod extension_provider;
pub mod listener;
pub mod metadata;
pub mod name;
pub mod route;
pub mod secret;
pub mod security { pub mod sds; }
pub mod stat_name;
pub mod string_match;
pub mod telemetry;
pub mod traffic_policy;
