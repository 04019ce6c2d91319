//! What libpq's programs take besides the URL: the variables `PG*`, the password file and service
//! files. As in libpq, the URL comes first, then the service, then the variables.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::environment::variable;
use super::password_file::entry;

/// The variables that have an effect, each with the parameter that it stands for.
const VARIABLES: [(&str, &str); 13] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSERVICE", "service"),
    ("PGSERVICEFILE", "servicefile"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
];
/// Both kinds of files are short.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Bits of the mode of a password file that others may have. libpq ignores such files too.
const OTHERS: u32 = 0o077;
const DEFAULT_PORT: u16 = 5432;

/// The environment of libpq's programs, as it was at the start.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Libpq {
    /// By the parameter's name.
    variables: BTreeMap<&'static str, String>,
    home: Option<PathBuf>,
    system_folder: Option<PathBuf>,
    /// The contents of both files when they were read last, to notice a change.
    seen: String,
}

/// The parameters that a URL lacks, and where each comes from.
#[derive(Default)]
pub(super) struct Found {
    values: BTreeMap<String, (String, String)>,
}

impl Libpq {
    /// Takes the variables of this process.
    #[must_use]
    pub fn from_environment() -> Self {
        let variables = VARIABLES
            .iter()
            .filter_map(|(name, parameter)| Some((*parameter, variable(name)?)));
        Self {
            variables: variables.collect(),
            home: variable("HOME").map(PathBuf::from),
            system_folder: variable("PGSYSCONFDIR").map(PathBuf::from),
            seen: String::new(),
        }
        .reload()
    }

    /// Whether a variable has an effect.
    #[must_use]
    pub fn reads(name: &str) -> bool {
        name == "PGSYSCONFDIR" || VARIABLES.iter().any(|(variable, _)| *variable == name)
    }

    /// Whether it names a server, so that a URL is not needed.
    #[must_use]
    pub fn names_server(&self) -> bool {
        ["host", "hostaddr", "service"]
            .iter()
            .any(|parameter| self.variables.contains_key(parameter))
    }

    /// The same with the files as they are now.
    #[must_use]
    pub fn reload(&self) -> Self {
        let files = self.service_files().into_iter().chain(self.password_file(None));
        // A pipe of one of these names would be waited for.
        let texts = files.filter(|path| path.is_file()).filter_map(|path| read(&path).ok());
        Self {
            seen: texts.collect(),
            ..self.clone()
        }
    }

    fn variable(&self, parameter: &str) -> Option<&str> {
        self.variables.get(parameter).map(String::as_str)
    }

    /// The service files that exist: the user's, then the system's.
    fn service_files(&self) -> Vec<PathBuf> {
        let user = match self.variable("servicefile") {
            Some(path) => Some(PathBuf::from(path)),
            None => self.home.as_ref().map(|home| home.join(".pg_service.conf")),
        };
        let system = self.system_folder.as_ref().map(|folder| folder.join("pg_service.conf"));
        user.into_iter().chain(system).filter(|path| path.is_file()).collect()
    }

    fn password_file(&self, named: Option<&str>) -> Option<PathBuf> {
        match named.or_else(|| self.variable("passfile")) {
            Some(path) => Some(PathBuf::from(path)),
            None => self.home.as_ref().map(|home| home.join(".pgpass")),
        }
    }

    /// What a URL without these parameters gets.
    ///
    /// # Errors
    /// When the service does not exist, or a file cannot be read.
    pub(super) fn find(&self, service: Option<&str>) -> Result<Found, String> {
        let mut found = Found::default();
        for (variable, parameter) in VARIABLES {
            if let Some(value) = self.variable(parameter) {
                let source = (value.to_owned(), variable.to_owned());
                found.values.insert(parameter.to_owned(), source);
            }
        }
        if let Some(service) = service.or_else(|| self.variable("service")) {
            let (path, entries) = self.service(service)?;
            for (parameter, value) in entries {
                let source = (value, format!("service {service} in {}", path.display()));
                found.values.insert(parameter, source);
            }
        }
        Ok(found)
    }

    fn service(&self, wanted: &str) -> Result<(PathBuf, Vec<(String, String)>), String> {
        for path in self.service_files() {
            if let Some(entries) = section(&read(&path)?, wanted) {
                return Ok((path, entries));
            }
        }
        Err(format!("the service '{wanted}' is in no service file"))
    }

