//! Loads the keys that sign requests, from the place that the settings name.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::http;
use reqsign_aws_core::{
    AssumeRoleWithWebIdentityCredentialProvider, Credential, ECSCredentialProvider, EnvCredentialProvider,
    IMDSv2CredentialProvider, ProfileCredentialProvider,
};
use reqsign_core::{Context, HttpSend, ProvideCredential};
use reqwest::Url;
use tokio::time::timeout;

use super::error::StoreConfigError;
use super::http_client::http_client;
use crate::config::aws::{AwsEnvironment, AwsSource};
use crate::config::credentials::{CredentialSource, Credentials};
use crate::config::secret::Secret;
use crate::config::settings::StoreSettings;
use crate::config::tls::Tls;
use crate::config::trust_roots::TrustRoots;
use crate::sanitize::{sanitize, with_causes};

/// Limit of one request for keys. Agents and metadata services are near, and STS answers within a
/// second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Limit of a whole load: instance metadata takes three requests.
const LOAD_TIMEOUT: Duration = Duration::from_secs(10);
/// An answer with keys has a few kilobytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// The name of our sessions in the account's audit log, unless `AWS_ROLE_SESSION_NAME` is set.
const SESSION_NAME: &str = "heimdalld";

/// Keys, and until when they are valid.
pub(super) struct Loaded {
    pub(super) credentials: Credentials,
    /// `None`: they do not end.
    pub(super) ends_at: Option<SystemTime>,
}

/// Loads keys.
pub(super) enum Loader {
    /// From our settings or their files.
    Given(Credentials),
    /// From where AWS's programs find them.
    Aws(AwsSource, Context, Provider),
}

/// reqsign's provider for an [`AwsSource`].
pub(super) enum Provider {
    Environment(EnvCredentialProvider),
    Profile(ProfileCredentialProvider),
    WebIdentity(AssumeRoleWithWebIdentityCredentialProvider),
    Container(ECSCredentialProvider),
    InstanceMetadata(IMDSv2CredentialProvider),
}

impl Loader {
    pub(super) fn new(settings: &StoreSettings) -> Result<Self, StoreConfigError> {
        let (source, environment) = match &settings.credentials {
            CredentialSource::Given(credentials) => return Ok(Self::Given(credentials.clone())),
            CredentialSource::Aws(source, environment) => (source, environment),
        };
        let context = environment
            .context()
            .with_http_send(Requests::new(settings, environment)?);
        let provider = match source {
            AwsSource::Environment => Provider::Environment(EnvCredentialProvider::new()),
            AwsSource::Profile(name) => Provider::Profile(ProfileCredentialProvider::new().with_profile(name)),
            AwsSource::WebIdentity => Provider::WebIdentity(web_identity(settings, environment)),
            AwsSource::Container => Provider::Container(ECSCredentialProvider::new()),
            AwsSource::InstanceMetadata => Provider::InstanceMetadata(IMDSv2CredentialProvider::new()),
        };
        Ok(Self::Aws(source.clone(), context, provider))
    }

    /// Whether the same place can have other keys later.
    pub(super) fn can_change(&self) -> bool {
        match self {
            Self::Given(credentials) => credentials.is_from_files(),
            Self::Aws(AwsSource::Environment, ..) => false,
            Self::Aws(..) => true,
        }
    }

    /// The keys that the place has now. The error never contains a key.
    pub(super) async fn load(&self) -> Result<Loaded, String> {
        match self {
            Self::Given(credentials) => Ok(Loaded {
                credentials: credentials.reload()?,
                ends_at: None,
            }),
            Self::Aws(source, context, provider) => {
                let what = match timeout(LOAD_TIMEOUT, provider.load(context)).await {
                    Ok(Ok(Some(credential))) => return Ok(credential.into()),
                    Ok(Ok(None)) => "it has no keys".to_owned(),
                    Ok(Err(error)) => with_context(&error),
                    Err(_) => format!("no answer for {LOAD_TIMEOUT:?}"),
                };
                Err(format!("no keys from {source}: {}", sanitize(&what)))
            }
        }
    }
}

/// The error with what reqsign knows about its place.
fn with_context(error: &reqsign_core::Error) -> String {
    let mut parts = vec![with_causes(error)];
    parts.extend(error.context().iter().cloned());
    parts.join("; ")
}

