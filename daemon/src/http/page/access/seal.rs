//! Signatures with a token as the key: of the cookie, and of the forms of its holder. So every
//! daemon with the same token takes them, and another token ends them all.

use std::fmt::Write as _;

use ring::hmac;

/// What a token signs.
#[derive(Clone)]
pub(super) struct Seal(hmac::Key);

impl Seal {
    pub(super) fn new(token: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes()))
    }

    /// The signature of a text, for a purpose, in hexadecimal.
    pub(super) fn sign(&self, purpose: &str, text: &str) -> String {
        hex(hmac::sign(&self.0, message(purpose, text).as_bytes()).as_ref())
    }

    /// Whether this is the signature, compared in constant time.
    pub(super) fn is_signature(&self, purpose: &str, text: &str, signature: &str) -> bool {
        unhex(signature).is_some_and(|bytes| hmac::verify(&self.0, message(purpose, text).as_bytes(), &bytes).is_ok())
    }
}

/// Whether two texts are equal. The time does not depend on where they differ: the signatures of
/// both, with a key that nobody else has, are compared in constant time.
pub(super) fn are_equal(one: &str, other: &str) -> bool {
    let random = ring::rand::SystemRandom::new();
    let Ok(key) = hmac::Key::generate(hmac::HMAC_SHA256, &random) else {
        return false;
    };
    hmac::verify(&key, one.as_bytes(), hmac::sign(&key, other.as_bytes()).as_ref()).is_ok()
}

fn message(purpose: &str, text: &str) -> String {
    format!("heimdalld {purpose}\n{text}")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_its_purpose_and_its_text() {
        let seal = Seal::new("0123456789abcdef");
        let signature = seal.sign("form", "a");
        assert!(seal.is_signature("form", "a", &signature));
        assert!(!seal.is_signature("form", "b", &signature));
        assert!(!seal.is_signature("cookie", "a", &signature));
        assert!(!Seal::new("another token").is_signature("form", "a", &signature));
        for wrong in ["", "0", "zz", &signature[2..], "ä1"] {
            assert!(!seal.is_signature("form", "a", wrong), "{wrong}");
        }
    }

    #[test]
    fn equal_texts_are_equal() {
        assert!(are_equal("0123456789abcdef", "0123456789abcdef"));
        assert!(!are_equal("0123456789abcdef", "0123456789abcdeF"));
        assert!(!are_equal("", "0123456789abcdef"));
    }

    #[test]
    fn hexadecimal_text_becomes_its_bytes() {
        assert_eq!(unhex(&hex(b"\x00\xffa")), Some(b"\x00\xffa".to_vec()));
        assert_eq!(unhex("+1"), Some(vec![1]));
        assert_eq!(unhex("0g"), None);
    }
}
