//! What a store answers: an object, or a refusal with its reason.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, HeaderName, RETRY_AFTER, TRANSFER_ENCODING};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::error::StoreError;

/// S3 error bodies are a few hundred bytes of XML; more is not worth reading.
const MAX_ERROR_BODY_BYTES: usize = 8 * 1024;
/// A century: a host without a battery wakes up in 1970. Whoever says more means no time, and none that can be reckoned with.
const MAX_AHEAD_S: i64 = 100 * 365 * 86_400;
/// A digest in hexadecimal with a part count has 40; what is much longer is no entity tag of S3's.
const MAX_ETAG_BYTES: usize = 256;

/// A header that is text.
pub(super) fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// The entity tag without quotes.
pub(super) fn etag(response: &Response) -> Option<&str> {
    let etag = header(response, ETAG)?.trim().trim_matches('"');
    (1..=MAX_ETAG_BYTES).contains(&etag.len()).then_some(etag)
}

/// The answer if it is an object, whole or the part that was asked for.
///
/// Whatever stands in the store's place (a proxy's login page, a web server's
/// default page) may answer 200 as well: its bytes must not be taken for a recording.
pub(super) async fn check(response: Response, part: bool, limit: Duration) -> Result<Response, StoreError> {
    let status = response.status();
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT if part || status == StatusCode::OK => {
            check_object(&response)?;
            return Ok(response);
        }
        StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE if part => {
            return Err(StoreError::Replaced);
        }
        _ => {}
    }
    let retry_after = header(&response, RETRY_AFTER)
        .and_then(|text| text.trim().parse().ok())
        .map(Duration::from_secs);
    let store_ahead_s = header(&response, DATE).and_then(ahead_s);
    let from_s3 = response.headers().contains_key("x-amz-request-id");
    let (code, message) = error_body(response, limit).await;
    // Without a code it is S3's only if it says so; a proxy that has lost its store answers 404, too.
    if status == StatusCode::NOT_FOUND && (code == "NoSuchKey" || (code.is_empty() && from_s3)) {
        return Err(StoreError::Missing);
    }
    let mut what = format!("HTTP {}", status.as_u16());
    for more in [&code, &message] {
        if !more.is_empty() {
            what = format!("{what} {more}");
        }
    }
    if code.is_empty() {
        what.push_str(" without an S3 error code");
    }
    match store_ahead_s.filter(|_| code == "RequestTimeTooSkewed") {
        Some(store_ahead_s) => Err(StoreError::Skewed { what, store_ahead_s }),
        None => Err(StoreError::Other { what, retry_after }),
    }
}

/// How far the date of an answer is ahead of this host's clock, seconds; nothing beyond [`MAX_AHEAD_S`].
fn ahead_s(date: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(date).ok()?;
    let whole = |duration: Duration| {
        let seconds = i64::try_from(duration.as_secs()).ok();
        seconds.filter(|seconds| *seconds <= MAX_AHEAD_S)
    };
    match date.duration_since(SystemTime::now()) {
        Ok(ahead) => whole(ahead),
        Err(behind) => whole(behind.duration()).map(i64::wrapping_neg),
    }
}

fn check_object(response: &Response) -> Result<(), StoreError> {
    let status = response.status().as_u16();
    if let Some(kind) = header(response, CONTENT_TYPE).filter(|kind| kind.trim_start().starts_with("text/html")) {
        return Err(StoreError::other(format!(
            "HTTP {status} with a web page ({kind}) in place of an object"
        )));
    }
    if etag(response).is_none() {
        return Err(StoreError::other(format!(
            "HTTP {status} without an ETag: this is no object store"
        )));
    }
    let framed = [CONTENT_LENGTH, TRANSFER_ENCODING];
    if !framed.iter().any(|name| response.headers().contains_key(name)) {
        return Err(StoreError::other(format!(
            "HTTP {status} without a length: the end of the body could not be told from a break"
        )));
    }
    Ok(())
}

/// `<Code>` and `<Message>` of an S3 error document; empty where there is none.
async fn error_body(mut response: Response, limit: Duration) -> (String, String) {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(piece)) = response.chunk().await {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ERROR_BODY_BYTES {
                break;
            }
        }
    };
    // All of it, or what came in time.
    drop(timeout(limit, read).await);
    body.truncate(MAX_ERROR_BODY_BYTES);
    let text = String::from_utf8_lossy(&body);
    (element(&text, "Code").to_owned(), element(&text, "Message").to_owned())
}

/// Text between `<name>` and `</name>`, enough for the flat error document of S3.
fn element<'a>(text: &'a str, name: &str) -> &'a str {
    text.split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")))
        .map_or("", |(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_taken_from_an_answer_within_reason() {
        let date = |ahead_s: i64| {
            let distance = Duration::from_secs(ahead_s.unsigned_abs());
            let now = SystemTime::now();
            httpdate::fmt_http_date(if ahead_s < 0 { now - distance } else { now + distance })
        };
        for distance_s in [-3_600, 0, 3_600, 30 * 365 * 86_400] {
            let found_s = ahead_s(&date(distance_s)).expect("a time");
            assert!((found_s - distance_s).abs() <= 1, "{found_s} for {distance_s}");
        }
        for text in [&*date(2 * MAX_AHEAD_S), "Fri, 31 Dec 9999 23:59:59 GMT", "now", ""] {
            assert_eq!(ahead_s(text), None, "{text}");
        }
    }

    #[test]
    fn the_error_document_of_s3_is_read() {
        let text = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>not there</Message></Error>";
        assert_eq!(
            (element(text, "Code"), element(text, "Message")),
            ("NoSuchKey", "not there")
        );
        assert_eq!(element("<html>", "Code"), "");
    }
}
