//! Log lines on stderr, as text or JSON.

use super::lines;
use crate::config::Logging;
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Libraries that say more than anybody reads who did not ask for them, and what they are left with. Raft warns several times
/// a second of a node that is down; that one is, the connections to it tell once.
const TALKATIVE: [(&str, &str); 9] = [
    ("h2", "warn"),
    ("hyper", "warn"),
    ("hyper_util", "warn"),
    ("openraft", "error"),
    ("openraft_rt", "error"),
    ("ractor", "warn"),
    ("tantivy", "warn"),
    ("tonic", "warn"),
    ("tower", "warn"),
];

/// Starts logging for the process.
///
/// # Errors
/// A filter that cannot be parsed, or logging that was started before.
pub fn init(logging: &Logging) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter(&logging.level))
        .map_err(|error| format!("logging.level {:?}: {error}", logging.level))?;
    let writer = lines::start().map_err(|error| format!("log lines: {error}"))?;
    let colours = std::io::stderr().is_terminal();
    let formatted = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colours);
    let formatted = match logging.format.as_str() {
        "json" => formatted.json().flatten_event(true).boxed(),
        _ => formatted.boxed(),
    };
    tracing_subscriber::registry()
        .with(formatted.with_filter(filter))
        .try_init()
        .map_err(|error| format!("logging was started before: {error}"))?;
    if logging.format != "json" && !colours {
        lines::are_plain();
    }
    Ok(())
}

/// The configured filter behind one that has the libraries tell little; what it says of one of them counts.
fn filter(level: &str) -> String {
    let louder = |word: &str| ["info", "debug", "trace"].iter().any(|loud| loud.eq_ignore_ascii_case(word));
    if !level.split(',').any(|word| louder(word.trim())) {
        return level.to_owned();
    }
    let mut quiet: String = TALKATIVE.iter().map(|(library, level)| format!("{library}={level},")).collect();
    quiet.push_str(level);
    quiet
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of three events of Raft and one of the node.
    fn written(level: &str) -> String {
        let page = Page::default();
        let out = page.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || out.clone()).with_ansi(false);
        let filter = EnvFilter::try_new(filter(level)).unwrap();
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(lines.with_filter(filter)),
            || {
                tracing::debug!(target: "openraft::core", "raft detail");
                tracing::warn!(target: "openraft::core", "raft warning");
                tracing::error!(target: "openraft::core", "raft error");
                tracing::debug!(target: "node::engine", "node detail");
            },
        );
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn raft_is_quiet_unless_it_is_asked_for() {
        let debug = written("debug");
        assert!(debug.contains("node detail") && debug.contains("raft error"), "{debug}");
        assert!(!debug.contains("raft detail") && !debug.contains("raft warning"), "{debug}");
        assert!(written("debug,openraft=debug").contains("raft detail"));
        assert!(written("info,openraft::core=debug").contains("raft detail"));
        assert!(written("error").lines().count() == 1 && written("off").is_empty());
        assert!(!written("info").contains("node detail"));
    }
}
