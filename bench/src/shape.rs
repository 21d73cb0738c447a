//! The query shapes as data: a shape is a line here, with placeholders that are drawn at run time from the loaded
//! data, so that nothing can be cached by value. Numbers are those of the design's QUERY-SHAPES.

use crate::{
    measure::{Recorder, Worker},
    pool::Pools,
    wire::{http::Http, rest::query},
};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::{sync::Arc, time::Instant};

/// One shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub number: u32,
    pub resource_type: &'static str,
    /// Name and value; a value may be one of the [`PLACEHOLDERS`](crate::pool::PLACEHOLDERS) in braces.
    pub parameters: &'static [(&'static str, &'static str)],
    pub scope: Scope,
}

/// Where the answer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One patient's record.
    Patient,
    /// All of them.
    Population,
}

/// A shape as a line of a list.
pub(crate) const fn shape(
    number: u32,
    resource_type: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    scope: Scope,
) -> Shape {
    Shape { number, resource_type, parameters, scope }
}

/// The rows of the search table. New ones are added at the end, under their number.
pub const SHAPES: &[Shape] = &[
    shape(2, "Observation", &[("patient", "{patient}"), ("_count", "20")], Scope::Patient),
    shape(3, "Observation", &[("patient", "{patient}"), ("code", "{code}")], Scope::Patient),
    shape(13, "Patient", &[("identifier", "{identifier}")], Scope::Population),
    shape(11, "Patient", &[("family", "{family}")], Scope::Population),
    shape(17, "Observation", &[("code", "{code}"), ("_summary", "count")], Scope::Population),
];

impl Shape {
    /// As it is written in the list of shapes.
    pub fn name(&self) -> String {
        let pairs: Vec<String> =
            self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.resource_type, pairs.join("&"))
    }

    /// Type and query of draw number `draw`.
    pub fn path(&self, pools: &Pools, draw: usize) -> String {
        let parameters =
            self.parameters.iter().map(|(name, value)| (*name, pools.draw(value, draw).unwrap_or(value)));
        format!("{}?{}", self.resource_type, query(parameters))
    }

    /// The one with this number, such as `17` on the command line.
    pub fn by_number(number: u32) -> Option<&'static Shape> {
        SHAPES.iter().find(|shape| shape.number == number)
    }
}

/// Searches over REST, the first page each, draw after draw.
pub struct Search {
    http: Http,
    shape: Shape,
    pools: Arc<Pools>,
    draw: usize,
}

impl Search {
    /// Connects. Workers with different `first` draw different values.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn connect(base: &str, shape: Shape, pools: Arc<Pools>, first: usize) -> Result<Search> {
        Ok(Search { http: Http::connect(base).await?, shape, pools, draw: first })
    }
}

impl Worker for Search {
    async fn run(mut self, recorder: &mut Recorder) -> Result<()> {
        while recorder.proceed() {
            let path = self.shape.path(&self.pools, self.draw);
            self.draw += 1;
            let started = Instant::now();
            let answer = self.http.get_ok(&path).await?;
            recorder.finished(started);
            if recorder.warming_up() && self.shape.scope == Scope::Population {
                must_match(&path, &answer.body)?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Bundle {
    total: Option<u64>,
    #[serde(default)]
    entry: Vec<serde::de::IgnoredAny>,
}

/// Values come from the data, so an empty answer to a population search is a wrong one.
fn must_match(path: &str, body: &[u8]) -> Result<()> {
    let bundle: Bundle = serde_json::from_slice(body).context("a search's answer")?;
    if bundle.entry.is_empty() && bundle.total.unwrap_or(0) == 0 {
        bail!("{path} found nothing, although its values are in the data");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::PLACEHOLDERS;

    #[test]
    fn an_empty_answer_is_a_wrong_one() {
        for (body, right) in [
            (r#"{"resourceType":"Bundle","total":0}"#, false),
            (r#"{"resourceType":"Bundle"}"#, false),
            (r#"{"resourceType":"Bundle","total": 7}"#, true),
            (r#"{"entry":[{}]}"#, true),
            ("no JSON", false),
        ] {
            assert_eq!(must_match("x", body.as_bytes()).is_ok(), right, "{body}");
        }
    }

    #[test]
    fn placeholders_are_known_and_filled() {
        let pools =
            Pools::of([("{patient}", vec!["p 1", "p2"]), ("{code}", vec!["http://loinc.org|8302-2"])]);
        for shape in SHAPES {
            for (_, value) in shape.parameters {
                assert!(!value.starts_with('{') || PLACEHOLDERS.contains(value), "{value}");
            }
        }
        let shape = SHAPES[0];
        assert_eq!(shape.name(), "Observation?patient={patient}&_count=20");
        assert_eq!(shape.path(&pools, 0), "Observation?patient=p%201&_count=20");
        assert_eq!(shape.path(&pools, 3), "Observation?patient=p2&_count=20");
        assert_eq!(
            Shape::by_number(17).map(|shape| shape.path(&pools, 9)).as_deref(),
            Some("Observation?code=http%3A%2F%2Floinc.org%7C8302-2&_summary=count")
        );
    }
}
