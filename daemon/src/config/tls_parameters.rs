//! The TLS parameters of a database URL, separated from those that tokio-postgres parses.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::tls::{ClientIdentity, Tls, TrustRoots};

/// The TLS parameters of a URL, by their names in libpq.
#[derive(Debug, Default)]
pub(super) struct TlsParameters {
    /// `sslmode`.
    mode: Option<String>,
    /// `sslrootcert`.
    pub(super) authorities: Option<TrustRoots>,
    /// `sslcert`.
    certificate: Option<PathBuf>,
    /// `sslkey`.
    key: Option<PathBuf>,
}

impl TlsParameters {
    /// `None`: plain.
    pub(super) fn tls(self) -> Result<Option<Tls>, String> {
        let has_file = self.authorities.is_some() || self.certificate.is_some() || self.key.is_some();
        match self.mode.as_deref() {
            None | Some("disable") if !has_file => return Ok(None),
            None | Some("require" | "verify-ca" | "verify-full") => {}
            Some("disable") => {
                return Err("sslmode=disable and a file of certificates contradict each other".to_owned());
            }
            Some(mode @ ("allow" | "prefer")) => {
                return Err(format!(
                    "sslmode={mode} lets anybody on the way switch TLS off: use verify-full or disable"
                ));
            }
            Some(_) => return Err("invalid value for option `sslmode`".to_owned()),
        }
        let identity = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err("it has an sslcert but no sslkey".to_owned()),
            (None, Some(_)) => return Err("it has an sslkey but no sslcert".to_owned()),
        };
        let trust = self.authorities.unwrap_or(TrustRoots::System);
        Ok(Some(Tls { trust, identity }))
    }

    /// Stores a parameter; `false` if it is not about TLS.
    fn set(&mut self, name: &str, value: String) -> bool {
        match name {
            "sslmode" => self.mode = Some(value),
            "sslrootcert" if matches!(value.as_str(), "" | "system") => self.authorities = Some(TrustRoots::System),
            "sslrootcert" => self.authorities = Some(TrustRoots::File(value.into())),
            "sslcert" => self.certificate = Some(value.into()),
            "sslkey" => self.key = Some(value.into()),
            _ => return false,
        }
        true
    }
}

/// Returns the text without the TLS parameters, and these parameters.
pub(super) fn split(text: &str) -> Result<(String, TlsParameters), String> {
    if !text.starts_with("postgresql://") && !text.starts_with("postgres://") {
        return Ok(split_list(text));
    }
    // As in tokio-postgres: the query starts at the first `?` after the login, which may contain
    // one.
    let login_end = text.find('@').map_or(0, |at| at + 1);
    match text[login_end..].find('?') {
        Some(at) => split_url(&text[..login_end + at], &text[login_end + at + 1..]),
        None => Ok((text.to_owned(), TlsParameters::default())),
    }
}

fn split_url(base: &str, query: &str) -> Result<(String, TlsParameters), String> {
    let mut tls = TlsParameters::default();
    let mut rest = base.to_owned();
    let mut separator = '?';
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| "a parameter of the URL is not UTF-8".to_owned())?;
        if !tls.set(name, value.into_owned()) {
            rest.push(separator);
            rest.push_str(parameter);
            separator = '&';
        }
    }
    Ok((rest, tls))
}

/// Does the same for a list of `name = value` and `name = 'va\'lue'`. Errors in the list are left
/// to tokio-postgres.
fn split_list(mut text: &str) -> (String, TlsParameters) {
    let mut tls = TlsParameters::default();
    let mut rest = String::new();
    while let Some((name, after)) = text.split_once('=') {
        let (value, after) = read_value(after.trim_start());
        if !tls.set(name.trim(), value) {
            rest.push_str(&text[..text.len() - after.len()]);
            rest.push(' ');
        }
        text = after;
    }
    rest.push_str(text);
    (rest, tls)
}

/// Reads the value at the start of the text, quoted or not. Returns it and the text after it.
fn read_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let quoted = text.starts_with('\'');
    let mut characters = text[usize::from(quoted)..].chars();
    loop {
        let before = characters.as_str();
        match characters.next() {
            Some('\\') => value.extend(characters.next()),
            Some('\'') if quoted => return (value, characters.as_str()),
            Some(character) if quoted || !character.is_whitespace() => value.push(character),
            _ => return (value, before),
        }
    }
}
