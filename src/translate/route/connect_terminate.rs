//! The routes of tunnels that come in: all go to one internal listener.

use crate::envoy::{
    Route, RouteAction, RouteActionOneof, RouteActionUpgradeConfig, RouteActionUpgradeConfigConnectConfig,
    RouteConfiguration, RouteMatch, RouteMatchConnectMatcher, RouteMatchPathSpecifier, VirtualHost,
};
use crate::translate::name;
use crate::translate::route::default_route::to_cluster;

/// istiod: `listener_waypoint.go` `buildWaypointInboundConnectTerminate`
pub(crate) fn connect_terminate() -> RouteConfiguration {
    let connect = RouteMatchPathSpecifier::ConnectMatcher(RouteMatchConnectMatcher::default());
    let action = RouteAction {
        upgrade_configs: vec![RouteActionUpgradeConfig {
            upgrade_type: "CONNECT".to_owned(),
            connect_config: Some(RouteActionUpgradeConfigConnectConfig::default()),
            ..RouteActionUpgradeConfig::default()
        }],
        ..to_cluster(name::MAIN_INTERNAL.to_owned())
    };
    let route = Route {
        r#match: Some(RouteMatch { path_specifier: Some(connect), ..RouteMatch::default() }),
        action: Some(RouteActionOneof::Route(action)),
        ..Route::default()
    };
    RouteConfiguration {
        name: "default".to_owned(),
        virtual_hosts: vec![VirtualHost {
            name: "default".to_owned(),
            domains: vec!["*".to_owned()],
            routes: vec![route],
            ..VirtualHost::default()
        }],
        ..RouteConfiguration::default()
    }
}
