//! What the server itself says the steps of a create take: `salamander_step_seconds{step=…}` on its metrics page.

use super::{Run, creates::grpc_create};
use crate::{
    node::Node,
    observation::Observations,
    report::{Fact, Section},
    threads, usage,
    wire::{grpc::Kind, http::Http},
};
use anyhow::Result;
use std::collections::BTreeMap;

const METRIC: &str = "salamander_step_seconds";

/// Sum of seconds and number of times, by step.
type Steps = BTreeMap<String, (f64, f64)>;

/// The section: CPU by thread, seen from outside, and the server's own clocks, where it shows any.
pub(super) async fn section(run: &Run<'_>, node: &Node, patients: &[String]) -> Section {
    let most = run.options.levels.iter().copied().max().unwrap_or(1);
    let about = format!(
        "One row of gRPC Create at {most} connections, warm-up and its searches included. `thread`: CPU time by thread \
         name. `step`: the server's own clocks ({METRIC}), wall time."
    );
    let mut section = Section { title: "Creates by step".to_owned(), about, ..Section::default() };
    match steps(run, node, most, patients).await {
        Ok(facts) => section.facts = facts,
        Err(error) => section.facts.push(Fact::failed("steps", &error)),
    }
    section
}

async fn steps(run: &Run<'_>, node: &Node, level: usize, patients: &[String]) -> Result<Vec<Fact>> {
    let steps_before = scrape(node).await?;
    let (threads_before, process_before) = (threads::cpu_by_name(node.pid())?, usage::cpu(node.pid())?);
    let observations = Observations::new("t", patients.to_vec());
    grpc_create(run, node, level, Kind::Post, observations.clone()).await?;
    let spent = threads::difference(&threads_before, &threads::cpu_by_name(node.pid())?);
    let process = usage::cpu(node.pid())?.saturating_sub(process_before);
    let steps = difference(&steps_before, &scrape(node).await?);
    let creates = observations.drafted() as f64;
    // Tantivy's indexing threads live from commit to commit, so they are seen only as what is missing.
    let ended = process.saturating_sub(spent.values().sum());
    let all = [("all threads", process), ("threads that ended meanwhile", ended)];
    let threads = spent.iter().map(|(name, cpu)| (format!("thread {name}"), *cpu));
    let threads = threads.chain(all.map(|(name, cpu)| (name.to_owned(), cpu)));
    let of_threads = threads.map(|(name, cpu)| {
        Fact::new(name, format!("{:.1} µs per create", cpu.as_secs_f64() * 1e6 / creates))
    });
    let of_steps =
        steps.iter().map(|(name, step)| Fact::new(format!("step {name}"), describe(*step, creates)));
    Ok(of_threads.chain(of_steps).collect())
}

/// What the metrics page shows; nothing where there is no such page.
async fn scrape(node: &Node) -> Result<Steps> {
    let page = Http::connect(&node.origin()).await?.get("metrics").await?;
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

fn describe((seconds, times): (f64, f64), creates: f64) -> String {
    let per_create = format!("{:.1} µs per create", seconds * 1e6 / creates);
    match times > 0.0 {
        true => format!("{per_create} ({:.1} µs × {times:.0} times)", seconds * 1e6 / times),
        false => per_create,
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
        assert_eq!(describe(steps["parse"], 200.0), "10.0 µs per create (20.0 µs × 100 times)");
        assert_eq!(describe(steps["log"], 1000.0), "500.0 µs per create");
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
