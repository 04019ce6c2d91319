//! Checks certificates of servers, with the authorities as their file has them now.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use tracing::{debug, info, warn};

use super::trust_roots::TrustRoots;

/// The system's store has hundreds of files, and reading them takes milliseconds.
const SYSTEM_STORE_AGE: Duration = Duration::from_mins(1);

/// Verifies with the authorities of a file or of the system. Reads them again when they have
/// changed, so that an authority can be added or removed without a restart.
#[derive(Debug)]
pub(super) struct ReloadingVerifier {
    trust: TrustRoots,
    provider: Arc<CryptoProvider>,
    last: Mutex<LastRead>,
}

/// The authorities that could be read last, used while their file is being replaced.
#[derive(Debug)]
struct LastRead {
    verifier: Arc<WebPkiServerVerifier>,
    version: Version,
    /// A warning was logged that the authorities cannot be read.
    warned: bool,
}

/// Tells whether authorities have changed.
#[derive(Debug, PartialEq)]
enum Version {
    /// Of a file: device, inode, length, and time of the last change in seconds and nanoseconds.
    File(u64, u64, u64, i64, i64),
    /// Of the system's store: when it was read.
    ReadAt(Instant),
}

impl ReloadingVerifier {
    /// Reads the authorities.
    ///
    /// # Errors
    /// When there are none, or they cannot be read.
    pub(super) fn new(trust: TrustRoots, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let version = Version::of(&trust)?;
        let verifier = read(&trust, &provider)?;
        Ok(Self {
            trust,
            provider,
            last: Mutex::new(LastRead {
                verifier,
                version,
                warned: false,
            }),
        })
    }

    /// The verifier for the authorities as they are now.
    fn current(&self) -> Arc<WebPkiServerVerifier> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.version.is_current(&self.trust) {
            return Arc::clone(&last.verifier);
        }
        let again = Version::of(&self.trust).and_then(|version| Ok((version, read(&self.trust, &self.provider)?)));
        match again {
            Ok((version, verifier)) => {
                if let TrustRoots::File(path) = &self.trust {
                    info!(file = %path.display(), "the file of certificate authorities has changed, the new ones are used");
                }
                *last = LastRead {
                    verifier,
                    version,
                    warned: false,
                };
            }
            Err(error) if last.warned => debug!(error, "the certificate authorities still cannot be read"),
            Err(error) => {
                last.warned = true;
                warn!(
                    error,
                    "the certificate authorities cannot be read again, the last ones are used"
                );
            }
        }
        Arc::clone(&last.verifier)
    }
}

fn read(trust: &TrustRoots, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(trust.roots()?), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

impl Version {
    fn of(trust: &TrustRoots) -> Result<Self, String> {
        match trust {
            TrustRoots::File(path) => Self::of_file(path),
            TrustRoots::System | TrustRoots::Empty => Ok(Self::ReadAt(Instant::now())),
        }
    }

    fn of_file(path: &Path) -> Result<Self, String> {
        let version = |file: Metadata| Self::File(file.dev(), file.ino(), file.len(), file.mtime(), file.mtime_nsec());
        let found = std::fs::metadata(path);
        found
            .map(version)
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn is_current(&self, trust: &TrustRoots) -> bool {
        match self {
            Self::ReadAt(at) => at.elapsed() < SYSTEM_STORE_AGE,
            Self::File(..) => Self::of(trust).as_ref() == Ok(self),
        }
    }
}

impl ServerCertVerifier for ReloadingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.current()
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| explain(error, server_name))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}

/// Adds what to type to errors that do not say what is wrong with the certificate.
fn explain(error: Error, server_name: &ServerName<'_>) -> Error {
    let Error::InvalidCertificate(CertificateError::Other(cause)) = &error else {
        return error;
    };
    let cause = format!("{cause:?}");
    let what = if cause.contains("UnsupportedCertVersion") {
        "it is version 1, without a server's names, as 'openssl x509 -req' makes it without extensions"
    } else if cause.contains("CaUsedAsEndEntity") {
        "it is the one of an authority; a server needs its own, which this one signs"
    } else {
        return error;
    };
    let name = server_name.to_str();
    let kind = if matches!(server_name, ServerName::IpAddress(_)) {
        "IP"
    } else {
        "DNS"
    };
    Error::General(format!(
        "invalid peer certificate: {what}. Make another one: \
         openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 365 -out server.crt \
         -extfile <(echo subjectAltName={kind}:{name})"
    ))
}
