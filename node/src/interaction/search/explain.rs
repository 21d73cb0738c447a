//! `_explain=true`: the answer tells how it came about, in issues beside those of ignored parameters. For people; its words may change.

use crate::session::Session;
use proto::api::v1::{Issue, SearchRequest};
use search::{Looked, Query, Scope};
use std::time::Duration;
use tokio::time::Instant;

/// A line for a search that took long: what was asked for by name, never by value.
pub fn log_slow(request: &SearchRequest, query: &Query, took: Duration, entries: usize) {
    let names: Vec<&str> = query.used.iter().map(|(name, _)| name.as_str()).collect();
    tracing::warn!(
        elapsed_ms = took.as_millis() as u64,
        resource_type = request.resource_type,
        compartment = request.compartment_type,
        parameters = names.join("&"),
        entries,
        plan = query.plan(),
        "slow search"
    );
}

/// What was told so far.
pub struct Explanation {
    last: Instant,
    lines: Vec<String>,
}

impl Explanation {
    /// Nothing yet; the first step begins.
    pub fn begin() -> Explanation {
        Explanation { last: Instant::now(), lines: vec![] }
    }

    /// The request was understood, and what its chains, `_has` and `_list` rest on was found.
    pub fn compiled(&mut self, query: &Query) {
        self.lines.push(format!("plan: {}", query.plan()));
        self.step("understood, with what it rests on");
    }

    /// Its hits were found.
    pub fn searched(&mut self, session: Session<'_>, query: &Query, hits: usize) {
        let partitions = match query.scope() {
            Scope::Compartment(_) => 1,
            _ => session.partitions().len(),
        };
        let whose = if session.searches_alone() { "on this node" } else { "on this node and others" };
        let Looked { segments, documents, entries, rows } =
            query.work.as_ref().map(|work| work.looked()).unwrap_or_default();
        self.step(&format!(
            "{hits} hits found in {partitions} partitions {whose}: {segments} segments, {documents} documents one by one, {entries} entries of the fresh tail, {rows} rows"
        ));
    }

    /// They were read, with what comes with them.
    pub fn read(&mut self, entries: usize) {
        self.step(&format!("{entries} resources read"));
    }

    /// All that was told.
    pub fn issues(self) -> impl Iterator<Item = Issue> {
        self.lines.into_iter().map(|line| Issue {
            severity: "information".to_owned(),
            code: "informational".to_owned(),
            diagnostics: format!("_explain: {line}"),
            expression: vec![],
        })
    }

    fn step(&mut self, what: &str) {
        let now = Instant::now();
        let took = now.duration_since(self.last);
        self.lines.push(format!("{what}: {:.3} ms", took.as_secs_f64() * 1000.0));
        self.last = now;
    }
}
