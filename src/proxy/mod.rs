//! One proxy and what it can see.
//!
//! [`Proxy`] is who it is; [`ProxyView`] is the only thing that `translate` may ask.
//! Outbound resources depend on an [`OutboundView`] alone: proxies whose [`Client`] and scope are equal share them.

mod environment;
mod find;
mod gateway;
pub mod identity;
mod metadata;
mod rivals;
pub mod scope;
pub mod selection;
mod service_target;
mod unserved;
pub mod view;
pub mod waypoint;

pub use find::{proxies, proxies_named, proxy_named};
pub use identity::{Client, InterceptionMode, IpMode, Locality, Proxy, ProxyKind, ServiceTarget, WaypointIdentity};
pub use rivals::rivals;
pub use scope::{EgressListener, ScopedService, SidecarScope};
pub use unserved::unserved_gateways;
pub use view::{OutboundView, ProxyView};
pub use waypoint::WaypointScope;
