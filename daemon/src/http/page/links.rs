//! Links of the page. Templates write them from the root (`/search`); what is sent is relative to the
//! path of the request (`../search`), so that a proxy can put the page under a path of its own.

use axum::http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The attributes of the templates that have a link. Text from outside cannot contain one of these:
/// its quotation marks are escaped.
const ATTRIBUTES: [&str; 3] = [" href=\"", " src=\"", " action=\""];
/// What a value of a query needs no escape for.
const VALUE: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_');

/// The way from a path to the root: `./` from `/search`, `../` from `/session/ID`.
pub(super) fn to_root(path: &str) -> String {
    match path.matches('/').count() {
        0 | 1 => "./".to_owned(),
        slashes => "../".repeat(slashes - 1),
    }
}

/// A document with relative links.
pub(super) fn relative(document: &str, to_root: &str) -> String {
    ATTRIBUTES.iter().fold(document.to_owned(), |text, attribute| {
        text.replace(&format!("{attribute}/"), &format!("{attribute}{to_root}"))
    })
}

/// The same for the address of a redirect; `None` if it does not begin at the root.
pub(super) fn relative_location(location: &HeaderValue, to_root: &str) -> Option<HeaderValue> {
    let path = location.to_str().ok()?.strip_prefix('/')?;
    HeaderValue::from_str(&format!("{to_root}{path}")).ok()
}

/// A text as the value of a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &VALUE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_to_the_path_of_the_request() {
        for (path, expected) in [
            ("/", "./"),
            ("/search", "./"),
            ("/session/7", "../"),
            ("/a/b/c", "../../"),
        ] {
            assert_eq!(to_root(path), expected, "{path}");
        }
        let document =
            r#"<a class="brand" href="/">x</a><img src="/a.png"><form action="/actions/plan"><a href="https://x/">"#;
        assert_eq!(
            relative(document, "../"),
            r#"<a class="brand" href="../">x</a><img src="../a.png"><form action="../actions/plan"><a href="https://x/">"#
        );
        let location = |text| relative_location(&HeaderValue::from_static(text), "./");
        assert_eq!(location("/search").expect("a path"), "./search");
        assert_eq!(location("https://x/"), None);
        assert_eq!(encoded("/search?q=a b&kind=é"), "/search%3Fq%3Da%20b%26kind%3D%C3%A9");
    }
}
