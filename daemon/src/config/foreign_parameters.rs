//! Parameters of a database URL that other drivers and tools write into it.

/// Those that tokio-postgres reads, and those that we take out before.
const KNOWN: [&str; 25] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslmode",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "service",
    "passfile",
    "sslpassword",
];

/// Those that may be left out without harm: of libpq, JDBC, Prisma, `SQLAlchemy`, pgx and others.
const HARMLESS: [&str; 41] = [
    // libpq
    "client_encoding",
    "fallback_application_name",
    "gssdelegation",
    "gsslib",
    "keepalives_count",
    "krbsrvname",
    "replication",
    "scram_client_key",
    "sslcertmode",
    "sslcompression",
    "sslsni",
    // JDBC
    "ApplicationName",
    "currentSchema",
    "prepareThreshold",
    "reWriteBatchedInserts",
    "stringtype",
    "tcpKeepAlive",
    "loginTimeout",
    "socketTimeout",
    "connectTimeout",
    // Prisma
    "schema",
    "connection_limit",
    "pool_timeout",
    "pgbouncer",
    "socket_timeout",
    "statement_cache_size",
    // SQLAlchemy, asyncpg, psycopg
    "async_fallback",
    "prepared_statement_cache_size",
    "command_timeout",
    "pool_size",
    "max_overflow",
    // pgx
    "pool_max_conns",
    "pool_min_conns",
    "pool_max_conn_lifetime",
    "pool_max_conn_idle_time",
    "pool_health_check_period",
    "default_query_exec_mode",
    "statement_cache_capacity",
    // node-postgres, Supabase
    "uselibpqcompat",
    "workaround",
    "supa",
];

/// Those that ask for something that we do not do, with what to write instead.
const REFUSED: [(&str, &str); 10] = [
    ("gssencmode", "the daemon has no GSS encryption: leave it out"),
    ("require_auth", "the daemon does not check the method: leave it out"),
    (
        "requirepeer",
        "the daemon does not check the server's account: leave it out",
    ),
    ("sslcrl", "the daemon reads no revocation lists: leave it out"),
    ("sslcrldir", "the daemon reads no revocation lists: leave it out"),
    ("ssl_min_protocol_version", "the least is TLS 1.2: leave it out"),
    ("ssl_max_protocol_version", "the most is TLS 1.3: leave it out"),
    ("ssl", "write sslmode=verify-full"),
    ("sslaccept", "write sslmode=verify-full"),
    ("sslidentity", "write sslcert and sslkey"),
];

/// Values of a refused parameter with which it asks for nothing.
const EMPTY_WISHES: [(&str, &str); 6] = [
    ("gssencmode", "disable"),
    ("gssencmode", "prefer"),
    ("sslcrl", ""),
    ("ssl_min_protocol_version", "TLSv1.2"),
    ("ssl_max_protocol_version", "TLSv1.3"),
    ("ssl_max_protocol_version", ""),
];

/// A name is nearer than this to the one that was meant.
const MOST_CHANGES: usize = 2;

/// Whether a parameter is read (`true`), or is ignored without harm (`false`).
///
/// # Errors
/// What is wrong with it. The error never contains a value.
pub(super) fn is_read(name: &str, value: &str) -> Result<bool, String> {
    if KNOWN.contains(&name) {
        return Ok(true);
    }
    if HARMLESS.contains(&name) || EMPTY_WISHES.contains(&(name, value)) {
        return Ok(false);
    }
    if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(format!("the parameter '{name}': {instead}"));
    }
    // Text that is no name may be a piece of a password.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
        return Err("it has a parameter that does not exist".to_owned());
    }
    let near = KNOWN
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known));
    Err(match near.min() {
        Some((changes, known)) if changes <= MOST_CHANGES => {
            format!("it has the parameter '{name}', which does not exist: {known} does")
        }
        _ => format!("it has the parameter '{name}', which the daemon does not know"),
    })
}

/// What is wrong with the scheme of a URL, or with a login that is not escaped.
pub(super) fn check_scheme(text: &str) -> Result<(), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok(());
    };
    match scheme {
        "postgresql" | "postgres" => {}
        "jdbc:postgresql" => {
            return Err("it is a URL of JDBC: write postgresql://user:password@host/database".to_owned());
        }
        _ if scheme.starts_with("postgresql+") || scheme.starts_with("postgres+") => {
            let driver = scheme.split_once('+').map_or("", |(_, driver)| driver);
            let is_name = driver.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return Err(format!(
                "it is a URL of SQLAlchemy{}: write postgresql://",
                if is_name {
                    format!(" for {driver}")
                } else {
                    String::new()
                }
            ));
        }
        // A list of parameters, with a URL in a password.
        _ if scheme.contains('=') => return Ok(()),
        _ => return Err("its scheme is not postgresql://".to_owned()),
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.matches('@').count() > 1 {
        return Err("its user or password contains an '@' that is not escaped: write %40".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_read_ignored_or_named() {
        assert_eq!(is_read("sslmode", "require"), Ok(true));
        assert_eq!(is_read("connection_limit", "5"), Ok(false));
        assert_eq!(is_read("gssencmode", "disable"), Ok(false));
        for (name, says) in [
            ("gssencmode", "leave it out"),
            ("sslmod", "sslmode does"),
            ("frobnicate", "does not know"),
            ("hunter2", "a parameter that does not exist"),
        ] {
            let error = is_read(name, "require").unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(!is_read("hunter2", "").unwrap_err().contains("hunter2"));
    }

    #[test]
    fn urls_of_other_tools_are_named() {
        for (url, says) in [
            ("postgresql+asyncpg://u:hunter2@h/d", "SQLAlchemy for asyncpg"),
            ("jdbc:postgresql://h/d", "JDBC"),
            ("mysql://h/d", "scheme"),
            ("postgresql://u:hun@ter2@h/d", "%40"),
        ] {
            let error = check_scheme(url).unwrap_err();
            assert!(error.contains(says) && !error.contains("ter2"), "{error}");
        }
        for good in [
            "postgresql://u:p%40@h/d?options=a@b@c",
            "host=h password=x://y",
            "postgres://u@h",
        ] {
            assert_eq!(check_scheme(good), Ok(()), "{good}");
        }
    }
}
