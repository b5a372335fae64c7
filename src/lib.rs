//! meshc
