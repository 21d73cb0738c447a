//! What the rows come to: ratios, and whether the bounds hold.

use super::{
    probe::{Probes, Quantiles},
    progress::{BASE, MILLION},
    row::Row,
};

/// What is asked of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
    BelowMilliseconds(f64),
    /// Shown only.
    None,
}

/// Whether it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Held,
    Missed,
    /// There is no figure yet, or no bound.
    Untold,
}

/// A figure with its bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub what: String,
    /// `None`: the store is not large enough yet.
    pub found: Option<f64>,
    pub bound: Bound,
}

const RATE: Bound = Bound::AtLeast(0.8);
const LATENCY: Bound = Bound::AtMost(1.2);
const PAGE: Bound = Bound::BelowMilliseconds(1.0);

impl Finding {
    /// Whether the bound holds.
    pub fn verdict(&self) -> Verdict {
        let Some(found) = self.found else { return Verdict::Untold };
        let held = match self.bound {
            Bound::None => return Verdict::Untold,
            Bound::AtLeast(least) => found >= least,
            Bound::AtMost(most) => found <= most,
            Bound::BelowMilliseconds(most) => found < most,
        };
        if held { Verdict::Held } else { Verdict::Missed }
    }

    /// A line of Markdown.
    pub fn line(&self) -> String {
        let found = self.found.map_or("not told yet".to_owned(), |found| format!("{found:.3}"));
        let bound = match self.bound {
            Bound::None => String::new(),
            Bound::AtLeast(least) => format!("at least {least}"),
            Bound::AtMost(most) => format!("at most {most}"),
            Bound::BelowMilliseconds(most) => format!("below {most} ms"),
        };
        let verdict = match self.verdict() {
            Verdict::Held => "held",
            Verdict::Missed => "**MISSED**",
            Verdict::Untold => "",
        };
        format!("| {} | {found} | {bound} | {verdict} |", self.what)
    }
}

/// What is compared of a probe, and what it has to be to that at the first million.
type Compared = (&'static str, fn(&Probes) -> Quantiles, Bound);

/// Of the table's kinds of requests, those for all patients have no bound.
const COMPARED: [Compared; 4] = [
    ("read", |probes| probes.read, LATENCY),
    ("patient's page", |probes| probes.page, LATENCY),
    ("ten codes of a patient", |probes| probes.codes, LATENCY),
    ("page of 1,000", |probes| probes.thousand, Bound::None),
];

/// All findings. `rows` are those of the load in their order, `end` is the last row, probed now.
pub fn findings(rows: &[Row], end: &Row) -> Vec<Finding> {
    let mut all = load(rows).to_vec();
    let base = rows.first();
    let first = first_million(rows);
    for (name, quantiles, bound) in COMPARED {
        for (from, label, bound) in [(first, "1 M", bound), (base, "0.1 M", Bound::None)] {
            let from = from.filter(|from| is_later(end, from));
            let found =
                from.and_then(|from| ratio(quantiles(&end.probes).p50_ms, quantiles(&from.probes).p50_ms));
            all.push(Finding { what: format!("{name}, median, end over {label}"), found, bound });
        }
    }
    let millions = end.resources as f64 / MILLION as f64;
    let what = format!("patient's page, median at {millions:.1} M, ms");
    all.push(Finding { what, found: Some(end.probes.page.p50_ms), bound: PAGE });
    all
}

fn load(rows: &[Row]) -> [Finding; 2] {
    let first = first_million(rows);
    let last = rows.last().filter(|last| first.is_some_and(|first| is_later(last, first)));
    let spans = first.and_then(|row| row.span).zip(last.and_then(|row| row.span));
    let rate = spans.and_then(|(first, last)| ratio(last.per_second(), first.per_second()));
    let cpu = spans.and_then(|(first, last)| ratio(last.cpu_microseconds(), first.cpu_microseconds()));
    [
        Finding { what: "rate, last million over first".to_owned(), found: rate, bound: RATE },
        Finding {
            what: "server CPU of a resource, last million over first".to_owned(),
            found: cpu,
            bound: Bound::None,
        },
    ]
}

/// The row of the first full million.
pub fn first_million(rows: &[Row]) -> Option<&Row> {
    rows.iter().find(|row| row.resources >= MILLION)
}

/// Rows of one mark are a few hundred resources apart at most.
fn is_later(row: &Row, than: &Row) -> bool {
    row.resources > than.resources + BASE
}

fn ratio(of: f64, to: f64) -> Option<f64> {
    Some(of / to).filter(|ratio| ratio.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::large::row::{Setting, Span};

    /// A row of that many hundreds of thousands.
    fn row(hundreds: u64, seconds: f64, p50_ms: f64) -> Row {
        let probe = Quantiles { p50_ms, p99_ms: 9.0 };
        Row {
            resources: hundreds * BASE + 17,
            span: Some(Span { resources: MILLION, seconds, cpu_seconds: 2.0 * seconds, settle_seconds: 1.0 }),
            resident_bytes: 1,
            disk_bytes: 1,
            probes: Probes { read: probe, page: probe, codes: probe, thousand: probe },
            setting: Setting { run: 1, memory_bytes: None, commit: String::new() },
        }
    }

    fn verdicts(rows: &[Row], end: &Row) -> Vec<(String, Verdict)> {
        let bounded = findings(rows, end).into_iter().filter(|finding| finding.bound != Bound::None);
        bounded.map(|finding| (finding.what.clone(), finding.verdict())).collect()
    }

    #[test]
    fn flat() {
        let rows = [row(1, 3.0, 0.2), row(10, 40.0, 0.5), row(20, 30.0, 0.9), row(30, 50.0, 0.6)];
        let verdicts = verdicts(&rows, &rows[3]);
        assert_eq!(verdicts.len(), 5);
        assert!(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Held), "{verdicts:?}");
    }

    #[test]
    fn not_flat() {
        let rows = [row(1, 3.0, 0.2), row(10, 40.0, 0.9), row(20, 50.1, 1.09)];
        let expected = [
            "rate, last million over first",
            "read, median, end over 1 M",
            "patient's page, median, end over 1 M",
            "ten codes of a patient, median, end over 1 M",
            "patient's page, median at 2.0 M, ms",
        ];
        let missed: Vec<String> = verdicts(&rows, &rows[2])
            .into_iter()
            .filter_map(|(what, verdict)| (verdict == Verdict::Missed).then_some(what))
            .collect();
        assert_eq!(missed, expected);
    }

    #[test]
    fn one_million_tells_no_ratio() {
        let rows = [row(1, 3.0, 0.2), row(10, 40.0, 0.9)];
        let told: Vec<Finding> =
            findings(&rows, &rows[1]).into_iter().filter(|finding| finding.found.is_some()).collect();
        let over_base = told.iter().filter(|finding| finding.what.ends_with("end over 0.1 M")).count();
        assert_eq!((told.len(), over_base), (5, 4));
        assert_eq!(told[4].verdict(), Verdict::Held);
        assert_eq!(ratio(1.0, 0.0), None);
    }

    #[test]
    fn lines() {
        let mut finding = Finding { what: "x".to_owned(), found: Some(0.75), bound: RATE };
        assert_eq!(finding.line(), "| x | 0.750 | at least 0.8 | **MISSED** |");
        finding.bound = LATENCY;
        assert_eq!(finding.line(), "| x | 0.750 | at most 1.2 | held |");
        finding.found = None;
        assert_eq!(finding.line(), "| x | not told yet | at most 1.2 |  |");
    }
}
