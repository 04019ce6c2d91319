//! Which log lines are written: a level, and levels for single modules.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// Reads a filter such as `info,heimdall_daemon=debug`.
///
/// # Errors
/// When a part is neither a level nor `module=level`. A misspelt level would otherwise be the name of a module, and
/// nothing else would be written.
pub fn log_filter(text: &str) -> Result<Targets, String> {
    let mut filter = Targets::new().with_default(LevelFilter::ERROR);
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let level = |name: &str| {
            // The parser takes no text for `error`.
            Some(name.trim())
                .filter(|name| !name.is_empty())
                .and_then(|name| name.parse::<LevelFilter>().ok())
                .ok_or_else(|| format!("'{part}' is neither off, error, warn, info, debug, trace nor module=level"))
        };
        filter = match part.split_once('=') {
            Some((module, name)) => filter.with_target(module.trim(), level(name)?),
            None => filter.with_default(level(part)?),
        };
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::log_filter;
    use crate::config::settings::DEFAULT_LOG;

    #[test]
    fn levels_and_modules_are_read() {
        let filter = log_filter("info, heimdall_daemon::writer=DEBUG,deadpool_postgres=off,").expect("a filter");
        let enables =
            |module: &str, level: LevelFilter| filter.would_enable(module, &level.into_level().expect("a level"));
        assert!(enables("heimdall_daemon::writer::lane", LevelFilter::DEBUG));
        assert!(!enables("heimdall_daemon::worker", LevelFilter::DEBUG));
        assert!(enables("heimdall_daemon::worker", LevelFilter::INFO));
        assert!(!enables("deadpool_postgres", LevelFilter::ERROR));
        assert_eq!(log_filter(DEFAULT_LOG).expect("a filter").iter().count(), 2);
    }

    #[test]
    fn a_misspelt_level_is_an_error() {
        for text in [
            "inof",
            "info,heimdall_daemon",
            "heimdall_daemon=",
            "heimdall_daemon=loud",
            "[span]=debug=x",
        ] {
            let error = log_filter(text).expect_err(text);
            assert!(error.ends_with("module=level"), "{error}");
        }
    }
}
