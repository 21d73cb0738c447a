//! What a caller waits for at this size of the store: one connection, a request after the other, over random patients.

use super::codes::Codes;
use crate::{
    latency::Latency,
    pool::Pools,
    shape::{Shape, patient, population},
    wire::http::Http,
};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What the columns of the table are, and what was asked in them.
pub const ABOUT: &str = "\
Latencies are median / p99 over REST, one connection, over random patients of all loaded so far, another one for each request:
read `Patient/{id}`, page `Observation?patient={id}&_count=20`, ten codes `Observation?patient={id}&code={ten}`, \
1,000 `Observation?code={code}&_count=1000` (over all patients).";

const PAGE: Shape = patient(2, "Observation?patient={patient}&_count=20");
const TEN_CODES: Shape = patient(3, "Observation?patient={patient}&code={ten}");
const THOUSAND: Shape = population(32, "Observation?code={code}&_count=1000");

/// Requests before the timed ones are a part of them, for other patients: connections and code get warm, the data not.
const WARM_UP_PART: usize = 4;
/// Pages of 1,000 take long, so there are fewer of them.
const THOUSAND_PART: usize = 8;

/// Median and 99th percentile, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// What one probe saw; see [`ABOUT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Probes {
    pub read: Quantiles,
    pub page: Quantiles,
    pub codes: Quantiles,
    pub thousand: Quantiles,
}

/// Answers of which one may have too few entries: a few patients were born yesterday and have no Observation.
const SHORT_ONE_OF: usize = 20;

/// One kind of request: its paths and how many entries an answer has at least (0: it is a resource).
struct Kind<'a> {
    path: &'a dyn Fn(usize) -> String,
    entries_min: usize,
}

/// Asks everything. `patients` are asked for in turns.
///
/// # Errors
/// Any answer that is none; answers with too few entries.
pub async fn run(rest: &str, patients: Vec<String>, codes: &Codes, repeats: usize) -> Result<Probes> {
    let values = [("patient", patients), ("code", codes.common.clone()), ("ten", codes.tens.clone())];
    let pools = &Pools::new(values);
    let http = &mut Http::connect(rest).await?;
    // Each kind begins behind the patients of the one before, so that none finds theirs warm.
    let each = repeats + repeats / WARM_UP_PART;
    let read = |draw| format!("Patient/{}", pools.draw("patient", draw).unwrap_or_default());
    let page = |draw| PAGE.path(pools, each + draw);
    let ten_codes = |draw| TEN_CODES.path(pools, 2 * each + draw);
    let thousand = |draw| THOUSAND.path(pools, draw);
    Ok(Probes {
        read: time(http, repeats, Kind { path: &read, entries_min: 0 }).await?,
        page: time(http, repeats, Kind { path: &page, entries_min: 1 }).await?,
        codes: time(http, repeats, Kind { path: &ten_codes, entries_min: 1 }).await?,
        thousand: time(http, repeats.div_ceil(THOUSAND_PART), Kind { path: &thousand, entries_min: 1000 })
            .await?,
    })
}

async fn time(http: &mut Http, repeats: usize, kind: Kind<'_>) -> Result<Quantiles> {
    let mut latency = Latency::new()?;
    let warm_up = repeats / WARM_UP_PART;
    let (all, mut short) = (warm_up + repeats, 0);
    for number in 0..all {
        let path = (kind.path)(number);
        let started = Instant::now();
        let answer = http.get_ok(&path).await?;
        let elapsed = started.elapsed();
        if number >= warm_up {
            latency.record(elapsed);
        }
        short += usize::from(entries(&answer.body).context(path)? < kind.entries_min);
    }
    if short * SHORT_ONE_OF > all {
        let example = (kind.path)(all - 1);
        bail!("{short} of {all} answers had fewer than {} entries, such as to {example}", kind.entries_min);
    }
    let at = |percentile| latency.microseconds_at(percentile) / 1000.0;
    Ok(Quantiles { p50_ms: at(50.0), p99_ms: at(99.0) })
}

#[derive(Deserialize)]
struct Bundle {
    #[serde(default)]
    entry: Vec<serde::de::IgnoredAny>,
}

/// How many entries an answer has; a resource has none.
fn entries(body: &[u8]) -> Result<usize> {
    let bundle: Bundle = serde_json::from_slice(body).context("no JSON was answered")?;
    Ok(bundle.entry.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_answers() {
        assert_eq!(entries(br#"{"resourceType":"Patient"}"#).ok(), Some(0));
        assert_eq!(entries(br#"{"entry":[{},{"x":1}]}"#).ok(), Some(2));
        assert!(entries(b"").is_err());
    }

    #[test]
    fn the_shapes_are_those_that_are_explained() {
        for shape in [PAGE, TEN_CODES, THOUSAND] {
            let name = shape.name().replace("{patient}", "{id}");
            assert!(ABOUT.contains(&format!("`{name}`")), "{name}");
        }
    }
}
