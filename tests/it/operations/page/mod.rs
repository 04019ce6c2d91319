//! The operator's page.

mod access;
mod actions;
mod browser;
mod circumstances;
mod proxies;
mod views;

use std::path::Path;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use tempfile::TempDir;

use crate::support::Bench;
use crate::support::daemon::{ANY_PORT, Daemon};

const TOKEN: &str = "acting-token-0123456789";
const READ_TOKEN: &str = "reading-token-0123456789";

/// A daemon with tokens and an administrator's login, and how to ask it.
struct Site {
    daemon: Daemon,
    http: String,
    /// With the files of the tokens: `token` and `read_token`.
    folder: TempDir,
}

/// An answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().expect("a text"));
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    fn all_headers(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().expect("a text")).collect()
    }

    /// The path that a redirect from the root's own level leads to, with its query.
    #[track_caller]
    fn leads_to(&self) -> &str {
        let location = self.header(LOCATION.as_str());
        assert_eq!(self.status, 303, "{location}");
        let path = location.strip_prefix('.').filter(|path| path.starts_with('/'));
        path.unwrap_or_else(|| panic!("{location} is not relative"))
    }

    #[track_caller]
    fn expect(self, status: u16, contents: &[&str]) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        for content in contents {
            assert!(text.contains(content), "'{content}' is not in {text}");
        }
        self
    }
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

impl Site {
    async fn start(bench: &Bench) -> Self {
        let admin = bench.url_as("administrator").await;
        Self::start_with(bench, &[("HEIMDALL_ADMIN_DATABASE_URL", admin.as_str())]).await
    }

    /// Without an administrator's login, unless these settings have it.
    async fn start_with(bench: &Bench, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let token = file(folder.path(), "token", &format!("{TOKEN}\n"));
        let read_token = file(folder.path(), "read_token", READ_TOKEN);
        let own = [
            ANY_PORT,
            ("HEIMDALL_HTTP_TOKEN_FILE", token.as_str()),
            ("HEIMDALL_HTTP_READ_TOKEN_FILE", read_token.as_str()),
            ("HEIMDALL_HTTP_HOSTS", "heimdall.example.org"),
        ];
        let daemon = Daemon::start_with(bench, &[&own, settings].concat()).await;
        let http = daemon.http().await;
        Self { daemon, http, folder }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.expect("a body").to_vec(),
        }
    }

    fn client() -> reqwest::Client {
        let builder = reqwest::Client::builder().no_proxy().redirect(Policy::none());
        builder.build().expect("a client")
    }

    /// A GET with these headers.
    async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = Self::client().get(format!("{}{path}", self.http));
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// A POST of a form with these headers.
    async fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let request = Self::client()
            .post(format!("{}{path}", self.http))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    /// Signs in and returns the cookie.
    async fn sign_in(&self, name: &str, token: &str) -> String {
        let fields = [("name", name), ("token", token), ("next", "/actions")];
        let answer = self.post_with("/sign-in", &fields, &[]).await;
        assert_eq!(answer.leads_to(), "/actions");
        let cookie = answer.header(SET_COOKIE.as_str());
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        cookie.split(';').next().expect("a value").to_owned()
    }

    /// A GET of somebody who has signed in.
    async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        self.get_with(path, &[(COOKIE.as_str(), cookie)]).await
    }

    /// Looks at the plan of an action, and sends its form.
    async fn act(&self, cookie: &str, plan: &str) -> Answer {
        let page = self.get_as(cookie, plan).await.expect(200, &["confirm"]).text();
        let fields = hidden_fields(&page);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post_with("/actions", &fields, &[(COOKIE.as_str(), cookie)]).await
    }
}

/// The hidden fields of the form that sends an action. The values of the tests need no escaping.
fn hidden_fields(page: &str) -> Vec<(String, String)> {
    let form = page
        .split("method=\"post\" action=\"")
        .find(|form| form.trim_start_matches(['.', '/']).starts_with("actions\""))
        .expect("the form of an action");
    let (form, _) = form.split_once("</form>").expect("its end");
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
    fields
        .map(|field| {
            let (name, rest) = field.split_once("\" value=\"").expect("a value");
            let (value, _) = rest.split_once('"').expect("its end");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn encoded(text: &str) -> String {
    let hex = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(hex).collect()
}
