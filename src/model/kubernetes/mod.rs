//! The Kubernetes kinds that istiod and the sidecar injector read, reduced to what they read.
