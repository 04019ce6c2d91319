//! The settings one by one: cleaned, filled from a file, and shown.

use std::path::PathBuf;

use super::arguments::Arguments;
use super::environment::bare;
use super::secret::Secret;

/// What a secret is shown as.
const HIDDEN: &str = "***";

/// The value of a setting before it is checked.
trait Field {
    /// Removes white space and quotes around it; a value that is empty counts as not given.
    fn trim(&mut self);
    /// Whether it is given.
    fn is_given(&self) -> bool;
    /// Gives it.
    fn set(&mut self, text: String);
    /// It as a person may see it.
    fn shown(&self) -> Option<String>;
}

impl Field for Option<String> {
    fn trim(&mut self) {
        *self = self
            .take()
            .map(|text| bare(&text).to_owned())
            .filter(|text| !text.is_empty());
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }

    fn set(&mut self, text: String) {
        *self = Some(text);
    }

    fn shown(&self) -> Option<String> {
        self.clone()
    }
}

impl Field for Option<Secret> {
    fn trim(&mut self) {
        let text = self.take().map(|secret| bare(secret.expose()).to_owned());
        *self = text.filter(|text| !text.is_empty()).map(Secret::new);
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }

    fn set(&mut self, text: String) {
        *self = Some(Secret::new(text));
    }

    fn shown(&self) -> Option<String> {
        self.as_ref().map(|_| HIDDEN.to_owned())
    }
}

impl Field for Option<PathBuf> {
    fn trim(&mut self) {
        let Some(path) = self.take() else { return };
        *self = match path.into_os_string().into_string() {
            Ok(text) => Some(bare(&text).to_owned())
                .filter(|text| !text.is_empty())
                .map(PathBuf::from),
            Err(path) => Some(path.into()),
        };
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }

    fn set(&mut self, text: String) {
        *self = Some(text.into());
    }

    fn shown(&self) -> Option<String> {
        self.as_ref().map(|path| path.display().to_string())
    }
}

macro_rules! fields {
    ($($field:ident)*) => {
        impl Arguments {
            /// The settings by name: that of the flag, with underscores.
            pub const NAMES: &[&'static str] = &[$(stringify!($field)),*];

            fn fields(&mut self) -> Vec<(&'static str, &mut dyn Field)> {
                vec![$((stringify!($field), &mut self.$field)),*]
            }

            /// A setting as a person may see it, secrets hidden; `None` if it is not given.
            #[must_use]
            pub fn shown(&self, name: &str) -> Option<String> {
                match name {
                    $(stringify!($field) => self.$field.shown(),)*
                    _ => None,
                }
            }
        }
    };
}

fields!(config_file database_url database_url_file database_ca_file listener_database_url listener_database_url_file
    s3_endpoint s3_ca_file s3_region s3_bucket s3_addressing s3_access_key s3_access_key_file s3_secret_key
    s3_secret_key_file s3_session_token s3_session_token_file s3_timeout s3_probe_interval concurrency extract_threads
    lease poll_interval sweep_interval sweep_recordings
    sweep_history max_object_bytes max_bytes_in_flight shutdown_grace http_addr http_hosts http_token_file http_read_token_file
    admin_database_url admin_database_url_file log log_format);

impl Arguments {
    /// The same without white space and quotes around values. A value that is empty counts as not given.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        for (_, field) in self.fields() {
            field.trim();
        }
        self
    }

    /// Takes the settings that are not given, and whose other form (directly, or as a file) is not
    /// given either. Returns the names of those that it took.
    pub(super) fn fill(&mut self, values: Vec<(&'static str, String)>) -> Vec<&'static str> {
        let given: Vec<&str> = self
            .fields()
            .into_iter()
            .filter(|(_, field)| field.is_given())
            .map(|(name, _)| name)
            .collect();
        let is_other_form = |name: &str, other: &str| {
            name.strip_suffix("_file") == Some(other) || other.strip_suffix("_file") == Some(name)
        };
        let is_free = |name: &str| !given.iter().any(|other| *other == name || is_other_form(name, other));
        let mut taken = Vec::new();
        for (name, value) in values.into_iter().filter(|(name, _)| is_free(name)) {
            if let Some((name, field)) = self.fields().into_iter().find(|(field, _)| *field == name) {
                field.set(value);
                taken.push(name);
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_count_as_not_given_and_line_ends_are_removed() {
        let trimmed = Arguments {
            database_url: Some(Secret::new("postgresql://u@db/x\n")),
            s3_secret_key: Some(Secret::new(" \n")),
            s3_ca_file: Some(PathBuf::new()),
            s3_access_key_file: Some("/run/key\n".into()),
            concurrency: Some(String::new()),
            s3_region: Some("eu-west-1\r\n".to_owned()),
            ..Arguments::default()
        }
        .trimmed();
        assert_eq!(trimmed.database_url.unwrap().expose(), "postgresql://u@db/x");
        assert!(trimmed.s3_secret_key.is_none() && trimmed.s3_ca_file.is_none() && trimmed.concurrency.is_none());
        assert_eq!(trimmed.s3_access_key_file.unwrap().to_str(), Some("/run/key"));
        assert_eq!(trimmed.s3_region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn a_pair_of_quotes_around_a_value_is_no_part_of_it() {
        let trimmed = Arguments {
            database_url: Some(Secret::new("\"postgresql://u@db/x\"\n")),
            s3_secret_key: Some(Secret::new("'s3\"cr3t'")),
            s3_bucket: Some("\"iq\"".to_owned()),
            s3_ca_file: Some("'/run/ca.pem'".into()),
            s3_region: Some("\"\"".to_owned()),
            log: Some("\"".to_owned()),
            ..Arguments::default()
        }
        .trimmed();
        assert_eq!(trimmed.database_url.unwrap().expose(), "postgresql://u@db/x");
        assert_eq!(trimmed.s3_secret_key.unwrap().expose(), "s3\"cr3t");
        assert_eq!(trimmed.s3_bucket.as_deref(), Some("iq"));
        assert_eq!(trimmed.s3_ca_file.unwrap().to_str(), Some("/run/ca.pem"));
        assert_eq!((trimmed.s3_region, trimmed.log.as_deref()), (None, Some("\"")));
    }

    #[test]
    fn what_is_given_is_not_filled_in_either_form() {
        let mut arguments = Arguments {
            s3_access_key_file: Some("/run/key".into()),
            lease: Some("10s".to_owned()),
            ..Arguments::default()
        };
        let taken = arguments.fill(vec![
            ("s3_access_key", "AKIA".to_owned()),
            ("s3_secret_key", "s3cr3t".to_owned()),
            ("lease", "20s".to_owned()),
        ]);
        assert_eq!(taken, ["s3_secret_key"]);
        assert_eq!(arguments.shown("s3_secret_key").as_deref(), Some("***"));
        assert_eq!(arguments.shown("s3_access_key"), None);
        assert_eq!(arguments.shown("lease").as_deref(), Some("10s"));
    }
}
