//! Whose word counts for who a server is. The same for the database and the store.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// The system's store has 200 KB; a file that is larger than this is no list of authorities.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Authorities whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those of the system's store, as psql and curl use it.
    System,
    /// Those in this PEM file and no others.
    File(PathBuf),
    /// Nobody's: where no TLS is spoken.
    Nobody,
}

impl Trust {
    /// TLS with certificates that chain to these authorities, are valid now and carry the server's name.
    ///
    /// # Errors
    /// When the authorities cannot be read, with the file's name.
    pub fn client_config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth())
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        match self {
            Self::System => system(),
            Self::File(path) => read(path),
            Self::Nobody => Ok(RootCertStore::empty()),
        }
    }
}

fn system() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(format!("no certificates in the system's store {:?}", found.errors));
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<RootCertStore, String> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut pem))
        .map_err(|error| wrong(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"no certificate in it (PEM is expected)"));
    }
    Ok(roots)
}
