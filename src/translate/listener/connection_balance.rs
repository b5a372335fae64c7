//! `Listener.connection_balance_config`

use crate::envoy::{
    ListenerConnectionBalanceConfig, ListenerConnectionBalanceConfigBalanceType,
    ListenerConnectionBalanceConfigExactBalance,
};

/// Metadata `INBOUND_LISTENER_EXACT_BALANCE`, `OUTBOUND_LISTENER_EXACT_BALANCE` -> `Listener.connection_balance_config`
///
/// Worker threads get equal numbers of connections.
pub(crate) fn exact() -> ListenerConnectionBalanceConfig {
    ListenerConnectionBalanceConfig {
        balance_type: Some(ListenerConnectionBalanceConfigBalanceType::ExactBalance(
            ListenerConnectionBalanceConfigExactBalance::default(),
        )),
    }
}
