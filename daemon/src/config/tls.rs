//! Whose word counts for who a server is, the same for the database and the store; and how we show who we are.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tracing::{debug, warn};

/// The system's store has 200 KB; a file that is larger than this is no list of authorities.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Authorities whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustRoots {
    /// Those of the system's store, as psql and curl use it.
    System,
    /// Those in this PEM file and no others.
    File(PathBuf),
    /// Nobody's: where no TLS is spoken.
    Nobody,
}

/// Files with a certificate of our own, for servers that ask for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// PEM: the certificate, then those between it and an authority that the server knows.
    pub certificate: PathBuf,
    /// PEM: its private key, without a password.
    pub key: PathBuf,
}

/// The two ends of a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// For who the server is.
    pub trust: TrustRoots,
    /// `None`: nothing is shown to a server that asks.
    pub identity: Option<ClientIdentity>,
}

impl From<TrustRoots> for Tls {
    fn from(trust: TrustRoots) -> Self {
        Self { trust, identity: None }
    }
}

impl Tls {
    /// TLS with certificates that chain to the authorities, are valid now and carry the server's name.
    ///
    /// # Errors
    /// When the authorities or our own certificate cannot be read, with the file's name.
    pub fn client_config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(self.trust.roots()?);
        Ok(match &self.identity {
            Some(identity) => {
                config.with_client_cert_resolver(Arc::new(ReloadingCertResolver::new(identity.clone(), provider)?))
            }
            None => config.with_no_client_auth(),
        })
    }
}

impl TrustRoots {
    fn roots(&self) -> Result<RootCertStore, String> {
        match self {
            Self::System => system(),
            Self::File(path) => read_authorities(path),
            Self::Nobody => Ok(RootCertStore::empty()),
        }
    }
}

impl ClientIdentity {
    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
        let chain = certificates(&self.certificate)?;
        let pem = read(&self.key)?;
        // Nothing of a key's file belongs into a message.
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| wrong(&self.key, &"no private key in it (PEM without a password is expected)"))?;
        CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| format!("{} and {}: {error}", self.certificate.display(), self.key.display()))
    }
}

/// Our certificate, read again for each connection: short-lived ones are replaced without a restart.
#[derive(Debug)]
struct ReloadingCertResolver {
    identity: ClientIdentity,
    provider: Arc<CryptoProvider>,
    last: Mutex<Last>,
}

/// While the files are being replaced, the last ones that belonged together.
#[derive(Debug)]
struct Last {
    key: Arc<CertifiedKey>,
    /// It has been said that the files cannot be read.
    told: bool,
}

impl ReloadingCertResolver {
    fn new(identity: ClientIdentity, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let key = Arc::new(identity.read(&provider)?);
        Ok(Self {
            identity,
            provider,
            last: Mutex::new(Last { key, told: false }),
        })
    }
}

impl ResolvesClientCert for ReloadingCertResolver {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match self.identity.read(&self.provider) {
            Ok(key) => {
                *last = Last {
                    key: Arc::new(key),
                    told: false,
                }
            }
            Err(error) if last.told => debug!(error, "our own certificate still cannot be read"),
            Err(error) => {
                last.told = true;
                warn!(error, "our own certificate cannot be read again, the last one is shown");
            }
        }
        Some(last.key.clone())
    }

    fn has_certs(&self) -> bool {
        true
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

fn read_authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| wrong(path, &error))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(wrong(path, &"no certificate in it (PEM is expected)")),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(wrong(path, &error)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut pem))
        .map_err(|error| wrong(path, &error))?;
    Ok(pem)
}

fn wrong(path: &Path, what: &dyn std::fmt::Display) -> String {
    format!("{}: {what}", path.display())
}
