//! What the server itself says the steps of a create take: `salamander_step_seconds{step=…}` on its metrics page.

use super::{Run, creates::grpc_create};
use crate::{
    node::Node,
    observation::Observations,
    report::{Fact, Section},
    wire::{grpc::Kind, http::Http},
};
use anyhow::Result;
use std::collections::BTreeMap;

const METRIC: &str = "salamander_step_seconds";

/// Sum of seconds and number of times, by step.
type Steps = BTreeMap<String, (f64, f64)>;

/// The section; empty but for a note where the server shows no steps.
pub(super) async fn section(run: &Run<'_>, node: &Node, patients: &[String]) -> Section {
    let most = run.options.levels.iter().copied().max().unwrap_or(1);
    let about = format!(
        "`{METRIC}` of the server over one row of gRPC Create at {most} connections, checks included."
    );
    let mut section = Section { title: "Creates by step".to_owned(), about, ..Section::default() };
    match steps(run, node, most, patients).await {
        Ok(steps) if steps.is_empty() => section.facts.push(Fact::new("steps", "the server shows none")),
        Ok(steps) => section.facts.extend(steps.iter().map(|(name, step)| Fact::new(name, describe(*step)))),
        Err(error) => section.facts.push(Fact::failed("steps", &error)),
    }
    section
}

async fn steps(run: &Run<'_>, node: &Node, level: usize, patients: &[String]) -> Result<Steps> {
    let before = scrape(node).await?;
    let observations = Observations::new("t", patients.to_vec());
    grpc_create(run, node, level, Kind::Post, observations).await?;
    Ok(difference(&before, &scrape(node).await?))
}

async fn scrape(node: &Node) -> Result<Steps> {
    let page = Http::connect(&node.origin()).await?.get_ok("metrics").await?;
    Ok(parse(&String::from_utf8_lossy(&page.body)))
}

fn difference(before: &Steps, after: &Steps) -> Steps {
    let since = |name: &String, (seconds, times): (f64, f64)| {
        let (seconds_before, times_before) = before.get(name).copied().unwrap_or_default();
        (seconds - seconds_before, times - times_before)
    };
    let steps = after.iter().map(|(name, step)| (name.clone(), since(name, *step)));
    steps.filter(|(_, (seconds, _))| *seconds > 0.0).collect()
}

fn describe((seconds, times): (f64, f64)) -> String {
    match times > 0.0 {
        true => format!("{:.1} µs × {times:.0} times", seconds * 1e6 / times),
        false => format!("{:.1} ms in all", seconds * 1e3),
    }
}

/// Histograms, summaries and plain counters alike; other lines are passed over.
fn parse(page: &str) -> Steps {
    let mut steps = Steps::new();
    for line in page.lines() {
        let Some((suffix, step, value)) = sample(line) else { continue };
        let entry = steps.entry(step.to_owned()).or_default();
        match suffix {
            "_sum" | "_total" | "" => entry.0 += value,
            "_count" => entry.1 += value,
            _ => {}
        }
    }
    steps
}

/// `name_suffix{…step="x"…} value` as suffix, step, value. Buckets and quantiles are no sums.
fn sample(line: &str) -> Option<(&str, &str, f64)> {
    let (name, rest) = line.strip_prefix(METRIC)?.split_once('{')?;
    let (labels, value) = rest.rsplit_once('}')?;
    let (_, step) = labels.split_once("step=\"")?;
    let (step, _) = step.split_once('"')?;
    if labels.contains("quantile=") || labels.contains("le=") {
        return None;
    }
    Some((name, step, value.split_ascii_whitespace().next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"
# TYPE salamander_step_seconds histogram
salamander_step_seconds_bucket{step="parse",le="0.001"} 10
salamander_step_seconds_sum{step="parse"} 0.002
salamander_step_seconds_count{step="parse"} 100
salamander_step_seconds{step="log",quantile="0.5"} 7
salamander_step_seconds_total{wire="grpc",step="log"} 0.5
salamander_step_seconds_sum{step="broken"} many
salamander_requests_total{step="other"} 1
"#;

    #[test]
    fn a_metrics_page() {
        let steps = parse(PAGE);
        let expected = [("log".to_owned(), (0.5, 0.0)), ("parse".to_owned(), (0.002, 100.0))];
        assert_eq!(steps, BTreeMap::from(expected));
        assert_eq!(describe(steps["parse"]), "20.0 µs × 100 times");
        assert_eq!(describe(steps["log"]), "500.0 ms in all");
    }

    #[test]
    fn only_what_moved_between_two_looks() {
        let before = Steps::from([("a".to_owned(), (1.0, 10.0)), ("b".to_owned(), (1.0, 1.0))]);
        let after = Steps::from([
            ("a".to_owned(), (1.5, 15.0)),
            ("b".to_owned(), (1.0, 1.0)),
            ("c".to_owned(), (2.0, 4.0)),
        ]);
        let expected = [("a".to_owned(), (0.5, 5.0)), ("c".to_owned(), (2.0, 4.0))];
        assert_eq!(difference(&before, &after), BTreeMap::from(expected));
    }
}
