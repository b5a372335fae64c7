//! What istiod writes as a false condition into an object's status, as a finding.

use crate::diagnostic::Diagnostic;
use crate::source::ResourceRef;

/// Why something is refused. The names are those of the Gateway API, and istiod's where it has none.
///
/// istiod: `conditions.go` `ParentErrorReason`, `ConfigErrorReason`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    BackendNotFound,
    Conflicted,
    InvalidCaCertificateRef,
    InvalidCertificateRef,
    InvalidDestination,
    InvalidFilter,
    InvalidKind,
    InvalidRouteKinds,
    NoMatchingListenerHostname,
    NoMatchingParent,
    NotAllowed,
    NotAllowedByListeners,
    NoValidCaCertificate,
    RefNotPermitted,
    TargetNotFound,
    UnsupportedAddress,
    UnsupportedProtocol,
    AddressNotUsable,
}

/// Says whether a finding's code is one of these reasons.
pub(crate) fn is_condition(code: &str) -> bool {
    Reason::ALL.iter().any(|reason| reason.names().1 == code)
}

impl Reason {
    const ALL: &[Self] = &[
        Self::BackendNotFound,
        Self::Conflicted,
        Self::InvalidCaCertificateRef,
        Self::InvalidCertificateRef,
        Self::InvalidDestination,
        Self::InvalidFilter,
        Self::InvalidKind,
        Self::InvalidRouteKinds,
        Self::NoMatchingListenerHostname,
        Self::NoMatchingParent,
        Self::NotAllowed,
        Self::NotAllowedByListeners,
        Self::NoValidCaCertificate,
        Self::RefNotPermitted,
        Self::TargetNotFound,
        Self::UnsupportedAddress,
        Self::UnsupportedProtocol,
        Self::AddressNotUsable,
    ];

    /// The reason as the status has it, and as the code of a finding.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::BackendNotFound => ("BackendNotFound", "backend-not-found"),
            Self::Conflicted => ("Conflicted", "conflicted"),
            Self::InvalidCaCertificateRef => ("InvalidCACertificateRef", "invalid-ca-certificate-ref"),
            Self::InvalidCertificateRef => ("InvalidCertificateRef", "invalid-certificate-ref"),
            Self::InvalidDestination => ("InvalidDestination", "invalid-destination"),
            Self::InvalidFilter => ("InvalidFilter", "invalid-filter"),
            Self::InvalidKind => ("InvalidKind", "invalid-kind"),
            Self::InvalidRouteKinds => ("InvalidRouteKinds", "invalid-route-kinds"),
            Self::NoMatchingListenerHostname => ("NoMatchingListenerHostname", "no-matching-listener-hostname"),
            Self::NoMatchingParent => ("NoMatchingParent", "no-matching-parent"),
            Self::NotAllowed => ("NotAllowed", "not-allowed"),
            Self::NotAllowedByListeners => ("NotAllowedByListeners", "not-allowed-by-listeners"),
            Self::NoValidCaCertificate => ("NoValidCACertificate", "no-valid-ca-certificate"),
            Self::RefNotPermitted => ("RefNotPermitted", "ref-not-permitted"),
            Self::TargetNotFound => ("TargetNotFound", "target-not-found"),
            Self::UnsupportedAddress => ("UnsupportedAddress", "unsupported-address"),
            Self::UnsupportedProtocol => ("UnsupportedProtocol", "unsupported-protocol"),
            Self::AddressNotUsable => ("AddressNotUsable", "address-not-usable"),
        }
    }

    /// Returns the finding about a field of an object.
    pub(super) fn at(self, resource: ResourceRef, path: &str, message: &str) -> Diagnostic {
        let (reason, code) = self.names();
        Diagnostic::warning(code, format!("{message} ({reason})")).at(resource, path)
    }
}

/// A part of an object that cannot be served, with the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) reason: Reason,
    pub(super) path: String,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(reason: Reason, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason, path: path.into(), message: message.into() }
    }

    pub(super) fn diagnostic(&self, resource: ResourceRef) -> Diagnostic {
        self.reason.at(resource, &self.path, &self.message)
    }
}

/// A field that istiod reads past: it accepts the object, and the field does nothing.
pub(super) fn ignored(resource: ResourceRef, path: &str) -> Diagnostic {
    let name = path.rsplit('.').next().unwrap_or(path);
    Diagnostic::warning("ignored-field", format!("istiod ignores `{name}`")).at(resource, path)
}
