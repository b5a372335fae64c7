//! Tests of conversion on whole manifests.
