//! The client of the object store: one GET request per recording, read as a stream.
//!
//! rust-s3 makes and signs the request. The HTTP client that sends it is our own, for two reasons:
//! it must refuse redirects, since the signature would go to the server that the redirect names;
//! and it must limit the time of each phase without limiting the length of a body.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;
use tracing::{info, warn};

use super::error::{StoreConfigError, StoreError};
use super::location::Location;
use super::response::check;
use super::signing::{Signer, StoreClock, Wanted};
use crate::config::settings::StoreSettings;
use crate::sanitize::with_causes;

/// A store on the same continent answers a SYN within a second; five allow for lost packets.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The object store, with one connection pool for all buckets.
pub struct ObjectStore {
    pub(super) client: reqwest::Client,
    pub(super) settings: StoreSettings,
    /// Replaced when the credentials change.
    signer: RwLock<Arc<Signer>>,
    clock: StoreClock,
}

impl ObjectStore {
    /// A client for the configured buckets. Connects to nothing yet.
    ///
    /// # Errors
    /// If the settings do not make a usable client.
    pub fn new(settings: &StoreSettings, connections: usize) -> Result<Self, StoreConfigError> {
        let tls = settings.tls.client_config().map_err(StoreConfigError::Tls)?;
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(15))
            .pool_max_idle_per_host(connections)
            .build()?;
        Ok(Self {
            client,
            signer: RwLock::new(Arc::new(Signer::new(settings, settings.credentials.clone())?)),
            clock: StoreClock::default(),
            settings: settings.clone(),
        })
    }

    /// Names of the buckets that may be read; the first is the default.
    #[must_use]
    pub fn bucket_names(&self) -> &[String] {
        &self.settings.buckets
    }

    /// Longest time without an answer or without a byte of a body.
    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Reads the credentials from their files again, if they come from files.
    pub fn reload_credentials(&self) {
        let credentials = match self.settings.credentials.reload() {
            Ok(credentials) if credentials != self.signer().credentials => credentials,
            Ok(_) => return,
            Err(error) => return warn!(error, "cannot reload the object store's credentials"),
        };
        match Signer::new(&self.settings, credentials) {
            Ok(signer) => {
                *self.signer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(signer);
                info!("the object store's credentials have changed, the new ones are used");
            }
            Err(error) => warn!(%error, "the object store's new credentials cannot be used"),
        }
    }

    fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.signer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Requests an object. If the store refuses the time of the signature, sends
    /// the request once more, signed with the store's time.
    pub(super) async fn request(&self, location: &Location, wanted: Wanted<'_>) -> Result<Response, StoreError> {
        let signer = self.signer();
        let mut result = self.send(location, wanted, &signer).await;
        if let Err(StoreError::Skewed { store_ahead_s, .. }) = result {
            self.clock.set_ahead(store_ahead_s);
            result = self.send(location, wanted, &signer).await;
        }
        result.map_err(|error| error.map_reason(|reason| signer.redact(reason)))
    }

    async fn send(&self, location: &Location, wanted: Wanted<'_>, signer: &Signer) -> Result<Response, StoreError> {
        let (url, headers) = signer.sign(location, wanted, &self.clock).await?;
        match timeout(self.timeout(), self.client.get(url).headers(headers).send()).await {
            Ok(Ok(response)) => check(response, wanted, self.timeout()).await,
            Ok(Err(error)) => Err(StoreError::other(with_causes(&error.without_url()))),
            Err(_) => Err(StoreError::other(format!("no answer for {:?}", self.timeout()))),
        }
    }
}
