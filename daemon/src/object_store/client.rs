//! The client of the object store: one GET request per recording, read as a stream.
//!
//! rust-s3 makes and signs the request. The HTTP client that sends it is our own (`http_client.rs`),
//! for two reasons: it must refuse redirects, since the signature would go to the server that the
//! redirect names; and it must limit the time of each phase without limiting the length of a body.

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use super::error::{StoreConfigError, StoreError};
use super::http_client::http_client;
use super::location::Location;
use super::response::check;
use super::signer_keeper::SignerKeeper;
use super::signing::{Signer, Wanted};
use crate::config::settings::StoreSettings;
use crate::sanitize::with_causes;

/// The object store, with one connection pool for all buckets.
pub struct ObjectStore {
    pub(super) client: reqwest::Client,
    pub(super) settings: StoreSettings,
    signers: SignerKeeper,
}

impl ObjectStore {
    /// A client for the configured buckets. Connects to nothing yet.
    ///
    /// # Errors
    /// If the settings do not make a usable client.
    pub fn new(settings: &StoreSettings, connections: usize) -> Result<Self, StoreConfigError> {
        let tls = settings.tls.client_config().map_err(StoreConfigError::Tls)?;
        let client = http_client(tls, &settings.proxies, settings.timeout)
            .pool_max_idle_per_host(connections)
            .build()?;
        Ok(Self {
            client,
            signers: SignerKeeper::new(settings)?,
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

    /// Loads the credentials again, unless they cannot have changed.
    pub async fn reload_credentials(&self) {
        self.signers.reload().await;
    }

    /// Loads the credentials. Returns how long they are valid; `None`: without end.
    ///
    /// # Errors
    /// When there are none.
    pub async fn load_credentials(&self) -> Result<Option<Duration>, StoreError> {
        self.signers.signer().await?;
        Ok(self.signers.valid_for())
    }

    /// Requests an object. If the store refuses the time of the signature, sends the request once more,
    /// signed with the store's time.
    pub(super) async fn request(&self, location: &Location, wanted: Wanted<'_>) -> Result<Response, StoreError> {
        let signer = self.signers.signer().await?;
        let mut result = self.send(location, wanted, &signer).await;
        if let Err(StoreError::Skewed { store_ahead_s, .. }) = result {
            self.signers.clock.set_ahead(store_ahead_s);
            result = self.send(location, wanted, &signer).await;
        }
        result.map_err(|error| error.map_reason(|reason| signer.redact(reason)))
    }

    async fn send(&self, location: &Location, wanted: Wanted<'_>, signer: &Signer) -> Result<Response, StoreError> {
        let (url, headers) = signer.sign(location, wanted, &self.signers.clock).await?;
        match timeout(self.timeout(), self.client.get(url).headers(headers).send()).await {
            Ok(Ok(response)) => check(response, wanted, self.timeout()).await,
            Ok(Err(error)) => Err(StoreError::other(with_causes(&error.without_url()))),
            Err(_) => Err(StoreError::other(format!("no answer for {:?}", self.timeout()))),
        }
    }
}
