//! Names in the environment that are no setting: typing errors, and those that Kubernetes sets.

/// A typing error changes a letter or two, or exchanges two.
const MOST_CHANGES: usize = 2;
/// Ends of the names that Kubernetes sets for a service, which may be called heimdall.
const SERVICE_ENDS: [&str; 7] = ["_HOST", "_PORT", "_ADDR", "_PROTO", "_TCP", "_UDP", "_HTTP"];

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
            if !name.starts_with("HEIMDALL_") || settings.contains(&name) {
                continue;
            }
            match nearest(&name, settings.iter().map(String::as_str)) {
                Some(near) => {
                    let near = near.to_owned();
                    unknown.misspelt.push((name, near));
                }
                None if SERVICE_ENDS.iter().any(|end| name.ends_with(end)) => {}
                None => unknown.others.push(name),
            }
        }
        unknown.misspelt.sort_unstable();
        unknown.others.sort_unstable();
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "PATH",
        ];
        let unknown = UnknownNames::among(names.into_iter().map(str::to_owned), &settings);
        let pairs: Vec<(&str, &str)> = unknown.misspelt.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("HEIMDALL_CONCURENCY", "HEIMDALL_CONCURRENCY"),
                ("HEIMDALL_S3_BUCKETS", "HEIMDALL_S3_BUCKET")
            ]
        );
        assert_eq!(unknown.others, ["HEIMDALL_STAGE"]);
    }
}
