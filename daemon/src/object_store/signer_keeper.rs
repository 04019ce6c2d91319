//! Keeps the signer, and replaces it before its keys end.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tracing::{debug, info, warn};

use super::credentials::{Loaded, Loader};
use super::error::{StoreConfigError, StoreError};
use super::signing::{Signer, StoreClock};
use crate::config::credentials::CredentialSource;
use crate::config::settings::StoreSettings;

/// Temporary keys are replaced this long before they end, or when a quarter of their time is left
/// if that is less. Instance metadata has the next keys five minutes before the last ones end.
const BEFORE_END: Duration = Duration::from_mins(5);
/// Keys that do not say when they end can change in their files.
const FILES_AGE: Duration = Duration::from_mins(1);
/// Time between two loads at least, whatever the keys say.
const LEAST_AGE: Duration = Duration::from_secs(1);
/// While the store refuses requests, keys that end are loaded again this often: other causes are
/// more likely, and STS limits the rate.
const WHILE_REFUSED: Duration = Duration::from_secs(30);
/// After a load that failed, while the last keys are valid for much longer.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// The signer with the newest keys.
pub(super) struct SignerKeeper {
    settings: StoreSettings,
    loader: Loader,
    /// The clock that requests are signed with.
    pub(super) clock: StoreClock,
    current: RwLock<Current>,
    /// Held during a load: one at a time.
    loading: Mutex<()>,
}

#[derive(Clone, Default)]
struct Current {
    signer: Option<Arc<Signer>>,
    /// When the keys are loaded again; `None`: never.
    reload_at: Option<Instant>,
    /// When they were loaded.
    loaded_at: Option<Instant>,
    /// When the keys end; `None`: never.
    ends_at: Option<Instant>,
    /// Why the last load failed.
    failure: Option<String>,
}

impl Current {
    /// The signer, if its keys are valid by our clock.
    fn valid(&self, now: Instant) -> Option<&Arc<Signer>> {
        self.signer
            .as_ref()
            .filter(|_| self.ends_at.is_none_or(|end| now < end))
    }

    fn is_due(&self, now: Instant) -> bool {
        self.reload_at.is_some_and(|at| now >= at)
    }
}

