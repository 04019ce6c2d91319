//! Who sends a request, and what is permitted.

use std::net::IpAddr;

use super::seal::Seal;

const FORM: &str = "form";

/// What a visitor may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::http::page) enum Rights {
    Nothing,
    Read,
    Act,
}

/// Who sends a request.
#[derive(Clone)]
pub(in crate::http::page) struct Visitor {
    pub(in crate::http::page) rights: Rights,
    /// The name that the person gave when signing in; empty for others.
    pub(in crate::http::page) operator: String,
    pub(in crate::http::page) address: IpAddr,
    /// The way from the path of the request to the root, as a link has it.
    pub(in crate::http::page) to_root: String,
    /// The seal of the token, and what it has signed in. `None` without a token.
    pub(super) credential: Option<(Seal, String)>,
}

impl Visitor {
    /// What the forms of this visitor contain.
    pub(in crate::http::page) fn form_token(&self) -> String {
        self.credential
            .as_ref()
            .map_or_else(String::new, |(seal, subject)| seal.sign(FORM, subject))
    }

    /// Whether a form was made for this visitor.
    pub(in crate::http::page) fn has_made(&self, form_token: &str) -> bool {
        self.credential
            .as_ref()
            .is_some_and(|(seal, subject)| seal.is_signature(FORM, subject, form_token))
    }

    pub(in crate::http::page) fn is_signed_in(&self) -> bool {
        self.credential.is_some()
    }

    /// The same visitor, at another place.
    pub(in crate::http::page) fn at(self, to_root: &str) -> Self {
        Self {
            to_root: to_root.to_owned(),
            ..self
        }
    }
}
