//! Which log lines are written: a level, and levels for single parts of the program.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// Our packages. A filter may name one of their modules.
const OUR_PARTS: [&str; 3] = ["heimdall_daemon", "heimdall_dsp", "heimdall_files"];
/// Their lines on lost connections: our own code logs each of them once.
const REPEATING_PARTS: [&str; 2] = ["deadpool", "tokio_postgres"];

/// Reads a filter such as `info,heimdall_daemon=debug`. Parts that repeat what ours say are off, unless they are named or
/// everything is at debug or trace.
///
/// # Errors
/// When a part is neither a level nor `name=level`: a misspelt level would otherwise be the name of a part, and nothing else
/// would be written. When the name can only be meant to be ours, and is not.
pub fn log_filter(text: &str) -> Result<Targets, String> {
    let mut default = LevelFilter::ERROR;
    let mut parts = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((name, level)) => {
                let name = name.trim();
                if name.starts_with("heimdall") && !OUR_PARTS.iter().any(|ours| name.starts_with(ours)) {
                    return Err(format!(
                        "'{name}': the daemon's part is heimdall_daemon, as in heimdall_daemon=debug"
                    ));
                }
                parts.push((name.to_owned(), level_of(level)?));
            }
            None => default = level_of(part)?,
        }
    }
    if default <= LevelFilter::INFO {
        for name in REPEATING_PARTS {
            if !parts.iter().any(|(other, _)| other.starts_with(name)) {
                parts.push((name.to_owned(), LevelFilter::OFF));
            }
        }
    }
    Ok(Targets::new().with_default(default).with_targets(parts))
}

fn level_of(name: &str) -> Result<LevelFilter, String> {
    // The parser takes no text for `error`.
    Some(name.trim())
        .filter(|name| !name.is_empty())
        .and_then(|name| name.parse().ok())
        .ok_or_else(|| {
            format!(
                "'{name}' is none of off, error, warn, info, debug, trace; a part needs one of them: info,hyper=debug"
            )
        })
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::log_filter;
    use crate::config::settings::DEFAULT_LOG;

    fn enables(filter: &str, part: &str, level: LevelFilter) -> bool {
        let filter = log_filter(filter).expect("a filter");
        filter.would_enable(part, &level.into_level().expect("a level"))
    }

    #[test]
    fn levels_and_parts_are_read() {
        let filter = "info, heimdall_daemon::writer=DEBUG,hyper=off,";
        assert!(enables(filter, "heimdall_daemon::writer::lane", LevelFilter::DEBUG));
        assert!(!enables(filter, "heimdall_daemon::worker", LevelFilter::DEBUG));
        assert!(enables(filter, "heimdall_daemon::worker", LevelFilter::INFO));
        assert!(!enables(filter, "hyper", LevelFilter::ERROR));
    }

    #[test]
    fn parts_that_repeat_ours_are_off_unless_they_are_asked_for() {
        for filter in [DEFAULT_LOG, "warn", "info,heimdall_daemon=debug"] {
            assert!(!enables(filter, "deadpool::managed", LevelFilter::ERROR), "{filter}");
            assert!(
                !enables(filter, "tokio_postgres::connection", LevelFilter::ERROR),
                "{filter}"
            );
        }
        assert!(enables(
            "info,tokio_postgres=info",
            "tokio_postgres::connection",
            LevelFilter::INFO
        ));
        assert!(enables("debug", "deadpool::managed", LevelFilter::DEBUG));
    }

    #[test]
    fn a_word_that_would_silence_the_log_is_an_error() {
        for text in [
            "inof",
            "warning",
            "info,heimdall_daemon",
            "heimdall_daemon=",
            "heimdall_daemon=loud",
            "[span]=debug=x",
        ] {
            let error = log_filter(text).expect_err(text);
            assert!(
                error.contains("is none of off, error, warn, info, debug, trace"),
                "{error}"
            );
        }
        let error = log_filter("heimdalld=debug").expect_err("another name");
        assert!(error.contains("heimdall_daemon=debug"), "{error}");
    }
}
