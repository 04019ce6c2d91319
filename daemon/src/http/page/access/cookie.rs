//! The cookie of a person who has signed in. It contains who, until when, and a signature; the
//! daemon stores nothing.
//!
//! A browser sends the cookies of a host to all its ports and paths, so the name of a cookie has a mark
//! of the token: daemons with other tokens have other cookies. Neither the port nor the path would do,
//! because a proxy may pass on neither.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use super::seal::{Seal, hex, unhex};

/// How the name begins.
const NAME: &str = "heimdall_page";
/// Digits of the token's mark in the name.
const MARK_DIGITS: usize = 16;
const MARK: &str = "cookie name";
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
    /// Until when it holds, in seconds since 1970. Of two cookies, the later one is of the later sign-in.
    pub(super) until: u64,
}

/// The name of the cookies of a token.
fn name(seal: &Seal) -> String {
    let mark = seal.sign(MARK, "");
    format!("{NAME}_{}", &mark[..MARK_DIGITS])
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
        "{}={}; Max-Age={age}; {ATTRIBUTES}{secure}",
        name(seal),
        value(seal, operator, until)
    )
}

/// The header that removes the cookie of a token.
pub(super) fn unset(seal: &Seal) -> String {
    format!("{}=; Max-Age=0; {ATTRIBUTES}", name(seal))
}

/// Reads the cookies of a request, the first that this seal has signed and that is not too old.
pub(super) fn read(seal: &Seal, headers: &HeaderMap) -> Option<SignedIn> {
    let name = name(seal);
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let values = cookies
        .flat_map(|header| header.split(';'))
        .filter_map(|cookie| cookie.trim().strip_prefix(&name)?.strip_prefix('='));
    values.into_iter().find_map(|value| check(seal, value))
}

fn check(seal: &Seal, value: &str) -> Option<SignedIn> {
    let (what, signature) = value.rsplit_once('.')?;
    if !seal.is_signature(PURPOSE, what, signature) {
        return None;
    }
    let (until, operator) = what.split_once('.')?;
    let until = until.parse::<u64>().ok().filter(|until| *until >= now())?;
    Some(SignedIn {
        operator: String::from_utf8(unhex(operator)?).ok()?,
        value: value.to_owned(),
        until,
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
        let old = format!("{}={}", name(&seal), value(&seal, "Zoë", now() - 1));
        assert_eq!(reads(&seal, &old), None);
        for changed in [
            cookie.replacen('.', "0.", 1),
            format!("{cookie}0"),
            format!("{}=", name(&seal)),
        ] {
            assert_eq!(reads(&seal, &changed), None, "{changed}");
        }
    }

    #[test]
    fn each_token_has_a_cookie_of_its_own() {
        let (one, other) = (Seal::new("0123456789abcdef"), Seal::new("another token 00"));
        let cookie = |seal: &Seal, who: &str| set(seal, who, false).split(';').next().unwrap().to_owned();
        let both = format!("{}; {}", cookie(&one, "Zoë"), cookie(&other, "Ana"));
        assert_eq!(reads(&one, &both).as_deref(), Some("Zoë"));
        assert_eq!(reads(&other, &both).as_deref(), Some("Ana"));
        let removed = unset(&one);
        assert!(removed.starts_with(&format!("{}=;", name(&one))) && name(&one) != name(&other));
    }
}
