//! The parameters of a database URL that we read ourselves, separated from those that tokio-postgres
//! parses: those of TLS, the service and the password file.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::foreign_parameters::is_read;
use super::libpq::Found;
use super::tls::{ClientIdentity, Tls};
use super::trust_roots::TrustRoots;

/// The parameters that we read, by their names in libpq.
#[derive(Debug, Default)]
pub(super) struct OwnParameters {
    /// `service`.
    pub(super) service: Option<String>,
    /// `passfile`.
    pub(super) password_file: Option<String>,
    /// The names of those that have no effect.
    pub(super) ignored: Vec<String>,
    /// Those of TLS.
    pub(super) tls: TlsParameters,
}

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

    /// Takes what the URL does not have. A mode of the URL says everything about authorities too.
    pub(super) fn complete(&mut self, found: &Found) {
        let has_mode = self.mode.is_some();
        let has_identity = self.certificate.is_some() || self.key.is_some();
        let plain = self.mode.as_deref() == Some("disable");
        for (name, given) in [
            ("sslmode", has_mode || self.authorities.is_some() || has_identity),
            ("sslrootcert", plain || self.authorities.is_some()),
            ("sslcert", plain || has_identity),
            ("sslkey", plain || has_identity),
        ] {
            if let Some((value, _)) = found.get(name).filter(|_| !given) {
                self.set(name, value.to_owned());
            }
        }
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

impl OwnParameters {
    /// Stores a parameter; `false` if tokio-postgres reads it.
    fn set(&mut self, name: &str, value: String) -> Result<bool, String> {
        match name {
            "service" => self.service = Some(value),
            "passfile" => self.password_file = Some(value),
            name if !is_read(name, &value)? => self.ignored.push(name.to_owned()),
            name => return Ok(self.tls.set(name, value)),
        }
        Ok(true)
    }
}

/// Returns the text without the parameters that we read, and these parameters.
pub(super) fn split(text: &str) -> Result<(String, OwnParameters), String> {
    if !text.starts_with("postgresql://") && !text.starts_with("postgres://") {
        return split_list(text);
    }
    // As in tokio-postgres: the query starts at the first `?` after the login, which may contain
    // one.
    let login_end = text.find('@').map_or(0, |at| at + 1);
    match text[login_end..].find('?') {
        Some(at) => split_url(&text[..login_end + at], &text[login_end + at + 1..]),
        None => Ok((text.to_owned(), OwnParameters::default())),
    }
}

fn split_url(base: &str, query: &str) -> Result<(String, OwnParameters), String> {
    let mut own = OwnParameters::default();
    let mut rest = base.to_owned();
    let mut separator = '?';
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| "a parameter of the URL is not UTF-8".to_owned())?;
        if !own.set(name, value.into_owned())? {
            rest.push(separator);
            rest.push_str(parameter);
            separator = '&';
        }
    }
    Ok((rest, own))
}

/// Does the same for a list of `name = value` and `name = 'va\'lue'`. Errors in the list are left
/// to tokio-postgres.
fn split_list(mut text: &str) -> Result<(String, OwnParameters), String> {
    let mut own = OwnParameters::default();
    let mut rest = String::new();
    while let Some((name, after)) = text.split_once('=') {
        let (value, after) = read_value(after.trim_start());
        if !own.set(name.trim(), value)? {
            rest.push_str(&text[..text.len() - after.len()]);
            rest.push(' ');
        }
        text = after;
    }
    rest.push_str(text);
    Ok((rest, own))
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