impl SignerKeeper {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// If rust-s3 refuses the settings or the keys in them.
    pub(super) fn new(settings: &StoreSettings) -> Result<Self, StoreConfigError> {
        let now = Instant::now();
        let loader = Loader::new(settings)?;
        let current = match &settings.credentials {
            CredentialSource::Given(credentials) => Current {
                signer: Some(Arc::new(Signer::new(settings, credentials.clone())?)),
                reload_at: loader.can_change().then(|| now + FILES_AGE),
                ..Current::default()
            },
            CredentialSource::Aws(..) => Current {
                reload_at: Some(now),
                ..Current::default()
            },
        };
        Ok(Self {
            settings: settings.clone(),
            loader,
            clock: StoreClock::default(),
            current: RwLock::new(current),
            loading: Mutex::default(),
        })
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The signer for the next request. One request loads new keys before the last ones end; the
    /// others do not wait for it while those are valid.
    ///
    /// # Errors
    /// When there are no valid keys, and none can be loaded.
    pub(super) async fn signer(&self) -> Result<Arc<Signer>, StoreError> {
        let (current, now) = (self.current(), Instant::now());
        if let Some(signer) = current.valid(now) {
            let loading = current.is_due(now).then(|| self.loading.try_lock());
            let Some(Ok(_loading)) = loading else {
                return Ok(Arc::clone(signer));
            };
            self.load().await;
        } else {
            let _loading = self.loading.lock().await;
            // Another request may have loaded them, or failed to, in the meantime.
            if self.current().is_due(Instant::now()) {
                self.load().await;
            }
        }
        let Current { signer, failure, .. } = self.current();
        let failed = || StoreError::other(failure.unwrap_or_else(|| "no keys".to_owned()));
        // Keys that were just loaded are used although our clock says that they have ended: that
        // clock may be wrong.
        signer.ok_or_else(failed)
    }

    /// How long the keys are valid; `None`: without end.
    pub(super) fn valid_for(&self) -> Option<Duration> {
        let end = self.current().ends_at?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// Loads the keys again, because the store refuses requests.
    pub(super) async fn reload(&self) {
        let Current { loaded_at, ends_at, .. } = self.current();
        let is_new = ends_at.is_some() && loaded_at.is_some_and(|at| at.elapsed() < WHILE_REFUSED);
        if self.loader.can_change() && !is_new {
            let _loading = self.loading.lock().await;
            self.load().await;
        }
    }

    async fn load(&self) {
        let loaded = self.loader.load().await;
        let now = Instant::now();
        let before = self.current();
        let result = loaded.and_then(|Loaded { credentials, ends_at }| match &before.signer {
            Some(signer) if signer.credentials == credentials => Ok((Arc::clone(signer), ends_at)),
            _ => match Signer::new(&self.settings, credentials) {
                Ok(signer) => Ok((Arc::new(signer), ends_at)),
                Err(error) => Err(error.to_string()),
            },
        });
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok((signer, ends_at)) => {
                let left = ends_at.map(|end| end.duration_since(self.clock.now()).unwrap_or_default());
                let valid_s = left.map(|left| left.as_secs());
                match &before.signer {
                    None => info!(valid_s, "the object store's credentials are loaded"),
                    Some(last) if Arc::ptr_eq(last, &signer) => {}
                    Some(_) => info!(
                        valid_s,
                        "the object store's credentials have changed, the new ones are used"
                    ),
                }
                *current = Current {
                    signer: Some(signer),
                    reload_at: self.loader.can_change().then(|| now + reload_after(left)),
                    loaded_at: Some(now),
                    ends_at: left.map(|left| now + left),
                    failure: None,
                };
            }
            Err(error) => {
                if current.failure.is_none() {
                    warn!(error, "cannot load the object store's credentials");
                } else {
                    debug!(error, "still cannot load the object store's credentials");
                }
                let left = current.ends_at.map(|end| end.saturating_duration_since(now));
                let is_valid = current.valid(now).is_some();
                current.reload_at = Some(now + if is_valid { retry_after(left) } else { LEAST_AGE });
                if !is_valid {
                    current.signer = None;
                }
                current.failure = Some(error);
            }
        }
    }
}

/// How long after a load the next one is due. `left`: how long the keys are valid.
fn reload_after(left: Option<Duration>) -> Duration {
    match left {
        Some(left) => left.saturating_sub(BEFORE_END.min(left / 4)).max(LEAST_AGE),
        None => FILES_AGE,
    }
}

/// How long after a load that failed the next one is due. `left`: how long the last keys are valid. A failure can be a single
/// connection that was closed, so that there is time for several tries before the keys end.
fn retry_after(left: Option<Duration>) -> Duration {
    left.map_or(AFTER_FAILURE, |left| AFTER_FAILURE.min(left / 4).max(LEAST_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replaced_well_before_they_end() {
        let minutes = |count| Some(Duration::from_mins(count));
        assert_eq!(reload_after(minutes(60)), Duration::from_mins(55));
        assert_eq!(reload_after(minutes(15)), Duration::from_secs(675));
        assert_eq!(reload_after(minutes(0)), LEAST_AGE);
        assert_eq!(reload_after(None), FILES_AGE);
    }

    #[test]
    fn a_load_that_failed_is_tried_again_before_the_keys_end() {
        let seconds = |count| Some(Duration::from_secs(count));
        assert_eq!(retry_after(seconds(300)), AFTER_FAILURE);
        assert_eq!(retry_after(seconds(12)), Duration::from_secs(3));
        assert_eq!(retry_after(seconds(0)), LEAST_AGE);
        assert_eq!(retry_after(None), AFTER_FAILURE);
    }
}
