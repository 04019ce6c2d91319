//! Reads the settings of the operator's page.

use std::path::PathBuf;

use reqwest::Url;

use super::arguments::Arguments;
use super::credentials::DatabaseUrl;
use super::secret::Secret;
use super::settings::PageSettings;
use super::validation::Validator;

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

impl Arguments {
    pub(super) fn page(&self, check: &mut Validator) -> PageSettings {
        let acting = token(check, "HEIMDALL_HTTP_TOKEN_FILE", self.http_token_file.as_ref());
        let read_token = token(
            check,
            "HEIMDALL_HTTP_READ_TOKEN_FILE",
            self.http_read_token_file.as_ref(),
        );
        if acting.is_some() && acting == read_token {
            check.error(
                "HEIMDALL_HTTP_READ_TOKEN_FILE",
                "has the same token as HEIMDALL_HTTP_TOKEN_FILE",
            );
        }
        let given = self.http_hosts.as_deref().unwrap_or_default().split(',');
        let mut hosts = Vec::new();
        for text in given.map(str::trim).filter(|text| !text.is_empty()) {
            match host_name(text) {
                Ok(name) => hosts.push(name),
                Err(what) => check.error("HEIMDALL_HTTP_HOSTS", what),
            }
        }
        PageSettings {
            token: acting,
            read_token,
            hosts,
            admin: self.admin(check),
        }
    }

    pub(super) fn admin(&self, check: &mut Validator) -> Option<DatabaseUrl> {
        const NAME: &str = "HEIMDALL_ADMIN_DATABASE_URL";
        let (url, file) = (self.admin_database_url.as_ref(), self.admin_database_url_file.as_ref());
        if url.is_none() && file.is_none() {
            return None;
        }
        let url = check.secret(NAME, url, file);
        Some(check.database_url(NAME, self.database_at(url)))
    }
}

/// The name of a host as a browser sends it: in lower case, other scripts encoded. A port makes no
/// difference.
fn host_name(text: &str) -> Result<String, String> {
    if text.contains('*') {
        return Err(format!("'{text}': no wildcards, write each name"));
    }
    let wrong = || format!("'{text}' is not the name of a host, such as heimdall.example.org");
    let url = Url::parse(&format!("http://{text}")).map_err(|_| wrong())?;
    let is_name = url.path() == "/" && !text.contains(['/', '?', '#', '@', '\\']);
    let name = url.host_str().filter(|_| is_name).ok_or_else(wrong)?;
    Ok(name.trim_end_matches('.').to_owned())
}

fn token(check: &mut Validator, name: &str, file: Option<&PathBuf>) -> Option<Secret> {
    let read = Secret::read(file?).and_then(|token| check_token(&token).map(|()| token));
    read.map_err(|error| check.error(name, error)).ok()
}

/// Whether a token cannot be guessed. Its file may have changed since the start.
///
/// # Errors
/// When it is too short.
pub fn check_token(token: &Secret) -> Result<(), String> {
    if token.expose().len() < SHORTEST_TOKEN {
        return Err(format!(
            "the token has less than {SHORTEST_TOKEN} characters; try: openssl rand -hex 24"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(token: &str, read_token: &str) -> Result<PageSettings, String> {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        };
        let arguments = Arguments {
            http_token_file: write("act", token),
            http_read_token_file: write("read", read_token),
            http_hosts: Some(" Heimdall.example.org,, queue ".to_owned()),
            ..Arguments::default()
        };
        let mut check = Validator::default();
        let page = arguments.page(&mut check);
        check.finish(page).map_err(|errors| errors.to_string())
    }

    #[test]
    fn names_of_hosts_are_those_that_browsers_send() {
        for (given, name) in [
            ("Heimdall.example.org", "heimdall.example.org"),
            ("heimdall.example.org:8443", "heimdall.example.org"),
            ("heimdall.example.org.", "heimdall.example.org"),
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("[2001:db8::7]:9464", "[2001:db8::7]"),
        ] {
            assert_eq!(host_name(given).as_deref(), Ok(name));
        }
        for wrong in [
            "https://heimdall.example.org",
            "heimdall.example.org/page",
            "a b",
            "*.example.org",
            "u@h",
            "h:port",
        ] {
            assert!(host_name(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn tokens_are_long_and_different() {
        let (one, other) = ("0123456789abcdef\n", "fedcba9876543210");
        let settings = page(one, other).unwrap();
        assert_eq!(settings.token.unwrap().expose(), "0123456789abcdef");
        assert_eq!(settings.hosts, ["heimdall.example.org", "queue"]);
        assert!(
            page("short", other)
                .unwrap_err()
                .contains("HEIMDALL_HTTP_TOKEN_FILE: the token has less than 16")
        );
        assert!(
            page(one, one)
                .unwrap_err()
                .contains("HEIMDALL_HTTP_READ_TOKEN_FILE: has the same")
        );
    }
}
