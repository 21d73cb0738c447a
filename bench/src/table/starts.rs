//! From exec to the ready line: on an empty folder, after a kill, and on a loaded store.

use super::Run;
use crate::{
    node::Node,
    report::{Fact, Section},
    stored::{self, Expected},
};
use anyhow::Result;
use std::{path::Path, time::Duration};

const ABOUT: &str = "From before the exec to the ready line.";
const EMPTY_STARTS: usize = 3;
const LOADED_STARTS: usize = 5;

/// First starts, each on a folder that does not exist yet.
pub(super) async fn empty(run: &Run<'_>) -> Section {
    let mut section =
        Section { title: "First start".to_owned(), about: ABOUT.to_owned(), ..Section::default() };
    let mut times = Vec::new();
    for number in 0..EMPTY_STARTS {
        match start_and_stop(run, &run.path(&format!("first-{number}"))).await {
            Ok(time) => times.push(time),
            Err(error) => section.facts.push(Fact::failed("on an empty folder", &error)),
        }
    }
    section.facts.extend(fact("on an empty folder", times));
    section
}

/// Kills the node that holds the store, starts it again (which replays what was not flushed), then starts and stops
/// it some more times.
pub(super) async fn loaded(
    run: &Run<'_>,
    node: Node,
    store: &Path,
    expected: &Expected,
    title: &str,
) -> Section {
    let mut section = Section { title: title.to_owned(), about: ABOUT.to_owned(), ..Section::default() };
    node.kill();
    match start_and_count(run, store, expected).await {
        Ok(time) => section.facts.extend(fact("after SIGKILL, all still there", vec![time])),
        Err(error) => section.facts.push(Fact::failed("after SIGKILL", &error)),
    }
    let mut times = Vec::new();
    for _ in 0..LOADED_STARTS {
        match start_and_stop(run, store).await {
            Ok(time) => times.push(time),
            Err(error) => section.facts.push(Fact::failed("after a clean stop", &error)),
        }
    }
    section.facts.extend(fact("after a clean stop", times));
    section
}

async fn start_and_count(run: &Run<'_>, store: &Path, expected: &Expected) -> Result<Duration> {
    let node = run.start(store).await?;
    stored::must_hold(&node, expected).await?;
    let time = node.started_in;
    node.stop().await?;
    Ok(time)
}

async fn start_and_stop(run: &Run<'_>, store: &Path) -> Result<Duration> {
    let node = run.start(store).await?;
    let time = node.started_in;
    node.stop().await?;
    Ok(time)
}

fn fact(name: &str, mut times: Vec<Duration>) -> Option<Fact> {
    let median = median(&mut times)?;
    let all: Vec<String> = times.iter().map(milliseconds).collect();
    eprintln!("{name:44} {}", milliseconds(&median));
    let value = match times.len() {
        1 => milliseconds(&median),
        count => format!("{}, the median of {count} ({})", milliseconds(&median), all.join(", ")),
    };
    Some(Fact::new(name, value))
}

fn milliseconds(time: &Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

/// Sorts; of an even number the lower middle one.
fn median(times: &mut [Duration]) -> Option<Duration> {
    times.sort();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one() {
        let of = |times: &[u64]| {
            median(&mut times.iter().map(|time| Duration::from_millis(*time)).collect::<Vec<_>>())
        };
        assert_eq!(of(&[30, 10, 20]), Some(Duration::from_millis(20)));
        assert_eq!(of(&[2, 1]), Some(Duration::from_millis(1)));
        assert_eq!(of(&[]), None);
    }
}
