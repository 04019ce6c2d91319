//! Tells on the terminal what happens, when: the demo's own steps and what the daemon logs.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Clones tell the same story.
#[derive(Debug, Clone)]
pub struct Narrator {
    story: Arc<Mutex<Story>>,
    said: Arc<watch::Sender<String>>,
}

#[derive(Debug)]
struct Story {
    zero: Instant,
    /// Ids that people would rather read by name.
    names: HashMap<String, String>,
}

impl Narrator {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        let story = Story {
            zero: Instant::now(),
            names: HashMap::new(),
        };
        Self {
            story: Arc::new(Mutex::new(story)),
            said: Arc::new(watch::Sender::new(String::new())),
        }
    }

    /// Makes the daemon's log part of the story. Where a log has been started already, it stays
    /// as it is and the story goes on without it.
    pub fn follow_log(&self) {
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(self.clone()));
    }

    /// From now on `id` reads `name`.
    pub fn call(&self, id: impl fmt::Display, name: impl Into<String>) {
        self.story().names.insert(id.to_string(), name.into());
    }

    /// One line, at this moment.
    pub fn tell(&self, what: impl fmt::Display) {
        self.tell_at(Instant::now(), what);
    }

    /// One line about a moment that has passed.
    #[expect(clippy::print_stdout, reason = "this is what the command is for")]
    pub fn tell_at(&self, when: Instant, what: impl fmt::Display) {
        let story = self.story();
        let mut what = what.to_string();
        for (id, name) in &story.names {
            if what.contains(id.as_str()) {
                what = what.replace(id.as_str(), name);
            }
        }
        println!(
            "{:>10.1} ms  {what}",
            when.saturating_duration_since(story.zero).as_secs_f64() * 1000.0
        );
    }

    /// Sets the clock to zero.
    pub fn restart_clock(&self) {
        self.story().zero = Instant::now();
    }

    /// Waits until the daemon has logged `message`.
    pub async fn heard(&self, message: &str) {
        // The sender is ours: it is never gone.
        let _ = self.said.subscribe().wait_for(|said| said == message).await;
    }

    fn story(&self) -> std::sync::MutexGuard<'_, Story> {
        self.story.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Narrator {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("heimdall")
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = LogLine::default();
        event.record(&mut line);
        let urgency = if *event.metadata().level() <= Level::WARN {
            " (warning)"
        } else {
            ""
        };
        self.tell(format_args!("daemon{urgency}: {}{}", line.message, line.fields));
        self.said.send_replace(line.message);
    }
}

#[derive(Default)]
struct LogLine {
    message: String,
    fields: String,
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.fields, "  {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record_debug(field, &format_args!("{value:.2}"));
    }
}
