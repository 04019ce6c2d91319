//! The authorities that may sign certificates of servers, and PEM files.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The certificate store of a system has 200 KB; a longer file is not a list of authorities.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The authorities that may sign a server certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustRoots {
    /// The certificate store of the system, which curl uses too.
    System,
    /// Only the authorities in this PEM file.
    File(PathBuf),
    /// None. For connections without TLS.
    Empty,
}

impl TrustRoots {
    pub(super) fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::System => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                if roots.is_empty() {
                    return Err(format!("no certificates in the system's store {:?}", found.errors));
                }
            }
            Self::File(path) => {
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|error| error_in(path, &error))?;
                }
            }
            Self::Empty => {}
        }
        Ok(roots)
    }
}

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(error_in(path, &"no certificate in it (PEM is expected)")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(error_in(path, &error)),
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut pem))
        .map_err(|error| error_in(path, &error))?;
    Ok(pem)
}

pub(super) fn error_in(path: &Path, what: &dyn std::fmt::Display) -> String {
    format!("{}: {what}", path.display())
}
