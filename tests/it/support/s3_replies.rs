//! Replies of an S3 server, for [`ScriptedStore`].

use super::BUCKET;
use super::scripted_store::{Reply, Request};

/// A reply with a length.
pub(crate) fn http_reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// An S3 error.
pub(crate) fn s3_error(status: &str, code: &str, message: &str) -> Vec<u8> {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    http_reply(status, "Content-Type: application/xml\r\n", text.as_bytes())
}

/// The S3 error for a key that does not exist.
pub(crate) fn no_such_key() -> Vec<u8> {
    s3_error("404 Not Found", "NoSuchKey", "The specified key does not exist.")
}

/// The reply of S3 for an object, or for the range of it that is requested.
pub(crate) fn object(request: &Request, etag: &str, bytes: &[u8]) -> Vec<u8> {
    let quoted = format!("\"{etag}\"");
    if request.headers.get("if-match").is_some_and(|wanted| *wanted != quoted) {
        return s3_error(
            "412 Precondition Failed",
            "PreconditionFailed",
            "At least one is false.",
        );
    }
    if request.headers.get("if-none-match") == Some(&quoted) {
        return http_reply("304 Not Modified", &format!("ETag: {quoted}\r\n"), b"");
    }
    let from = request
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        None => http_reply("200 OK", &format!("ETag: {quoted}\r\n"), bytes),
        Some(from) => {
            let headers = format!(
                "ETag: {quoted}\r\nContent-Range: bytes {from}-{}/{}\r\n",
                bytes.len() - 1,
                bytes.len()
            );
            http_reply("206 Partial Content", &headers, &bytes[from..])
        }
    }
}

/// Keeps this number of bytes after the head of a reply.
pub(crate) fn truncate(reply: &[u8], body_bytes: usize) -> Vec<u8> {
    let head = reply.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    reply[..head + body_bytes].to_vec()
}

/// The reply of a store that works: every key that ends in `.bin` has the object `bytes`, others do
/// not exist.
pub(crate) fn working_store(request: &Request, bytes: &[u8]) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    Reply::Send(
        if path.starts_with(&format!("/{BUCKET}/")) && path.rsplit('.').next() == Some("bin") {
            object(request, "v1", bytes)
        } else {
            no_such_key()
        },
    )
}
