//! Prints what happens and when: the steps of the demo and the daemon's log.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use uuid::Uuid;

/// Prints lines with their time. Clones share the clock and the names.
#[derive(Debug, Clone)]
pub struct Timeline {
    state: Arc<Mutex<State>>,
    /// The message of the daemon's last log line.
    last_message: watch::Sender<String>,
}

#[derive(Debug)]
struct State {
    /// The time that is printed as 0.
    zero: Instant,
    /// Names that are printed in place of ids.
    names: HashMap<String, String>,
    /// Sessions that have a name.
    sessions: usize,
    /// Where the daemon serves HTTP, as it has logged it.
    http: Option<String>,
}

impl Timeline {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        let state = State {
            zero: Instant::now(),
            names: HashMap::new(),
            sessions: 0,
            http: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            last_message: watch::Sender::new(String::new()),
        }
    }

    /// Prints the daemon's log lines from now on. Does nothing if the process already has a log.
    pub fn follow_log(&self) {
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(self.clone()));
    }

    /// Prints `name` in place of `id` from now on.
    pub fn set_name(&self, id: Uuid, name: &str) {
        self.state().names.insert(id.to_string(), name.to_owned());
    }

    /// Names a session that has no name: `session 1` for the first one that is seen, and so on.
    pub fn name_session(&self, id: &str) {
        let mut state = self.state();
        if !state.names.contains_key(id) {
            state.sessions += 1;
            let name = format!("session {}", state.sessions);
            state.names.insert(id.to_owned(), name);
        }
    }

    /// Where the daemon serves HTTP: `127.0.0.1:9464`. `None` if it does not.
    #[must_use]
    pub fn http(&self) -> Option<String> {
        self.state().http.clone()
    }

    /// Prints a line with the current time.
    pub fn print(&self, what: impl fmt::Display) {
        self.print_at(Instant::now(), what);
    }

    /// Prints a line with a past time.
    #[expect(clippy::print_stdout, reason = "this is what the command is for")]
    pub fn print_at(&self, when: Instant, what: impl fmt::Display) {
        let state = self.state();
        let what = (state.names.iter()).fold(what.to_string(), |what, (id, name)| what.replace(id, name));
        println!(
            "{:>10.1} ms  {what}",
            when.saturating_duration_since(state.zero).as_secs_f64() * 1000.0
        );
    }

    /// Sets the clock to zero.
    pub fn restart_clock(&self) {
        self.state().zero = Instant::now();
    }

    /// Waits until the daemon logs `message`.
    pub async fn wait_for_log(&self, message: &str) {
        let mut last_message = self.last_message.subscribe();
        // Fails only if the sender is gone, and `self` holds it.
        let _ = last_message.wait_for(|last| last == message).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Timeline {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("heimdall")
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = LogLine::default();
        event.record(&mut line);
        if let Some(session) = line.value_of("session") {
            self.name_session(&session);
        }
        if line.message == "serving HTTP" {
            self.state().http = line.value_of("address");
        }
        let urgency = if *event.metadata().level() <= Level::WARN {
            " (warning)"
        } else {
            ""
        };
        self.print(format_args!("daemon{urgency}: {}{}", line.message, line.shown()));
        self.last_message.send_replace(line.message);
    }
}

#[derive(Default)]
struct LogLine {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl LogLine {
    fn value_of(&self, name: &str) -> Option<String> {
        let found = self.fields.iter().find(|(field, _)| *field == name);
        found.map(|(_, value)| value.clone())
    }

    /// The fields for a person: where a station is named, its measurement and its object are not.
    fn shown(&self) -> String {
        let has_station = self.fields.iter().any(|(name, _)| *name == "station");
        let mut text = String::new();
        for (name, value) in &self.fields {
            if !(has_station && ["measurement", "session", "location"].contains(name)) {
                let _ = write!(text, "  {name}={value}");
            }
        }
        text
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