/// Asks the STS of the region, as AWS's own programs do by now, unless the variable says otherwise.
fn web_identity(settings: &StoreSettings, environment: &AwsEnvironment) -> AssumeRoleWithWebIdentityCredentialProvider {
    let provider = AssumeRoleWithWebIdentityCredentialProvider::new();
    let provider = match environment.variable("AWS_STS_REGIONAL_ENDPOINTS") {
        Some(_) => provider,
        None => provider
            .with_region(settings.region.clone())
            .with_regional_sts_endpoint(),
    };
    match environment.variable("AWS_ROLE_SESSION_NAME") {
        Some(_) => provider,
        None => provider.with_role_session_name(SESSION_NAME.to_owned()),
    }
}

impl Provider {
    async fn load(&self, context: &Context) -> reqsign_core::Result<Option<Credential>> {
        match self {
            Self::Environment(provider) => provider.provide_credential(context).await,
            Self::Profile(provider) => provider.provide_credential(context).await,
            Self::WebIdentity(provider) => provider.provide_credential(context).await,
            Self::Container(provider) => provider.provide_credential(context).await,
            Self::InstanceMetadata(provider) => provider.provide_credential(context).await,
        }
    }
}

impl From<Credential> for Loaded {
    fn from(credential: Credential) -> Self {
        Self {
            ends_at: credential.expires_in.map(reqsign_core::time::Timestamp::as_system_time),
            credentials: Credentials {
                access: Secret::new(credential.access_key_id),
                secret: Secret::new(credential.secret_access_key),
                token: credential
                    .session_token
                    .filter(|token| !token.is_empty())
                    .map(Secret::new),
            },
        }
    }
}

/// Sends reqsign's requests with our time limits, TLS and proxies.
#[derive(Debug)]
struct Requests {
    client: reqwest::Client,
    /// `AWS_ENDPOINT_URL_STS`, for another STS than Amazon's.
    sts: Option<Url>,
}

impl Requests {
    fn new(settings: &StoreSettings, environment: &AwsEnvironment) -> Result<Self, StoreConfigError> {
        let sts = environment.variable("AWS_ENDPOINT_URL_STS").map(Url::parse).transpose();
        let sts = sts.map_err(|error| StoreConfigError::Settings(format!("AWS_ENDPOINT_URL_STS: {error}")))?;
        // Agents on this host and metadata services have no TLS, and an image may have no authorities.
        let tls = Tls::from(TrustRoots::System).client_config();
        let tls = tls.or_else(|_| Tls::from(TrustRoots::Empty).client_config());
        let tls = tls.map_err(StoreConfigError::Tls)?;
        Ok(Self {
            // Keys are asked for a few times an hour, by three requests one after the other. A connection that is used again
            // may be one that the other end is just closing, and the token of the metadata is asked for by a PUT, which is
            // not sent twice.
            client: http_client(tls, &settings.proxies, REQUEST_TIMEOUT)
                .pool_max_idle_per_host(0)
                .build()?,
            sts,
        })
    }

    /// The request, sent to the STS that is set.
    fn redirected(&self, mut request: reqwest::Request) -> reqwest::Request {
        if let Some(sts) = &self.sts
            && request.url().host_str().is_some_and(|host| host.starts_with("sts."))
        {
            let mut url = sts.clone();
            url.set_query(request.url().query());
            *request.url_mut() = url;
        }
        request
    }

    async fn send(&self, request: reqwest::Request) -> Result<http::Response<Bytes>, String> {
        let describe = |error: reqwest::Error| with_causes(&error.without_url());
        let mut answer = self.client.execute(request).await.map_err(describe)?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(describe)? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ANSWER_BYTES {
                return Err(format!("an answer of more than {MAX_ANSWER_BYTES} bytes"));
            }
        }
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = answer.status();
        Ok(response)
    }
}

impl HttpSend for Requests {
    async fn http_send(&self, request: http::Request<Bytes>) -> reqsign_core::Result<http::Response<Bytes>> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let failed = |what: String| reqsign_core::Error::unexpected(format!("{host}: {what}"));
        let request = reqwest::Request::try_from(request).map_err(|error| failed(with_causes(&error)))?;
        match timeout(REQUEST_TIMEOUT, self.send(self.redirected(request))).await {
            Ok(result) => result.map_err(failed),
            Err(_) => Err(failed(format!("no answer for {REQUEST_TIMEOUT:?}"))),
        }
    }
}
