//! Faults of a whole store.

use crate::support::s3_replies::{http_reply, s3_error};
use crate::support::scripted_store::{Reply, Request};

pub(super) type Fault = fn(&Request) -> Reply;

/// Faults of the whole store, each with a text of its log line.
pub(super) fn faults() -> Vec<(&'static str, Fault)> {
    fn html(status: &str) -> Reply {
        let headers = "Content-Type: text/html; charset=utf-8\r\nETag: \"5f-61\"\r\nAccept-Ranges: bytes\r\n";
        Reply::Send(http_reply(
            status,
            headers,
            b"<html><form action=login>Please log in</form></html>",
        ))
    }
    vec![
        ("HTTP 500 InternalError", |_| {
            Reply::Send(s3_error(
                "500 Internal Server Error",
                "InternalError",
                "We encountered an error.",
            ))
        }),
        ("HTTP 503 SlowDown", |_| {
            Reply::Send(s3_error("503 Slow Down", "SlowDown", "Reduce your rate."))
        }),
        ("HTTP 403 InvalidAccessKeyId", |_| {
            Reply::Send(s3_error(
                "403 Forbidden",
                "InvalidAccessKeyId",
                "The key does not exist.",
            ))
        }),
        ("HTTP 403 RequestTimeTooSkewed", |_| {
            Reply::Send(s3_error(
                "403 Forbidden",
                "RequestTimeTooSkewed",
                "The difference is too large.",
            ))
        }),
        ("HTTP 404 NoSuchBucket", |_| {
            Reply::Send(s3_error("404 Not Found", "NoSuchBucket", "The bucket does not exist."))
        }),
        ("HTTP 404 without an S3 error code", |_| html("404 Not Found")),
        ("which cannot exist: this is not an object store", |_| {
            Reply::Send(http_reply("200 OK", "ETag: \"x\"\r\n", b"It works!"))
        }),
        ("HTTP 200 with a web page", |_| html("200 OK")),
        ("HTTP 200 without an ETag", |_| {
            Reply::Send(http_reply("200 OK", "", b"It works!"))
        }),
        ("HTTP 200 without a length", |_| {
            Reply::Close(b"HTTP/1.0 200 OK\r\nETag: \"x\"\r\n\r\nIt works!".to_vec())
        }),
        ("error sending request", |_| {
            Reply::Close(b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec())
        }),
        ("error sending request", |_| Reply::Close(Vec::new())),
        ("no answer for 300ms", |_| Reply::Hang(Vec::new())),
        ("no answer for 300ms", |_| {
            Reply::Hang(b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Len".to_vec())
        }),
    ]
}
