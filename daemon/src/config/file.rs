//! A file of settings in TOML. Each line has the name of a setting without `HEIMDALL_`, as
//! `s3_endpoint = "http://minio:9000"`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use toml::{Table, Value};

use super::arguments::Arguments;
use super::environment::nearest;

/// A file of settings is short.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The file itself is no setting of the file.
const NOT_IN_THE_FILE: &str = "config_file";

impl Arguments {
    /// Takes the settings that are neither a flag nor a variable from the file, if there is one.
    /// Returns their names.
    ///
    /// # Errors
    /// All that is wrong with the file, a line each. No line contains a value.
    pub fn read_file(&mut self) -> Result<Vec<&'static str>, Vec<String>> {
        let Some(path) = self.config_file.clone() else {
            return Ok(Vec::new());
        };
        let values = values(&path).map_err(|errors| {
            let in_file = |error| format!("HEIMDALL_CONFIG_FILE: {}: {error}", path.display());
            errors.into_iter().map(in_file).collect::<Vec<_>>()
        })?;
        Ok(self.fill(values))
    }
}

fn values(path: &Path) -> Result<Vec<(&'static str, String)>, Vec<String>> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text))
        .map_err(|error| vec![error.to_string()])?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        vec![format!("line {line}: {}", error.message())]
    })?;
    let (values, errors): (Vec<_>, Vec<_>) = table
        .into_iter()
        .map(|(key, value)| setting(&key, &value))
        .partition(Result::is_ok);
    let values: Vec<_> = values.into_iter().flatten().collect();
    let mut errors: Vec<String> = errors.into_iter().filter_map(Result::err).collect();
    for (index, (name, _)) in values.iter().enumerate() {
        if values[..index].iter().any(|(earlier, _)| earlier == name) {
            errors.push(format!("{name}: given twice, in two spellings"));
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

/// The name of a setting as `s3_endpoint`, from `s3-endpoint` or `HEIMDALL_S3_ENDPOINT` too, and its
/// value as text.
fn setting(key: &str, value: &Value) -> Result<(&'static str, String), String> {
    let normal = key.to_lowercase().replace('-', "_");
    let normal = normal.strip_prefix("heimdall_").unwrap_or(&normal);
    let mut names = Arguments::NAMES.iter().filter(|name| **name != NOT_IN_THE_FILE);
    let Some(name) = names.clone().find(|name| **name == normal) else {
        return Err(match nearest(normal, names.by_ref().copied()) {
            Some(near) => format!("{key}: no such setting, {near} is one"),
            None => format!("{key}: no such setting"),
        });
    };
    match text(value) {
        Some(text) => Ok((*name, text)),
        None => Err(format!(
            "{key}: neither a text, a number, true or false, nor a list of texts"
        )),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(true) => Some("on".to_owned()),
        Value::Boolean(false) => Some("off".to_owned()),
        Value::Array(values) => values
            .iter()
            .map(|value| value.as_str())
            .collect::<Option<Vec<_>>>()
            .map(|texts| texts.join(",")),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Arguments, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heimdalld.toml");
        std::fs::write(&path, text).unwrap();
        let mut arguments = Arguments {
            config_file: Some(path),
            lease: Some("10s".to_owned()),
            ..Arguments::default()
        };
        arguments.read_file().map(|_| arguments)
    }

    #[test]
    fn a_file_gives_what_flags_and_variables_do_not() {
        let arguments = read(
            "# servers\ns3_endpoint = 'http://minio:9000'\ns3-bucket = ['a-1', 'b-1']\nHEIMDALL_CONCURRENCY = 4\n\
             sweep_history = true\nlease = '20s'\ndatabase_url = 'postgresql://u:hunter2@h/d'\n",
        )
        .unwrap();
        for (name, value) in [
            ("s3_endpoint", "http://minio:9000"),
            ("s3_bucket", "a-1,b-1"),
            ("concurrency", "4"),
            ("sweep_history", "on"),
            ("lease", "10s"),
            ("database_url", "***"),
        ] {
            assert_eq!(arguments.shown(name).as_deref(), Some(value), "{name}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_file_is_said_without_its_values() {
        let errors = read("concurency = 4\ns3_secret_key = 1.5\nfrobnicate = 'hunter2'\n").unwrap_err();
        let text = errors.join("\n");
        for says in [
            "concurency: no such setting, concurrency is one",
            "s3_secret_key: neither",
            "frobnicate: no such setting",
        ] {
            assert!(text.contains(says), "{text}");
        }
        let twice = read("s3_region = 'a'\nHEIMDALL_S3_REGION = 'b'\n").unwrap_err();
        assert_eq!(twice.len(), 1);
        assert!(
            twice[0].ends_with("s3_region: given twice, in two spellings"),
            "{twice:?}"
        );
        let text = read("a = 'x'\na = 'y'\n").unwrap_err().join("\n");
        assert!(text.contains("line 2: duplicate key"), "{text}");
        assert!(read("\u{feff}lease = '20s'\r\nconcurrency = 4\r\n").is_ok());
        let text = read("a = 'x'\ns3_secret_key = hunter2\n").unwrap_err().join("\n");
        assert!(text.contains("line 2") && !text.contains("hunter2"), "{text}");
    }
}
