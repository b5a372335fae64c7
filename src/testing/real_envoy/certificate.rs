//! Certificates made for this run, in the place of all certificates.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An authority, trusted in the place of all.
pub(crate) struct Authority {
    /// PEM
    pub(crate) certificate: String,
    work: PathBuf,
}

/// A certificate with its key; PEM.
pub(crate) struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    /// Makes one; `openssl` does it.
    pub(crate) fn new(work: &Path) -> Self {
        let made = openssl(work)
            .args(["-subj", "/CN=authority", "-keyout", "authority-key.pem", "-out", "authority.pem"])
            .status();
        assert!(made.is_ok_and(|s| s.success()), "openssl makes an authority");
        Self { certificate: text(&work.join("authority.pem")), work: work.to_owned() }
    }

    /// Makes a certificate for this identity.
    pub(crate) fn certificate(&self, spiffe: &str) -> Certificate {
        self.certificate_for(&format!("URI:{spiffe}"))
    }

    /// Makes a certificate for a server of this name.
    pub(crate) fn server_certificate(&self, host: &str) -> Certificate {
        self.certificate_for(&format!("DNS:{host}"))
    }

    fn certificate_for(&self, name: &str) -> Certificate {
        let made = openssl(&self.work)
            .args(["-CA", "authority.pem", "-CAkey", "authority-key.pem", "-subj", "/O=workload"])
            .args(["-addext", &format!("subjectAltName=critical,{name}")])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "leaf-key.pem", "-out", "leaf.pem"])
            .status();
        assert!(made.is_ok_and(|s| s.success()), "openssl makes a certificate");
        Certificate { chain: text(&self.work.join("leaf.pem")), key: text(&self.work.join("leaf-key.pem")) }
    }
}

fn openssl(work: &Path) -> Command {
    let mut command = Command::new("openssl");
    command
        .current_dir(work)
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("what openssl wrote")
}
