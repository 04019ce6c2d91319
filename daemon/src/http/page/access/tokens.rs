//! The tokens as their files have them now. Somebody may replace a file at any time.

use crate::config::page::check_token;
use crate::config::secret::Secret;
use crate::config::settings::PageSettings;

/// The tokens that are good now.
#[derive(Default)]
pub(super) struct Tokens {
    pub(super) acting: Option<Secret>,
    pub(super) reading: Option<Secret>,
    /// What is wrong with the files, for the log.
    pub(super) faults: Vec<String>,
}

impl Tokens {
    /// Reads the files by the rules of the start: a file without a good token gives no right, and
    /// where both have the same one, it only reads.
    pub(super) fn read(settings: &PageSettings) -> Self {
        let mut tokens = Self::default();
        tokens.acting = tokens.token(settings.token.as_ref());
        tokens.reading = tokens.token(settings.read_token.as_ref());
        if tokens.acting.is_some() && tokens.acting == tokens.reading {
            tokens.acting = None;
            tokens.faults.push("both files have the same token".to_owned());
        }
        tokens
    }

    fn token(&mut self, token: Option<&Secret>) -> Option<Secret> {
        let read = token?.reload().and_then(|token| check_token(&token).map(|()| token));
        read.map_err(|fault| self.faults.push(fault)).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_is_replaced_gives_the_right_of_what_it_has_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        write("act", "acting-token-0123456789");
        write("read", "reading-token-0123456789");
        let settings = PageSettings {
            token: Some(Secret::read(&path("act")).unwrap()),
            read_token: Some(Secret::read(&path("read")).unwrap()),
            ..PageSettings::default()
        };
        let now = || {
            let tokens = Tokens::read(&settings);
            let text = |token: Option<Secret>| token.map(|token| token.expose().to_owned());
            (text(tokens.acting), text(tokens.reading), tokens.faults.len())
        };
        let some = |text: &str| Some(text.to_owned());
        let reading = some("reading-token-0123456789");
        assert_eq!(now(), (some("acting-token-0123456789"), reading.clone(), 0));
        write("act", "another-token-0123456789");
        assert_eq!(now(), (some("another-token-0123456789"), reading.clone(), 0));
        // Half of a file, or none.
        for text in ["", "another"] {
            write("act", text);
            assert_eq!(now(), (None, reading.clone(), 1), "{text:?}");
        }
        write("act", "reading-token-0123456789");
        assert_eq!(now(), (None, reading.clone(), 1));
        fs::remove_file(path("read")).unwrap();
        assert_eq!(now(), (reading, None, 1));
    }
}
