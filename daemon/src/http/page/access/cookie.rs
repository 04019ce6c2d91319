//! The cookie of a person who has signed in. It contains who, until when, and a signature; the
//! daemon stores nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use super::seal::{Seal, hex, unhex};

const NAME: &str = "heimdall_page";
/// A working day and a little more.
const LIFETIME: Duration = Duration::from_hours(12);
const PURPOSE: &str = "cookie";
/// Attributes of the cookie: no script reads it, no other site sends it.
const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Strict";

/// What a valid cookie says.
pub(super) struct SignedIn {
    /// The name that the person gave.
    pub(super) operator: String,
    /// The value of the cookie.
    pub(super) value: String,
}

/// The value of a cookie for this person, signed by the token's seal.
fn value(seal: &Seal, operator: &str, until: u64) -> String {
    let what = format!("{until}.{}", hex(operator.as_bytes()));
    let signature = seal.sign(PURPOSE, &what);
    format!("{what}.{signature}")
}

/// The header that sets the cookie. `is_secure`: the browser came by HTTPS.
pub(super) fn set(seal: &Seal, operator: &str, is_secure: bool) -> String {
    let until = now() + LIFETIME.as_secs();
    let secure = if is_secure { "; Secure" } else { "" };
    let age = LIFETIME.as_secs();
    format!(
        "{NAME}={}; Max-Age={age}; {ATTRIBUTES}{secure}",
        value(seal, operator, until)
    )
}

/// The header that removes the cookie.
pub(super) fn unset() -> String {
    format!("{NAME}=; Max-Age=0; {ATTRIBUTES}")
}

/// Reads the cookies of a request, the first that this seal has signed and that is not too old.
pub(super) fn read(seal: &Seal, headers: &HeaderMap) -> Option<SignedIn> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let values = cookies
        .flat_map(|header| header.split(';'))
        .filter_map(|cookie| cookie.trim().strip_prefix(NAME)?.strip_prefix('='));
    values.into_iter().find_map(|value| check(seal, value))
}

fn check(seal: &Seal, value: &str) -> Option<SignedIn> {
    let (what, signature) = value.rsplit_once('.')?;
    if !seal.is_signature(PURPOSE, what, signature) {
        return None;
    }
    let (until, operator) = what.split_once('.')?;
    if until.parse::<u64>().ok()? < now() {
        return None;
    }
    Some(SignedIn {
        operator: String::from_utf8(unhex(operator)?).ok()?,
        value: value.to_owned(),
    })
}

/// Seconds since 1970 by this host's clock. A cookie of another daemon may be a little too old or
/// too young; no row depends on it.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(seal: &Seal, cookie: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("other=1; {cookie}; more=2").parse().unwrap());
        read(seal, &headers).map(|signed_in| signed_in.operator)
    }

    #[test]
    fn a_cookie_holds_until_its_end_and_for_its_token() {
        let seal = Seal::new("0123456789abcdef");
        let header = set(&seal, "Zoë", false);
        assert!(header.contains("; HttpOnly; SameSite=Strict") && !header.contains("Secure"));
        assert!(set(&seal, "Zoë", true).ends_with("; Secure"));
        let cookie = header.split(';').next().unwrap();
        assert_eq!(reads(&seal, cookie).as_deref(), Some("Zoë"));
        assert_eq!(reads(&Seal::new("another token 00"), cookie), None);
        let old = format!("{NAME}={}", value(&seal, "Zoë", now() - 1));
        assert_eq!(reads(&seal, &old), None);
        for changed in [cookie.replacen('.', "0.", 1), format!("{cookie}0"), format!("{NAME}=")] {
            assert_eq!(reads(&seal, &changed), None, "{changed}");
        }
    }
}
