//! Where AWS's own programs find their keys: variables, profiles, roles. Used when none of our own
//! settings has keys for the store.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use futures_util::FutureExt as _;
use reqsign_aws_core::ProfileCredentialProvider;
use reqsign_core::{Context, FileRead, ProvideCredential as _, StaticEnv};
use reqwest::Url;

use super::environment::bare;

/// A file of profiles or a token is shorter.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The profile without a name of its own.
const DEFAULT_PROFILE: &str = "default";

/// The variables of the environment that begin with `AWS_`, and the home folder.
#[derive(Clone, Default)]
pub struct AwsEnvironment {
    variables: HashMap<String, String>,
    home: Option<PathBuf>,
}

/// The one place that keys come from. Chosen once, from what is set: a place that fails is an outage
/// with its name, and not a reason to try the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AwsSource {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    Environment,
    /// A profile of the shared files, by its name.
    Profile(String),
    /// `AWS_ROLE_ARN` with the token in `AWS_WEB_IDENTITY_TOKEN_FILE`, exchanged at STS: roles for
    /// service accounts of Kubernetes.
    WebIdentity,
    /// The agent that `AWS_CONTAINER_CREDENTIALS_FULL_URI` or `…_RELATIVE_URI` names: ECS, and pod
    /// identities of EKS.
    Container,
    /// Instance metadata, version 2: the role of the virtual machine.
    InstanceMetadata,
}

impl fmt::Display for AwsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
            Self::Profile(name) => write!(f, "the profile {name} of AWS's shared files"),
            Self::WebIdentity => f.write_str("the role AWS_ROLE_ARN for the token in AWS_WEB_IDENTITY_TOKEN_FILE"),
            Self::Container => f.write_str("the agent that AWS_CONTAINER_CREDENTIALS_…_URI names"),
            Self::InstanceMetadata => f.write_str("the role of this instance"),
        }
    }
}

impl AwsEnvironment {
    /// Takes the variables of this process.
    #[must_use]
    pub fn from_environment() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::new(variables)
    }

    fn new(variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut found = Self::default();
        for (name, value) in variables {
            let value = bare(&value);
            if name == "HOME" {
                found.home = Some(PathBuf::from(value));
            } else if name.starts_with("AWS_") && !value.is_empty() {
                found.variables.insert(name, value.to_owned());
            }
        }
        found
    }

    /// The value of a variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The region that AWS's programs use.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.variable("AWS_REGION")
            .or_else(|| self.variable("AWS_DEFAULT_REGION"))
    }

    /// Where the keys for a store come from, in the order of AWS's programs; `None`: nothing is set.
    /// The role of an instance is of use for a store of Amazon alone.
    #[must_use]
    pub fn source(&self, endpoint: &str) -> Option<AwsSource> {
        let all = |names: &[&str]| names.iter().all(|name| self.variable(name).is_some());
        let named = self.variable("AWS_PROFILE");
        let metadata = self.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").is_some() || is_amazon(endpoint);
        let is_off = |value: &str| value.eq_ignore_ascii_case("true");
        if all(&["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
            Some(AwsSource::Environment)
        } else if named.is_some() || self.has_profile(DEFAULT_PROFILE) {
            Some(AwsSource::Profile(named.unwrap_or(DEFAULT_PROFILE).to_owned()))
        } else if all(&["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"]) {
            Some(AwsSource::WebIdentity)
        } else if all(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"]) || all(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]) {
            Some(AwsSource::Container)
        } else if metadata && !self.variable("AWS_EC2_METADATA_DISABLED").is_some_and(is_off) {
            Some(AwsSource::InstanceMetadata)
        } else {
            None
        }
    }

    /// What reqsign's providers read: these variables, and files.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::new().with_file_read(SmallFiles).with_env(StaticEnv {
            home_dir: self.home.clone(),
            envs: self.variables.clone(),
        })
    }

    /// Whether a profile has keys.
    fn has_profile(&self, name: &str) -> bool {
        let context = self.context();
        let provider = ProfileCredentialProvider::new().with_profile(name);
        // It only reads files, which `SmallFiles` does at once.
        let found = provider.provide_credential(&context).now_or_never();
        found.is_some_and(|found| found.is_ok_and(|credential| credential.is_some()))
    }
}

/// Shows no value: some are secrets.
impl fmt::Debug for AwsEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsEnvironment").finish_non_exhaustive()
    }
}

fn is_amazon(endpoint: &str) -> bool {
    let host = Url::parse(endpoint).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    [".amazonaws.com", ".amazonaws.com.cn"]
        .iter()
        .any(|domain| host.ends_with(domain))
}

/// Reads files of limited length.
#[derive(Debug)]
struct SmallFiles;

impl FileRead for SmallFiles {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = File::open(Path::new(path)).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(bytes),
            Err(error) => Err(reqsign_core::Error::unexpected(format!("{path}: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> AwsEnvironment {
        let pairs = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        AwsEnvironment::new(pairs)
    }

    #[test]
    fn keys_come_from_the_first_place_that_is_set() {
        let amazon = "https://s3.eu-west-1.amazonaws.com";
        let web = [
            ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
        ];
        let container = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c")];
        let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s\n")];
        for (variables, expected) in [
            ([&keys[..], &web, &container].concat(), Some(AwsSource::Environment)),
            ([&keys[..1], &web, &container].concat(), Some(AwsSource::WebIdentity)),
            (container.to_vec(), Some(AwsSource::Container)),
            (
                vec![("AWS_PROFILE", "radio")],
                Some(AwsSource::Profile("radio".to_owned())),
            ),
            (vec![("AWS_ACCESS_KEY_ID", "")], Some(AwsSource::InstanceMetadata)),
            (vec![("AWS_EC2_METADATA_DISABLED", "true")], None),
        ] {
            assert_eq!(environment(&variables).source(amazon), expected, "{variables:?}");
        }
        assert_eq!(environment(&[]).source("http://minio:9000"), None);
        assert_eq!(environment(&[]).source("http://amazonaws.com.example.org"), None);
        let other = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")];
        assert_eq!(
            environment(&other).source("http://minio:9000"),
            Some(AwsSource::InstanceMetadata)
        );
    }

    #[test]
    fn quotes_and_line_ends_are_no_part_of_a_value() {
        let found = environment(&[
            ("AWS_REGION", "\"eu-west-1\""),
            ("AWS_SECRET_ACCESS_KEY", " 's\"3' \n"),
            ("AWS_PROFILE", "\"\""),
        ]);
        assert_eq!(found.region(), Some("eu-west-1"));
        assert_eq!(found.variable("AWS_SECRET_ACCESS_KEY"), Some("s\"3"));
        assert_eq!(found.variable("AWS_PROFILE"), None);
    }

    #[test]
    fn a_profile_counts_if_it_has_keys() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let source = || environment(&[("HOME", &home)]).source("http://minio:9000");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(".aws").join(name), text).unwrap();
        assert_eq!(source(), None);
        write("config", "[default]\nregion = eu-west-1\n");
        assert_eq!(source(), None);
        write(
            "credentials",
            "[default]\naws_access_key_id = a\naws_secret_access_key = b\n",
        );
        assert_eq!(source(), Some(AwsSource::Profile("default".to_owned())));
    }

    #[test]
    fn no_value_is_shown() {
        let shown = format!("{:?}", environment(&[("AWS_SECRET_ACCESS_KEY", "s3cr3t")]));
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}