    /// The password of the password file for this server; `None` if there is none. With the reason
    /// if the file is refused.
    pub(super) fn password(&self, config: &Config, named: Option<&str>) -> Result<Option<(String, String)>, String> {
        let Some(path) = self.password_file(named).filter(|path| path.is_file()) else {
            return Ok(None);
        };
        let metadata = fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if metadata.permissions().mode() & OTHERS != 0 {
            return Err(format!(
                "{}: others may read it, so it is not used: chmod 600 {0}",
                path.display()
            ));
        }
        let text = read(&path)?;
        let user = config.get_user().unwrap_or_default();
        let database = config.get_dbname().unwrap_or(user);
        let ports = config.get_ports();
        for (index, host) in config.get_hosts().iter().enumerate() {
            let host = match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(folder) => folder.display().to_string(),
            };
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(DEFAULT_PORT);
            if let Some(password) = entry(&text, [&host, &port.to_string(), database, user]) {
                return Ok(Some((password, path.display().to_string())));
            }
        }
        Ok(None)
    }
}

impl Found {
    /// A parameter, with its source.
    pub(super) fn get(&self, parameter: &str) -> Option<(&str, &str)> {
        let (value, source) = self.values.get(parameter)?;
        Some((value, source))
    }
}

/// Variables may contain a password.
impl fmt::Debug for Libpq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Libpq").finish_non_exhaustive()
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

/// The entries under `[wanted]`; `None` if there is no such heading.
fn section(text: &str, wanted: &str) -> Option<Vec<(String, String)>> {
    let lines = text.lines().map(str::trim);
    let heading = format!("[{wanted}]");
    let after = lines.skip_while(|line| *line != heading).skip(1);
    if !text.lines().any(|line| line.trim() == heading) {
        return None;
    }
    let entries = after.take_while(|line| !line.starts_with('['));
    let entries = entries.filter(|line| !line.starts_with('#'));
    let pairs = entries.filter_map(|line| line.split_once('='));
    Some(
        pairs
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_section() {
        let text = "[other]\nhost=a\n\n[radio]\n# comment\nhost = db\nport=6432\n[last]\nhost=c\n";
        let pairs = |wanted| section(text, wanted).map(|pairs| pairs.into_iter().collect::<BTreeMap<_, _>>());
        let radio = pairs("radio").unwrap();
        assert_eq!(radio["host"], "db");
        assert_eq!(radio["port"], "6432");
        assert_eq!(radio.len(), 2);
        assert_eq!(pairs("none"), None);
    }

    #[test]
    fn a_service_comes_before_the_variables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services");
        fs::write(&path, "[radio]\nhost=db\nuser=u\n").unwrap();
        let libpq = Libpq {
            variables: BTreeMap::from([
                ("servicefile", path.to_string_lossy().into_owned()),
                ("service", "radio".to_owned()),
                ("host", "elsewhere".to_owned()),
                ("password", "hunter2".to_owned()),
            ]),
            ..Libpq::default()
        };
        assert!(libpq.names_server());
        let found = libpq.find(None).unwrap();
        assert_eq!(found.get("host").unwrap().0, "db");
        assert!(found.get("host").unwrap().1.starts_with("service radio in "));
        assert_eq!(found.get("password"), Some(("hunter2", "PGPASSWORD")));
        assert!(libpq.find(Some("none")).is_err());
        assert!(!format!("{libpq:?}").contains("hunter2"));
    }

    #[test]
    fn a_password_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        fs::write(&path, "db:*:*:u:hunter2\n").unwrap();
        let name = path.to_string_lossy().into_owned();
        let config: Config = "host=db user=u dbname=d".parse().unwrap();
        let libpq = Libpq::default();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(libpq.password(&config, Some(&name)).unwrap_err().contains("chmod 600"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let found = libpq.password(&config, Some(&name)).unwrap();
        assert_eq!(found, Some(("hunter2".to_owned(), name.clone())));
        let other: Config = "host=db user=v".parse().unwrap();
        assert_eq!(libpq.password(&other, Some(&name)), Ok(None));
    }
}
