//! The parameters of a database URL that are about TLS, told apart from those that tokio-postgres reads.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::tls::{ClientIdentity, Tls, TrustRoots};

/// What of a URL is about TLS, by libpq's names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TlsParameters {
    /// `sslmode`.
    mode: Option<String>,
    /// `sslrootcert`.
    pub(super) authorities: Option<String>,
    /// `sslcert`.
    certificate: Option<String>,
    /// `sslkey`.
    key: Option<String>,
}

impl TlsParameters {
    /// `None`: plain.
    pub(super) fn tls(self) -> Result<Option<Tls>, String> {
        let named = self.authorities.is_some() || self.certificate.is_some() || self.key.is_some();
        match self.mode.as_deref() {
            None | Some("disable") if !named => return Ok(None),
            None | Some("require" | "verify-ca" | "verify-full") => {}
            Some("disable") => {
                return Err("sslmode=disable and a file of certificates contradict each other".to_owned());
            }
            Some(mode @ ("allow" | "prefer")) => {
                return Err(format!(
                    "sslmode={mode} lets anybody on the way switch TLS off: say verify-full or disable"
                ));
            }
            Some(_) => return Err("invalid value for option `sslmode`".to_owned()),
        }
        let trust = match self.authorities.as_deref() {
            None | Some("system" | "") => TrustRoots::System,
            Some(path) => TrustRoots::File(PathBuf::from(path)),
        };
        let identity = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity {
                certificate: certificate.into(),
                key: key.into(),
            }),
            (None, None) => None,
            (Some(_), None) => return Err("it has an sslcert but no sslkey".to_owned()),
            (None, Some(_)) => return Err("it has an sslkey but no sslcert".to_owned()),
        };
        Ok(Some(Tls { trust, identity }))
    }

    /// Takes a parameter if it is about TLS.
    fn take(&mut self, name: &str, value: impl Into<String>) -> bool {
        let place = match name {
            "sslmode" => &mut self.mode,
            "sslrootcert" => &mut self.authorities,
            "sslcert" => &mut self.certificate,
            "sslkey" => &mut self.key,
            _ => return false,
        };
        *place = Some(value.into());
        true
    }
}

/// Where the query of a URL begins, or would begin: where tokio-postgres looks for it. `None`: it is no URL.
pub(super) fn query_start(text: &str) -> Option<usize> {
    let rest = text
        .strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))?;
    let from = text.len() - rest.len() + rest.find('@').map_or(0, |at| at + 1);
    Some(text[from..].find('?').map_or(text.len(), |at| from + at))
}

/// The text without the parameters about TLS, and those.
pub(super) fn split(text: &str) -> Result<(String, TlsParameters), String> {
    match query_start(text).map(|start| text.split_at(start)) {
        Some((base, query)) => split_url(base, query.trim_start_matches('?')),
        None => Ok(split_list(text)),
    }
}

fn split_url(base: &str, query: &str) -> Result<(String, TlsParameters), String> {
    let mut tls = TlsParameters::default();
    let mut kept = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| "a parameter of the URL is not UTF-8".to_owned())?;
        if !tls.take(name, value) {
            kept.push(parameter);
        }
    }
    let rest = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    Ok((rest, tls))
}

/// The same for `name = value` and `name = 'va\'lue'`. What is wrong with the list, tokio-postgres will say.
fn split_list(text: &str) -> (String, TlsParameters) {
    let mut tls = TlsParameters::default();
    let mut kept = String::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else {
            break;
        };
        let value_at = after.trim_start();
        let quoted = value_at.starts_with('\'');
        let mut characters = value_at.char_indices().skip(usize::from(quoted));
        let (mut value, mut end) = (String::new(), value_at.len());
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                '\'' if quoted => {
                    end = at + 1;
                    break;
                }
                c if c.is_whitespace() && !quoted => {
                    end = at;
                    break;
                }
                c => value.push(c),
            }
        }
        let next = &value_at[end..];
        if !tls.take(name.trim(), value) {
            kept.push_str(&rest[..rest.len() - next.len()]);
            kept.push(' ');
        }
        rest = next.trim_start();
    }
    kept.push_str(rest);
    (kept, tls)
}
