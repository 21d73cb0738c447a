//! What a run found.

use super::{check::Findings, outage::Outage, wire::Wire};
use std::{collections::BTreeMap, fmt, time::Duration};

/// Shown, it is the whole story.
#[derive(Debug, Default)]
pub struct Report {
    /// What was run, with its seed.
    pub run: String,
    /// How often which interaction was answered how.
    pub tally: BTreeMap<(&'static str, Wire, String), u64>,
    /// How long a node took to be ready again, after each kill.
    pub starts: Vec<Duration>,
    /// How long no write was acknowledged, by what had gone wrong.
    pub outages: BTreeMap<String, Outage>,
    /// What else is of interest.
    pub notes: Vec<String>,
    /// Of each invariant.
    pub findings: Vec<(&'static str, Findings)>,
    /// Answers that nobody should get.
    pub surprises: Vec<String>,
    /// What a node did, or wrote into its log, that is no good news.
    pub troubles: Vec<String>,
}

/// So many of a kind are shown.
const SHOWN_MAX: usize = 4;

impl Report {
    /// Nothing is wrong, and every invariant was put to the test.
    pub fn holds(&self) -> bool {
        let good = |(_, findings): &(&str, Findings)| findings.violations.is_empty() && findings.checked > 0;
        self.findings.iter().all(good) && self.surprises.is_empty() && self.troubles.is_empty()
    }

    /// How many requests were answered with success.
    pub fn done(&self) -> u64 {
        self.tally.iter().filter(|((_, _, told), _)| told == "done").map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.run)?;
        let mut rows: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for ((what, wire, told), count) in &self.tally {
            rows.entry((what, wire)).or_default().push(format!("{told} {count}"));
        }
        for ((what, wire), told) in rows {
            writeln!(f, "  {what} over {wire:?}: {}", told.join(", "))?;
        }
        if let Some(longest) = self.starts.iter().max() {
            let mut sorted = self.starts.clone();
            sorted.sort_unstable();
            let half = sorted[sorted.len() / 2];
            writeln!(f, "  {} starts; ready after {half:.1?}, at most {longest:.1?}", sorted.len())?;
        }
        for (what, Outage { times, longest, from }) in &self.outages {
            writeln!(f, "  {times} × {what}: no write for at most {longest:.1?}, from {from:.1?} on")?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))?;
        for (name, findings) in &self.findings {
            let verdict = match (findings.violations.len(), findings.checked) {
                (0, 0) => "NOT CHECKED".to_owned(),
                (0, checked) => format!("holds ({checked})"),
                (violations, checked) => format!("VIOLATED: {violations} of {checked}"),
            };
            writeln!(f, "{name}: {verdict}")?;
            show(f, &findings.violations)?;
        }
        for (what, texts) in [("surprising answers", &self.surprises), ("troubles of nodes", &self.troubles)]
        {
            if !texts.is_empty() {
                writeln!(f, "{what}: {}", texts.len())?;
                show(f, texts)?;
            }
        }
        Ok(())
    }
}

fn show(f: &mut fmt::Formatter<'_>, texts: &[String]) -> fmt::Result {
    for text in texts.iter().take(SHOWN_MAX) {
        let short: String = text.chars().take(1500).collect();
        writeln!(f, "    {short}")?;
    }
    Ok(())
}
