//! Requests that no browser sends, and the page behind a proxy.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream as AsyncStream};

use super::browser::{CHECKS, sign_in};
use super::{READ_TOKEN, Site};
use crate::support::webdriver::Browser;
use crate::support::{Bench, DEADLINE, recordings, wait_until};

/// Sends a request byte by byte as it is, and returns the answer.
fn send(site: &Site, request: &str) -> String {
    let address: SocketAddr = site.http["http://".len()..].parse().expect("an address");
    let mut stream = TcpStream::connect(address).expect("it connects");
    stream.set_read_timeout(Some(DEADLINE)).expect("set");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_proxy_passes_on_needs_a_token_and_odd_requests_are_answered() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let bearer = format!("Authorization: Bearer {READ_TOKEN}\r\n");
    let (close, local) = ("Connection: close\r\n\r\n", "Host: 127.0.0.1:9464\r\n");
    for (request, expected) in [
        (format!("GET /search HTTP/1.1\r\n{local}{close}"), "HTTP/1.1 200 "),
        // As nginx passes it on, unless it is told otherwise: without a header that names it.
        (format!("GET /search HTTP/1.0\r\n{local}{close}"), "HTTP/1.0 303 "),
        (
            format!("GET /search HTTP/1.0\r\n{local}{bearer}{close}"),
            "HTTP/1.0 200 ",
        ),
        (format!("GET /search HTTP/1.0\r\n{close}"), "HTTP/1.0 421 "),
        (format!("GET /healthz HTTP/1.0\r\n{close}"), "HTTP/1.0 200 "),
        (format!("HEAD / HTTP/1.1\r\n{local}{close}"), "HTTP/1.1 200 "),
        (format!("OPTIONS / HTTP/1.1\r\n{local}{close}"), "HTTP/1.1 405 "),
        (format!("OPTIONS * HTTP/1.1\r\n{local}{close}"), "HTTP/1.1 405 "),
        (format!("DELETE /actions HTTP/1.1\r\n{local}{close}"), "HTTP/1.1 405 "),
        (format!("CONNECT x:1 HTTP/1.1\r\n{local}{close}"), "HTTP/1.1 405 "),
        (
            format!("GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n{close}"),
            "HTTP/1.1 421 ",
        ),
        (
            format!("GET /search HTTP/1.1\r\n{local}If-None-Match: *\r\n{close}"),
            "HTTP/1.1 200 ",
        ),
    ] {
        let answer = tokio::task::block_in_place(|| send(&site, &request));
        assert!(answer.starts_with(expected), "{request}{answer}");
        assert!(!request.starts_with("HEAD") || answer.ends_with("\r\n\r\n"), "{answer}");
    }
    site.daemon.stop().await;
}

/// A proxy that puts a server under the path `/heimdall`. Returns its address.
async fn prefixing(server: &str) -> String {
    let server = server.strip_prefix("http://").expect("an address").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move { pass_on(client, &server).await });
        }
    });
    format!("http://{address}/heimdall")
}

/// One request, and its answer.
async fn pass_on(mut client: AsyncStream, server: &str) -> std::io::Result<()> {
    let (mut head, mut block) = (Vec::new(), [0; 4_096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = client.read(&mut block).await?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&block[..count]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let Some((method, rest)) = text.split_once(" /heimdall/") else {
        return client
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await;
    };
    let mut server = AsyncStream::connect(server).await?;
    server.write_all(format!("{method} /{rest}").as_bytes()).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => Ok(()),
        answered = copy(&mut from_server, &mut to_client) => answered.map(drop),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_works_below_a_path_of_a_proxy() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin"]).await;
    let site = Site::start(&bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    let base = prefixing(&site.http).await;
    let browser = Browser::start(1280, false).await;
    sign_in(&browser, &base).await;
    let measurement = session.measurements[0];
    for view in [
        String::new(),
        format!("session/{}", session.id),
        format!("measurement/{measurement}"),
    ] {
        browser.open(&format!("{base}/{view}")).await;
        assert_eq!(browser.run(CHECKS).await, Value::Array(Vec::new()), "{view}");
    }
    browser.open(&format!("{base}/search?q={measurement}")).await;
    assert!(browser.text().await.contains("How its bytes were read"));
    browser
        .open(&format!("{base}/actions/plan?action=pause_extraction&reason=test"))
        .await;
    browser.click("#confirm").await;
    wait_until("it is done", || async {
        browser.text().await.contains("It is the first line of the record")
    })
    .await;
    browser.click("header form button").await;
    wait_until("the person has signed out", || async {
        browser.text().await.contains("Sign in")
    })
    .await;
    assert_eq!(browser.console().await, Vec::<String>::new());
    site.daemon.stop().await;
}
