//! Checks the object store: TLS, its clock, and each bucket.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::Url;
use tokio::time::timeout;

use super::finding::Finding;
use crate::config::settings::StoreSettings;
use crate::metrics::unix_time_s;
use crate::object_store::client::ObjectStore;
use crate::object_store::error::StoreError;

/// For one request; the time-out in the settings may be longer.
const LIMIT: Duration = Duration::from_secs(10);
/// The network delays a message by less than this.
const CLOCK_TOLERANCE_S: f64 = 60.0;

/// Checks everything about the store, if its settings are there.
pub(super) async fn examine(settings: Option<&StoreSettings>) -> Vec<Finding> {
    let Some(settings) = settings else {
        return vec![Finding::warning(
            "store",
            "not looked at, because HEIMDALL_S3_ENDPOINT and the keys are not set here",
            "HEIMDALL_S3_ENDPOINT=https://…  and the keys, as the daemons have them",
        )];
    };
    let store = match ObjectStore::new(settings, 1) {
        Ok(store) => store,
        Err(error) => {
            return vec![Finding::wrong(
                "store",
                error,
                "heimdalld --help  lists the settings of the store",
            )];
        }
    };
    let mut findings = vec![transport(settings)];
    // The Date header is optional. The checks of the buckets report a store that does not answer.
    if let Ok(Ok(Some(date))) = timeout(LIMIT, store.date()).await {
        findings.push(clock(&date));
    }
    for bucket in store.bucket_names() {
        let probed = timeout(LIMIT, store.probe(bucket)).await;
        findings.push(match probed {
            Ok(Ok(())) => Finding::ok(
                &format!("bucket {bucket}"),
                "answers, and distinguishes a missing object from a forbidden one",
            ),
            Ok(Err(error)) => bucket_error(settings, bucket, &error),
            Err(_) => bucket_error(
                settings,
                bucket,
                &StoreError::Other {
                    reason: format!("no answer for {LIMIT:?}"),
                    retry_after: None,
                },
            ),
        });
    }
    findings
}

fn transport(settings: &StoreSettings) -> Finding {
    let endpoint = &settings.endpoint;
    let url = Url::parse(endpoint).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    if endpoint.starts_with("https://") || local {
        Finding::ok(
            "store",
            format_args!("{endpoint}, {}", if local { "on this host" } else { "with TLS" }),
        )
    } else {
        Finding::warning(
            "store",
            format_args!("{endpoint} is without TLS: others in the network can read and change recordings"),
            "HEIMDALL_S3_ENDPOINT=https://…",
        )
    }
}

fn clock(date: &str) -> Finding {
    let Ok(Ok(since)) = httpdate::parse_http_date(date).map(|date| date.duration_since(UNIX_EPOCH)) else {
        return Finding::warning(
            "store's clock",
            format_args!("its Date header is '{date}', which is not a date"),
            "curl -sI HEIMDALL_S3_ENDPOINT",
        );
    };
    let ahead_s = unix_time_s() - since.as_secs_f64();
    let direction = if ahead_s > 0.0 { "ahead of" } else { "behind" };
    let what = format!("this host is {:.0} s {direction} the store", ahead_s.abs());
    if ahead_s.abs() >= CLOCK_TOLERANCE_S {
        Finding::warning(
            "store's clock",
            format_args!(
                "{what}; from 900 s on it refuses signatures, and each is made again with the time of its clock"
            ),
            "timedatectl set-ntp true",
        )
    } else {
        Finding::ok("store's clock", "agrees with this host's")
    }
}

/// A finding with the error of the store, and what to do about its usual cause.
fn bucket_error(settings: &StoreSettings, bucket: &str, error: &StoreError) -> Finding {
    let what = error.to_string();
    let endpoint = &settings.endpoint;
    let hint = if what.contains("NoSuchBucket") {
        format!("aws --endpoint-url {endpoint} s3 mb s3://{bucket}  or correct HEIMDALL_S3_BUCKET")
    } else if what.contains("InvalidAccessKeyId") || what.contains("SignatureDoesNotMatch") {
        "HEIMDALL_S3_ACCESS_KEY_FILE and HEIMDALL_S3_SECRET_KEY_FILE: other keys; HEIMDALL_S3_REGION is part of the signature too".to_owned()
    } else if what.contains("RequestTimeTooSkewed") {
        "timedatectl set-ntp true".to_owned()
    } else if what.contains("HTTP 403") {
        format!(
            "a policy for these keys with s3:GetObject on arn:aws:s3:::{bucket}/* and s3:ListBucket on arn:aws:s3:::{bucket}; without s3:ListBucket a missing object looks forbidden"
        )
    } else {
        format!("curl -sv {endpoint}")
    };
    Finding::wrong(&format!("bucket {bucket}"), what, hint)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_wrong_clock_is_a_warning() {
        for (behind_s, level) in [(0, Level::Ok), (120, Level::Warning), (3_600, Level::Warning)] {
            let date = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(behind_s));
            let finding = clock(&date);
            assert_eq!(finding.level, level, "{finding:?}");
            assert_eq!(finding.hint.is_some(), level != Level::Ok, "{finding:?}");
        }
        assert_eq!(clock("yesterday").level, Level::Warning);
    }
}
