//! STS, the agent of containers and instance metadata in one server, which gives temporary keys, and
//! a store that only takes requests with one of these keys that is still valid.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::recordings;
use super::s3_replies::{http_reply, s3_error, working_store};
use super::scripted_store::{Reply, Request, ScriptedStore};

/// Bearer token that the agent wants to see.
pub(crate) const AGENT_TOKEN: &str = "token-of-the-pod";
/// What STS wants to see in the token file.
pub(crate) const WEB_IDENTITY: &str = "jwt-of-the-service-account";
/// Answer to the first request for instance metadata, which the next ones must carry.
const METADATA_TOKEN: &str = "metadata-token";

/// Both servers, with one clock for the keys.
pub(crate) struct AwsServices {
    pub(crate) services: ScriptedStore,
    pub(crate) store: ScriptedStore,
    issued: Issued,
    valid: Duration,
}

/// When each set of keys was issued. The number of a set is in its session token.
type Issued = Arc<Mutex<Vec<Instant>>>;

impl AwsServices {
    /// Each set of keys is valid for this long.
    pub(crate) async fn start(valid: Duration) -> Self {
        let issued = Issued::default();
        let services = ScriptedStore::start(|_| unavailable()).await;
        let known = Arc::clone(&issued);
        let tone = recordings::tone();
        let store = ScriptedStore::start(move |request| {
            let token = request.headers.get("x-amz-security-token");
            let set = token.and_then(|token| token.strip_prefix("session-")?.parse::<usize>().ok());
            let issued = known.lock().unwrap_or_else(PoisonError::into_inner);
            match set.and_then(|set| issued.get(set)) {
                Some(at) if at.elapsed() < valid => working_store(request, &tone),
                Some(_) => Reply::Send(s3_error("400 Bad Request", "ExpiredToken", "The token has expired.")),
                None => Reply::Send(s3_error("403 Forbidden", "InvalidAccessKeyId", "No such key.")),
            }
        })
        .await;
        let both = Self {
            services,
            store,
            issued,
            valid,
        };
        both.work();
        both
    }

    /// The services give no keys from now on.
    pub(crate) fn fail(&self) {
        self.services.set(|_| unavailable());
    }

    /// The services give keys again.
    pub(crate) fn work(&self) {
        let (issued, valid) = (Arc::clone(&self.issued), self.valid);
        self.services
            .set(move |request| Reply::Once(answer(request, &issued, valid)));
    }

    /// How many sets of keys were issued.
    pub(crate) fn issued(&self) -> usize {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn unavailable() -> Reply {
    Reply::Close(http_reply("503 Service Unavailable", "", b"later"))
}

fn answer(request: &Request, issued: &Issued, valid: Duration) -> Vec<u8> {
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    let has_token = header("x-aws-ec2-metadata-token") == Some(METADATA_TOKEN);
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let sts_request = format!("{query}{}", request.body);
    match path {
        "/latest/api/token" => http_reply("200 OK", "", METADATA_TOKEN.as_bytes()),
        "/latest/meta-data/iam/security-credentials/" if has_token => http_reply("200 OK", "", b"reader"),
        "/latest/meta-data/iam/security-credentials/reader" if has_token => {
            http_reply("200 OK", "", &json(issued, valid))
        }
        "/agent" if header("authorization") == Some(AGENT_TOKEN) => http_reply("200 OK", "", &json(issued, valid)),
        "/sts" if sts_request.contains(WEB_IDENTITY) && sts_request.contains("AssumeRoleWithWebIdentity") => {
            let (number, until) = issue(issued, valid);
            let text = format!(
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
                 <AccessKeyId>access-{number}</AccessKeyId><SecretAccessKey>secret-{number}</SecretAccessKey>\
                 <SessionToken>session-{number}</SessionToken><Expiration>{until}</Expiration></Credentials>\
                 </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
            );
            http_reply("200 OK", "", text.as_bytes())
        }
        _ => http_reply("401 Unauthorized", "", b"no"),
    }
}

/// Issues a set of keys. Returns its number, and until when it is valid.
fn issue(issued: &Issued, valid: Duration) -> (usize, String) {
    let mut issued = issued.lock().unwrap_or_else(PoisonError::into_inner);
    issued.push(Instant::now());
    let until = humantime::format_rfc3339_millis(SystemTime::now() + valid);
    (issued.len() - 1, until.to_string())
}

fn json(issued: &Issued, valid: Duration) -> Vec<u8> {
    let (number, until) = issue(issued, valid);
    let keys = serde_json::json!({
        "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-11-28T00:00:00Z",
        "AccessKeyId": format!("access-{number}"), "SecretAccessKey": format!("secret-{number}"),
        "Token": format!("session-{number}"), "Expiration": until,
    });
    keys.to_string().into_bytes()
}
