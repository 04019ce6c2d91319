//! A real Chromium, driven over the W3C protocol `WebDriver`: JSON over HTTP, of which the tests
//! need a few calls. A client library would bring a second HTTP stack.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::daemon::Daemon;
use super::{DEADLINE, wait_for, wait_until};

/// The key of an element's id in an answer, from the standard.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window. Dropping the value ends it.
pub(crate) struct Browser {
    _driver: Daemon,
    address: String,
    session: String,
    client: reqwest::Client,
}

/// Where `deploy/needs.sh` unpacks Chromium and its driver.
fn unpacked() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/chromium-driver")
}

/// The program of the driver and that of Chromium, with the folders of their libraries.
fn programs() -> (PathBuf, PathBuf, Vec<PathBuf>) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |name: &str| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    };
    let installed = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(find);
    if let (Some(driver), Some(chromium)) = (find("chromedriver"), installed) {
        return (driver, chromium, Vec::new());
    }
    let folder = unpacked().join("usr");
    let (driver, chromium) = (folder.join("bin/chromedriver"), folder.join("lib/chromium/chromium"));
    assert!(
        driver.is_file(),
        "no chromedriver: deploy/test.sh unpacks it, or install chromium-driver"
    );
    let pattern = folder.join("lib/*-linux-gnu*");
    let found = glob::glob(pattern.to_str().expect("UTF-8")).expect("a pattern");
    let folders = found.flatten().flat_map(|folder| [folder.join("pulseaudio"), folder]);
    (driver, chromium, folders.collect())
}

impl Browser {
    /// Starts a browser whose window has this width.
    pub(crate) async fn start(width: u32, is_dark: bool) -> Self {
        let (driver, chromium, libraries) = programs();
        let mut command = Command::new(driver);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped());
        if !libraries.is_empty() {
            command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).expect("paths"));
        }
        let driver = Daemon::spawn(command);
        let port = wait_for("the driver listens", || async {
            let line = driver.stdout_lines("successfully on port").pop()?;
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<u16>().ok()
        })
        .await;
        let size = format!("--window-size={width},900");
        // Tests run as root too, where Chromium's sandbox refuses to work.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            &size,
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let mut browser = Self {
            _driver: driver,
            address: format!("127.0.0.1:{port}"),
            session: String::new(),
            client: reqwest::Client::builder().no_proxy().build().expect("a client"),
        };
        let answer = browser.call("", &capabilities).await;
        browser.session = answer["sessionId"].as_str().expect("a session").to_owned();
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser
            .command("Emulation.setEmulatedMedia", &json!({"features": features}))
            .await;
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500});
        browser.command("Emulation.setDeviceMetricsOverride", &metrics).await;
        browser
    }

    async fn call(&self, path: &str, body: &Value) -> Value {
        let session = if self.session.is_empty() {
            String::new()
        } else {
            format!("/{}", self.session)
        };
        let request = self
            .client
            .post(format!("http://{}/session{session}{path}", self.address));
        let request = request.header("content-type", "application/json").timeout(DEADLINE);
        let answer = request.body(body.to_string()).send().await.expect("the driver answers");
        let text = answer.text().await.expect("a text");
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        assert!(answer["value"]["error"].is_null(), "{path} {body}: {text}");
        answer["value"].take()
    }

    async fn command(&self, name: &str, parameters: &Value) {
        self.call("/goog/cdp/execute", &json!({"cmd": name, "params": parameters}))
            .await;
    }

    /// Loads a page, with its pictures.
    pub(crate) async fn open(&self, url: &str) {
        self.call("/url", &json!({"url": url})).await;
        wait_until("all pictures are loaded", || async {
            let script = "for (const i of document.images) i.loading = 'eager';
                return [...document.images].every(i => i.complete)";
            self.run(script).await == true
        })
        .await;
    }

    /// The value that a script in the page returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.call("/execute/sync", &json!({"script": script, "args": []})).await
    }

    async fn element(&self, selector: &str) -> String {
        let found = self
            .call("/element", &json!({"using": "css selector", "value": selector}))
            .await;
        found[ELEMENT].as_str().expect("an id").to_owned()
    }

    /// Clicks what the selector finds.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.element(selector).await;
        self.call(&format!("/element/{element}/click"), &json!({})).await;
    }

    /// Types a text into what the selector finds.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        self.call(&format!("/element/{element}/value"), &json!({"text": text}))
            .await;
    }

    /// The text of the page as a person sees it.
    pub(crate) async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().expect("a text").to_owned()
    }

    /// What the console has got since the last call.
    pub(crate) async fn console(&self) -> Vec<String> {
        let entries = self.call("/se/log", &json!({"type": "browser"})).await;
        let entries = entries.as_array().expect("a list").iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium would outlive its driver. A test that fails has no other way to end it.
        let Ok(mut stream) = TcpStream::connect(&self.address) else {
            return;
        };
        let _ = stream.set_read_timeout(Some(DEADLINE));
        let (session, address) = (&self.session, &self.address);
        let _ = write!(
            stream,
            "DELETE /session/{session} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.read(&mut [0; 64]);
    }
}
