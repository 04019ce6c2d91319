//! Who may do what on the page.
//!
//! A request from this host to this host reads without a token. Every other one needs a token, in a
//! signed cookie or as `Authorization: Bearer`. An action needs the acting token, a form that was
//! made for this cookie, and a browser that says that the form comes from this page.

use std::net::SocketAddr;

use axum::http::header::{AUTHORIZATION, FORWARDED, HOST, HeaderName, ORIGIN, VIA};
use axum::http::{HeaderMap, Version};

use self::hosts::{Hosts, is_sent_to_loopback};
use self::seal::{Seal, are_equal};
use self::tokens::Tokens;
pub(super) use self::visitor::{Rights, Visitor};
use crate::config::secret::Secret;
use crate::config::settings::PageSettings;
use crate::sanitize::sanitize;

mod cookie;
mod hosts;
mod seal;
mod tokens;
mod visitor;

/// A longer name is cut.
const LONGEST_NAME: usize = 60;
/// A request with one of these came through a proxy, so its address is not that of the person.
const PROXIED: [HeaderName; 7] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-prefix"),
    FORWARDED_PROTOCOL,
    HeaderName::from_static("x-real-ip"),
];
const FORWARDED_PROTOCOL: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The rules.
pub(super) struct Access {
    settings: PageSettings,
    hosts: Hosts,
}

impl Access {
    pub(super) fn new(settings: PageSettings) -> Self {
        Self {
            hosts: Hosts::new(settings.hosts.clone()),
            settings,
        }
    }

    /// Whether anybody can sign in.
    pub(super) fn has_tokens(&self) -> bool {
        self.settings.token.is_some() || self.settings.read_token.is_some()
    }

    /// Whether an action is possible for anybody.
    pub(super) fn can_act(&self) -> bool {
        self.settings.token.is_some() && self.settings.admin.is_some()
    }

    pub(super) fn is_for_this_host(&self, headers: &HeaderMap) -> bool {
        self.hosts.allow(headers)
    }

    /// Finds out who sends a request.
    pub(super) fn visitor(&self, peer: SocketAddr, version: Version, headers: &HeaderMap) -> Visitor {
        let address = peer.ip().to_canonical();
        let visitor = |rights, operator, credential| Visitor {
            rights,
            operator,
            address,
            to_root: "/".to_owned(),
            credential,
        };
        let tokens = self.tokens();
        let signed_in = tokens.iter().filter_map(|(rights, token)| {
            let seal = Seal::new(token.expose());
            Some((*rights, cookie::read(&seal, headers)?, seal))
        });
        // A person may have signed in with both tokens, one after the other.
        let signed_in = signed_in.max_by_key(|(rights, signed_in, _)| (signed_in.until, *rights));
        let given = bearer(headers).and_then(|given| {
            let mut tokens = tokens.iter();
            tokens.find(|(_, token)| are_equal(given, token.expose()))
        });
        if let Some((rights, signed_in, seal)) = signed_in
            && given.is_none_or(|(given, _)| *given <= rights)
        {
            return visitor(rights, signed_in.operator, Some((seal, signed_in.value)));
        }
        if let Some((rights, token)) = given {
            let seal = Seal::new(token.expose());
            return visitor(*rights, "bearer".to_owned(), Some((seal, "bearer".to_owned())));
        }
        // No browser speaks HTTP/1.0, and nginx does by default, without any header that names it.
        let is_local = address.is_loopback()
            && is_sent_to_loopback(headers)
            && version >= Version::HTTP_11
            && !PROXIED.iter().any(|name| headers.contains_key(name));
        visitor(
            if is_local { Rights::Read } else { Rights::Nothing },
            String::new(),
            None,
        )
    }

    /// The header that sets the cookie of a person who has given this token, and what it permits.
    pub(super) fn sign_in(&self, operator: &str, given: &str, headers: &HeaderMap) -> Option<(String, Rights)> {
        // All tokens are compared, so that the time does not tell which one is near.
        let found = self
            .tokens()
            .into_iter()
            .filter(|(_, token)| are_equal(given, token.expose()))
            .max_by_key(|(rights, _)| *rights);
        let (rights, token) = found?;
        let operator: String = sanitize(operator.trim()).chars().take(LONGEST_NAME).collect();
        let is_secure = headers
            .get(FORWARDED_PROTOCOL)
            .is_some_and(|protocol| protocol.as_bytes() == b"https");
        let seal = Seal::new(token.expose());
        Some((cookie::set(&seal, &operator, is_secure), rights))
    }

    /// The headers that remove the cookies of this daemon's tokens.
    pub(super) fn sign_out(&self) -> Vec<String> {
        let tokens = self.tokens();
        let seals = tokens.iter().map(|(_, token)| Seal::new(token.expose()));
        seals.map(|seal| cookie::unset(&seal)).collect()
    }

