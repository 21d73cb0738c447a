//! Rows as Markdown, one line each, so that they can be printed as they come.

use super::{
    probe::{Probes, Quantiles},
    row::Row,
};
use crate::markdown::thousands;

/// The head of the table; the columns of the probes are explained by [`super::probe::ABOUT`].
pub const HEAD: &str = "\
| resources | per s | server CPU µs | settled s | resident MB | data GB | read ms | page ms | ten codes ms | 1,000 ms | run |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

/// A row; latencies are `median / p99`.
pub fn line(row: &Row) -> String {
    let load = row.span.map_or_else(
        || ["–", "–", "–"].map(str::to_owned),
        |span| {
            let settled = format!("{:.0}", span.settle_seconds);
            [thousands(span.per_second()), format!("{:.1}", span.cpu_microseconds()), settled]
        },
    );
    let Probes { read, page, codes, thousand } = row.probes;
    let latencies = [read, page, codes, thousand].map(latency);
    let columns = [
        thousands(row.resources as f64),
        load.join(" | "),
        thousands(row.resident_bytes as f64 / 1e6),
        format!("{:.2}", row.disk_bytes as f64 / 1e9),
        latencies.join(" | "),
        row.setting.run.to_string(),
    ];
    format!("| {} |", columns.join(" | "))
}

fn latency(quantiles: Quantiles) -> String {
    format!("{:.3} / {:.3}", quantiles.p50_ms, quantiles.p99_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::large::row::{Setting, Span};

    #[test]
    fn as_many_columns_as_the_head() {
        let quantiles = Quantiles { p50_ms: 0.25, p99_ms: 1.5 };
        let mut row = Row {
            resources: 1_000_042,
            span: Some(Span { resources: 1_000_042, seconds: 40.0, cpu_seconds: 50.0, settle_seconds: 3.2 }),
            resident_bytes: 500_000_000,
            disk_bytes: 1_234_000_000,
            probes: Probes { read: quantiles, page: quantiles, codes: quantiles, thousand: quantiles },
            setting: Setting { run: 1, memory_bytes: None, commit: String::new() },
        };
        let loaded = line(&row);
        assert!(
            loaded.starts_with("| 1,000,042 | 25,001 | 50.0 | 3 | 500 | 1.23 | 0.250 / 1.500 |"),
            "{loaded}"
        );
        row.span = None;
        for text in [loaded, line(&row)] {
            assert!(
                HEAD.lines().all(|head| head.matches('|').count() == text.matches('|').count()),
                "{text}"
            );
        }
    }
}
