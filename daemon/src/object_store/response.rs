//! Checks of the store's answers: an object, or an error with its reason.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, HeaderName, RETRY_AFTER, TRANSFER_ENCODING};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::error::StoreError;
use super::signing::Wanted;

/// S3 error documents are a few hundred bytes of XML; more is not read.
const MAX_ERROR_BODY_BYTES: usize = 8 * 1024;
/// Larger clock differences are ignored. A century allows for a host without a battery, which
/// starts in 1970.
const MAX_AHEAD_S: i64 = 100 * 365 * 86_400;
/// A hexadecimal digest with a part count has 40 bytes; a much longer entity tag is not from S3.
const MAX_ETAG_BYTES: usize = 256;

/// A header, if it is text.
pub(super) fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// The entity tag without its quotes.
pub(super) fn etag(response: &Response) -> Option<&str> {
    let etag = header(response, ETAG)?.trim().trim_matches('"');
    (1..=MAX_ETAG_BYTES).contains(&etag.len()).then_some(etag)
}

/// Returns the answer if it is what was `wanted`.
///
/// A server that is not an object store (the login page of a proxy, the default page of a web
/// server) may also answer with status 200. Its bytes must not be extracted as a recording.
pub(super) async fn check(response: Response, wanted: Wanted<'_>, limit: Duration) -> Result<Response, StoreError> {
    let status = response.status();
    let is_remainder = matches!(wanted, Wanted::Remainder { .. });
    match status {
        StatusCode::NOT_MODIFIED if matches!(wanted, Wanted::Unless(_)) => return Err(StoreError::Unchanged),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT if is_remainder || status == StatusCode::OK => {
            check_object(&response)?;
            // A store that ignores the condition sends the object.
            return match wanted {
                Wanted::Unless(known) if etag(&response) == Some(known) => Err(StoreError::Unchanged),
                _ => Ok(response),
            };
        }
        StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE if is_remainder => {
            return Err(StoreError::Replaced);
        }
        _ => {}
    }
    let retry_after = header(&response, RETRY_AFTER)
        .and_then(|text| text.trim().parse().ok())
        .map(Duration::from_secs);
    let store_ahead_s = header(&response, DATE).and_then(ahead_s);
    let from_s3 = response.headers().contains_key("x-amz-request-id");
    let named_region = response.headers().get("x-amz-bucket-region").cloned();
    let ErrorDocument { code, message, region } = error_document(response, limit).await;
    // A proxy without its store also answers 404. Without an error code, only an answer with S3's
    // header means that the object does not exist.
    if status == StatusCode::NOT_FOUND && (code == "NoSuchKey" || (code.is_empty() && from_s3)) {
        return Err(StoreError::Missing);
    }
    let mut reason = format!("HTTP {}", status.as_u16());
    for more in [&code, &message] {
        if !more.is_empty() {
            reason = format!("{reason} {more}");
        }
    }
    if code.is_empty() {
        reason.push_str(" without an S3 error code");
    }
    if status == StatusCode::MOVED_PERMANENTLY || code.starts_with("Authorization") {
        let named = named_region.as_ref().and_then(|value| value.to_str().ok());
        if let Some(region) = named.into_iter().chain([&*region]).find(|name| is_region(name)) {
            reason = format!("{reason}; the store names another region: HEIMDALL_S3_REGION={region}");
        }
    }
    match store_ahead_s.filter(|_| code == "RequestTimeTooSkewed") {
        Some(store_ahead_s) => Err(StoreError::Skewed { reason, store_ahead_s }),
        None if code == "AccessDenied" && !is_about_signature(&message) => Err(StoreError::Denied { reason }),
        None => Err(StoreError::Other { reason, retry_after }),
    }
}

/// Whether a text can be the name of a region.
fn is_region(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Garage says so of a wrong secret key, with the code of a missing right.
fn is_about_signature(message: &str) -> bool {
    message.to_lowercase().contains("signature")
}

/// What we read of an error document of S3; an element that does not exist is empty.
struct ErrorDocument {
    code: String,
    message: String,
    region: String,
}

/// How far a Date header is ahead of this host's clock, seconds; `None` beyond [`MAX_AHEAD_S`].
fn ahead_s(date: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(date).ok()?;
    let whole_s = |duration: Duration| {
        let seconds = i64::try_from(duration.as_secs()).ok();
        seconds.filter(|seconds| *seconds <= MAX_AHEAD_S)
    };
    match date.duration_since(SystemTime::now()) {
        Ok(ahead) => whole_s(ahead),
        Err(behind) => whole_s(behind.duration()).map(i64::wrapping_neg),
    }
}

fn check_object(response: &Response) -> Result<(), StoreError> {
    let status = response.status().as_u16();
    if let Some(kind) = header(response, CONTENT_TYPE).filter(|kind| kind.trim_start().starts_with("text/html")) {
        return Err(StoreError::other(format!(
            "HTTP {status} with a web page ({kind}) instead of an object"
        )));
    }
    if etag(response).is_none() {
        return Err(StoreError::other(format!(
            "HTTP {status} without an ETag: this is not an object store"
        )));
    }
    let lengths = [CONTENT_LENGTH, TRANSFER_ENCODING];
    if !lengths.iter().any(|name| response.headers().contains_key(name)) {
        return Err(StoreError::other(format!(
            "HTTP {status} without a length: a complete body cannot be distinguished from a broken one"
        )));
    }
    Ok(())
}

async fn error_document(mut response: Response, limit: Duration) -> ErrorDocument {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(piece)) = response.chunk().await {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ERROR_BODY_BYTES {
                break;
            }
        }
    };
    // After the time limit, what has arrived is used.
    drop(timeout(limit, read).await);
    body.truncate(MAX_ERROR_BODY_BYTES);
    let text = String::from_utf8_lossy(&body);
    let element = |name| element(&text, name).to_owned();
    ErrorDocument {
        code: element("Code"),
        message: element("Message"),
        region: element("Region"),
    }
}

/// Text between `<name>` and `</name>`: enough for S3's error document, which is flat.
fn element<'a>(text: &'a str, name: &str) -> &'a str {
    text.split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")))
        .map_or("", |(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_differences_up_to_a_century_are_read_from_the_date() {
        let date = |ahead_s: i64| {
            let distance = Duration::from_secs(ahead_s.unsigned_abs());
            let now = SystemTime::now();
            httpdate::fmt_http_date(if ahead_s < 0 { now - distance } else { now + distance })
        };
        for distance_s in [-3_600, 0, 3_600, 30 * 365 * 86_400] {
            let found_s = ahead_s(&date(distance_s)).expect("date");
            assert!((found_s - distance_s).abs() <= 1, "{found_s} for {distance_s}");
        }
        for text in [&*date(2 * MAX_AHEAD_S), "Fri, 31 Dec 9999 23:59:59 GMT", "now", ""] {
            assert_eq!(ahead_s(text), None, "{text}");
        }
    }

    #[test]
    fn code_and_message_are_read_from_an_error_document() {
        let text = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>not there</Message></Error>";
        assert_eq!(
            (element(text, "Code"), element(text, "Message")),
            ("NoSuchKey", "not there")
        );
        assert_eq!(element("<html>", "Code"), "");
    }
}
