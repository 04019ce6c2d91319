//! Variables of the environment: their values without quotes, and names that are no setting: typing
//! errors, and those that Kubernetes sets.

/// A typing error changes a letter or two, or exchanges two.
const MOST_CHANGES: usize = 2;
/// Ends of the names that Kubernetes sets for a service, which may be called heimdall.
const SERVICE_ENDS: [&str; 7] = ["_HOST", "_PORT", "_ADDR", "_PROTO", "_TCP", "_UDP", "_HTTP"];

/// How the names of our settings begin.
const START: &str = "HEIMDALL_";
/// How some people begin them, after the name of the program.
const PROGRAM_START: &str = "HEIMDALLD_";

/// A value without white space around it, and without a pair of quotes: Docker Compose and systemd remove
/// those of a file of variables, `docker --env-file` and `kubectl --from-env-file` do not.
pub(super) fn bare(text: &str) -> &str {
    let text = text.trim();
    let within = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).map_or(text, str::trim)
}

/// The value of a variable that is set, and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    Some(bare(&value).to_owned()).filter(|value| !value.is_empty())
}

/// Of these variables, those whose values have a pair of quotes around them.
pub fn quoted(variables: impl Iterator<Item = (String, String)>) -> Vec<String> {
    let is_quoted = |value: &str| bare(value) != value.trim();
    let mut names: Vec<String> = variables
        .filter(|(_, value)| is_quoted(value))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names
}

/// The setting that was meant by a name with a typing error.
pub(super) fn nearest<'a>(name: &str, settings: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = settings.map(|setting| (strsim::damerau_levenshtein(name, setting), setting));
    let (distance, setting) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= MOST_CHANGES).then_some(setting)
}

/// Names in the environment that begin with `HEIMDALL_` and are no setting.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UnknownNames {
    /// Those that look like a typing error, each with the setting that is meant.
    pub misspelt: Vec<(String, String)>,
    /// All others.
    pub others: Vec<String>,
}

impl UnknownNames {
    /// Compares the names of the environment with those of the settings.
    #[must_use]
    pub fn among(names: impl Iterator<Item = String>, settings: &[String]) -> Self {
        let mut unknown = Self::default();
        for name in names {
            let Some(meant) = as_setting(&name).filter(|_| !settings.contains(&name)) else {
                continue;
            };
            match nearest(&meant, settings.iter().map(String::as_str)) {
                Some(near) => {
                    let near = near.to_owned();
                    unknown.misspelt.push((name, near));
                }
                None if SERVICE_ENDS.iter().any(|end| name.ends_with(end)) => {}
                None if !name.starts_with(START) => {}
                None => unknown.others.push(name),
            }
        }
        unknown.misspelt.sort_unstable();
        unknown.others.sort_unstable();
        unknown
    }
}

/// A name as that of a setting; `None` if it is for other programs.
fn as_setting(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    match upper.strip_prefix(PROGRAM_START) {
        Some(rest) => Some(format!("{START}{rest}")),
        None => Some(upper).filter(|upper| upper.starts_with(START)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_quotes_is_no_part_of_a_value() {
        for (given, value) in [
            (" \"a b\"\n", "a b"),
            ("'a\"b'", "a\"b"),
            ("\"", "\""),
            ("\"a'", "\"a'"),
            ("\"\"", ""),
        ] {
            assert_eq!(bare(given), value);
        }
        let variables = [("PGUSER", "'u'"), ("PGHOST", " db\n"), ("AWS_REGION", "\"\"")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(quoted(variables.into_iter()), ["AWS_REGION", "PGUSER"]);
    }

    #[test]
    fn a_misspelt_name_is_told_from_those_of_other_programs() {
        let settings = ["HEIMDALL_CONCURRENCY", "HEIMDALL_S3_BUCKET", "HEIMDALL_HTTP_ADDR"].map(str::to_owned);
        let names = [
            "HEIMDALL_CONCURENCY",
            "HEIMDALL_S3_BUCKETS",
            "HEIMDALL_S3_BUCKET",
            "HEIMDALL_POSTGRES_SERVICE_HOST",
            "HEIMDALL_PORT_9464_TCP",
            "HEIMDALL_STAGE",
            "HEIMDALLD_CONCURRENCY",
            "HEIMDALLD_PORT",
            "HEIMDALLD_SERVICE_HOST",
            "HEIMDALLD_STAGE",
            "heimdall_s3_bucket",
            "PATH",
        ];
        let unknown = UnknownNames::among(names.into_iter().map(str::to_owned), &settings);
        let pairs: Vec<(&str, &str)> = unknown.misspelt.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("HEIMDALLD_CONCURRENCY", "HEIMDALL_CONCURRENCY"),
                ("HEIMDALL_CONCURENCY", "HEIMDALL_CONCURRENCY"),
                ("HEIMDALL_S3_BUCKETS", "HEIMDALL_S3_BUCKET"),
                ("heimdall_s3_bucket", "HEIMDALL_S3_BUCKET")
            ]
        );
        assert_eq!(unknown.others, ["HEIMDALL_STAGE"]);
    }
}
