//! Turns the arguments about the object store into settings.

use std::path::PathBuf;
use std::time::Duration;

use super::arguments::Arguments;
use super::credentials::{CredentialSource, Credentials};
use super::secret::Secret;
use super::settings::StoreSettings;
use super::validation::{Given, Validator, given};

impl Arguments {
    /// The object store.
    pub(super) fn store(&self, check: &mut Validator) -> StoreSettings {
        let (ms, seconds, hour) = (Duration::from_millis, Duration::from_secs, Duration::from_hours(1));
        let endpoint = check.endpoint(given!(self.s3_endpoint));
        let credentials = self.credentials(check, &endpoint);
        let buckets = check.buckets(given!(self.s3_bucket));
        let addressing = check.addressing(given!(self.s3_addressing), &endpoint, &buckets);
        StoreSettings {
            tls: check.store_tls(&endpoint, self.s3_ca_file.as_ref()),
            endpoint,
            region: self.region(&credentials),
            buckets,
            addressing,
            credentials,
            proxies: check.proxies(&self.proxies),
            timeout: check.duration(given!(self.s3_timeout), seconds(20), ms(100)..=hour),
            probe_interval: check.duration(given!(self.s3_probe_interval), seconds(10), ms(10)..=hour),
        }
    }

    /// Our own keys; if none of them is given, the place where AWS's programs find theirs.
    fn credentials(&self, check: &mut Validator, endpoint: &str) -> CredentialSource {
        let access = (self.s3_access_key.as_ref(), self.s3_access_key_file.as_ref());
        let secret = (self.s3_secret_key.as_ref(), self.s3_secret_key_file.as_ref());
        let token = (self.s3_session_token.as_ref(), self.s3_session_token_file.as_ref());
        let is_given = |(value, file): (Option<&Secret>, Option<&PathBuf>)| value.is_some() || file.is_some();
        if ![access, secret, token].into_iter().any(is_given)
            && let Some(source) = self.aws.source(endpoint)
        {
            return CredentialSource::Aws(source, self.aws.clone());
        }
        CredentialSource::Given(Credentials {
            access: check.secret("HEIMDALL_S3_ACCESS_KEY", access.0, access.1),
            secret: check.secret("HEIMDALL_S3_SECRET_KEY", secret.0, secret.1),
            token: is_given(token).then(|| check.secret("HEIMDALL_S3_SESSION_TOKEN", token.0, token.1)),
        })
    }

    /// The region of the setting; with the keys of AWS's programs, also that of these programs.
    fn region(&self, credentials: &CredentialSource) -> String {
        let of_aws = match credentials {
            CredentialSource::Aws(_, environment) => environment.region(),
            CredentialSource::Given(_) => None,
        };
        let region = self.s3_region.as_deref().or(of_aws);
        region.unwrap_or("us-east-1").to_owned()
    }
}
