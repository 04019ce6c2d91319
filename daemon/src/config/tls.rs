//! TLS for the database and the store: trust roots for server certificates, and the client
//! certificate that we present.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tracing::{debug, warn};

use super::server_verifier::ReloadingVerifier;
use super::trust_roots::{TrustRoots, certificates, error_in, read};

/// Files of our client certificate, for servers that ask for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// PEM: the certificate, then the intermediate certificates up to an authority that the server
    /// trusts.
    pub certificate: PathBuf,
    /// PEM: the private key, without a password.
    pub key: PathBuf,
}

/// How TLS checks the server, and what we present to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Authorities that may sign the server's certificate.
    pub trust: TrustRoots,
    /// Our client certificate; `None`: we present none.
    pub identity: Option<ClientIdentity>,
}

impl From<TrustRoots> for Tls {
    fn from(trust: TrustRoots) -> Self {
        Self { trust, identity: None }
    }
}

impl Tls {
    /// A TLS configuration that accepts a server certificate only if it chains to the authorities,
    /// is valid now and contains the server's name. It reads the authorities again when they have
    /// changed.
    ///
    /// # Errors
    /// When the authorities or the client certificate cannot be read, with the file's name.
    pub fn client_config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let config = match &self.trust {
            TrustRoots::Empty => config.with_root_certificates(RootCertStore::empty()),
            // "Dangerous" is any verifier of one's own. This one only chooses the authorities.
            trust => config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(ReloadingVerifier::new(trust.clone(), provider.clone())?)),
        };
        Ok(match &self.identity {
            Some(identity) => {
                config.with_client_cert_resolver(Arc::new(ReloadingCertResolver::new(identity.clone(), provider)?))
            }
            None => config.with_no_client_auth(),
        })
    }
}

impl ClientIdentity {
    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
        let chain = certificates(&self.certificate)?;
        let pem = read(&self.key)?;
        // The error must contain nothing of the key's file.
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| error_in(&self.key, &"no private key in it (PEM without a password is expected)"))?;
        CertifiedKey::from_der(chain, key, provider)
            .map_err(|error| format!("{} and {}: {error}", self.certificate.display(), self.key.display()))
    }
}

/// Reads the client certificate for each connection, so that it can be replaced without a restart.
#[derive(Debug)]
struct ReloadingCertResolver {
    identity: ClientIdentity,
    provider: Arc<CryptoProvider>,
    last: Mutex<LastRead>,
}

/// The last certificate and key that belong together, used while the files are being replaced.
#[derive(Debug)]
struct LastRead {
    key: Arc<CertifiedKey>,
    /// A warning was logged that the files cannot be read.
    warned: bool,
}

impl ReloadingCertResolver {
    fn new(identity: ClientIdentity, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let key = Arc::new(identity.read(&provider)?);
        Ok(Self {
            identity,
            provider,
            last: Mutex::new(LastRead { key, warned: false }),
        })
    }
}

impl ResolvesClientCert for ReloadingCertResolver {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match self.identity.read(&self.provider) {
            Ok(key) => {
                *last = LastRead {
                    key: Arc::new(key),
                    warned: false,
                }
            }
            Err(error) if last.warned => debug!(error, "our client certificate still cannot be read"),
            Err(error) => {
                last.warned = true;
                warn!(
                    error,
                    "our client certificate cannot be read again, the last one is used"
                );
            }
        }
        Some(last.key.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