    /// The tokens as their files have them now, with what they permit.
    fn tokens(&self) -> Vec<(Rights, Secret)> {
        let now = Tokens::read(&self.settings);
        let both = [(Rights::Act, now.acting), (Rights::Read, now.reading)];
        both.into_iter()
            .filter_map(|(rights, token)| Some((rights, token?)))
            .collect()
    }

    /// What is wrong with the files of the tokens now.
    pub(super) fn faults(&self) -> Vec<String> {
        Tokens::read(&self.settings).faults
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim())
}

/// Whether a form comes from this page, as far as the browser says where it comes from.
pub(super) fn is_from_this_page(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_same_site = text(&FETCH_SITE).is_none_or(|site| site == "same-origin");
    let is_same_host = text(&ORIGIN).is_none_or(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == text(&HOST)
    });
    is_same_site && is_same_host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn access() -> Access {
        Access::new(PageSettings {
            token: Some(Secret::new("acting-token-0123456789")),
            read_token: Some(Secret::new("reading-token-0123456789")),
            ..PageSettings::default()
        })
    }

    fn rights(peer: &str, pairs: &[(&'static str, &str)]) -> Rights {
        let peer = peer.parse().unwrap();
        access().visitor(peer, Version::HTTP_11, &headers(pairs)).rights
    }

    #[test]
    fn this_host_reads_and_others_need_a_token() {
        let (here, there) = ("127.0.0.1:4000", "192.0.2.7:4000");
        assert_eq!(rights(here, &[("host", "127.0.0.1:9464")]), Rights::Read);
        assert_eq!(
            rights("[::ffff:127.0.0.1]:4000", &[("host", "localhost")]),
            Rights::Read
        );
        for (peer, pairs) in [
            (there, &[("host", "127.0.0.1:9464")][..]),
            (here, &[("host", "heimdall.example.org")]),
            (here, &[("host", "localhost"), ("x-forwarded-for", "192.0.2.7")]),
            (here, &[("host", "localhost"), ("forwarded", "for=192.0.2.7")]),
            (here, &[("host", "localhost"), ("x-forwarded-prefix", "/heimdall")]),
            (
                there,
                &[("host", "h"), ("authorization", "Bearer acting-token-012345678")],
            ),
            (
                there,
                &[("host", "h"), ("cookie", "heimdall_page=acting-token-0123456789")],
            ),
        ] {
            assert_eq!(rights(peer, pairs), Rights::Nothing, "{peer} {pairs:?}");
        }
        let bearer = |token| rights(there, &[("host", "h"), ("authorization", token)]);
        assert_eq!(bearer("Bearer reading-token-0123456789"), Rights::Read);
        assert_eq!(bearer("Bearer acting-token-0123456789"), Rights::Act);
    }

    #[test]
    fn a_person_who_signs_in_gets_a_cookie_and_forms_of_his_own() {
        let access = access();
        assert!(
            access
                .sign_in("Zoë", "acting-token-012345678", &HeaderMap::new())
                .is_none()
        );
        let sign_in = |name, token| {
            let (cookie, rights) = access.sign_in(name, token, &HeaderMap::new()).unwrap();
            let cookie = cookie.split(';').next().unwrap().to_owned();
            let (peer, headers) = ("192.0.2.7:4000".parse().unwrap(), headers(&[("cookie", &cookie)]));
            let visitor = access.visitor(peer, Version::HTTP_11, &headers);
            assert_eq!(visitor.rights, rights);
            visitor
        };
        let zoe = sign_in("Zoë\u{202e}", "acting-token-0123456789");
        assert_eq!((zoe.rights, &*zoe.operator), (Rights::Act, "Zoë\\u{202e}"));
        let reader = sign_in("A", "reading-token-0123456789");
        assert_eq!(reader.rights, Rights::Read);
        assert!(zoe.has_made(&zoe.form_token()));
        assert!(!zoe.has_made(&reader.form_token()) && !zoe.has_made(""));
        let (peer, headers) = ("127.0.0.1:1".parse().unwrap(), headers(&[("host", "localhost")]));
        let nobody = access.visitor(peer, Version::HTTP_11, &headers);
        // As nginx passes it on.
        assert_eq!(access.visitor(peer, Version::HTTP_10, &headers).rights, Rights::Nothing);
        assert!(!nobody.has_made(&nobody.form_token()) && !nobody.is_signed_in());
    }

    #[test]
    fn a_form_of_another_site_is_known_by_its_headers() {
        for (pairs, expected) in [
            (
                &[
                    ("host", "h:1"),
                    ("origin", "http://h:1"),
                    ("sec-fetch-site", "same-origin"),
                ][..],
                true,
            ),
            (&[("host", "h:1")], true),
            (&[("host", "h:1"), ("origin", "http://evil.example")], false),
            (&[("host", "h:1"), ("origin", "http://h:2")], false),
            (&[("host", "h:1"), ("origin", "null")], false),
            (&[("host", "h:1"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "h:1"), ("sec-fetch-site", "same-site")], false),
        ] {
            assert_eq!(is_from_this_page(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
