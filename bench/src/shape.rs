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
    /// Path and parameters, not encoded, with [placeholders](crate::pool::Pools) in braces.
    pub text: &'static str,
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
pub(crate) const fn patient(number: u32, text: &'static str) -> Shape {
    Shape { number, text, scope: Scope::Patient }
}

/// The same, over all patients.
pub(crate) const fn population(number: u32, text: &'static str) -> Shape {
    Shape { number, text, scope: Scope::Population }
}

/// All of the list that are one request each. Not here: texts (30), downloads (32), terminology (33) and writes in between (34).
pub const SHAPES: &[Shape] = &[
    patient(1, "Patient/{patient}"),
    patient(2, "Observation?patient={patient}&_count=20"),
    patient(3, "Observation?patient={patient}&code={code}"),
    patient(4, "Observation?patient={patient}&category=laboratory&_sort=-date&_count=10"),
    patient(5, "Observation?subject=Patient/{patient}&code={code}&date=ge{from}&date=lt{to}"),
    patient(6, "Condition?patient={patient}&clinical-status=active"),
    patient(7, "MedicationRequest?patient={patient}&status=active&_include=MedicationRequest:medication"),
    patient(8, "Encounter?patient={patient}&_sort=-date&_count=1"),
    patient(9, "Patient?_id={patient}&_revinclude=Observation:subject&_count=50"),
    patient(10, "Patient/{patient}/$everything"),
    population(11, "Patient?family={family}"),
    population(12, "Patient?name={prefix}&birthdate=ge{born}&_count=20"),
    population(13, "Patient?identifier={identifier}"),
    population(14, "Patient?gender=female&birthdate=lt{born}&_sort=birthdate,-family&_count=20"),
    population(15, "Patient?name:contains={fragment}"),
    population(16, "Patient?address-city={city}&_summary=count"),
    population(17, "Observation?code={code}&_summary=count"),
    population(18, "Observation?code={code}&date=ge{from}&date=lt{to}&_summary=count"),
    population(19, "Observation?code={measured}&value-quantity=gt{above}&_count=20"),
    population(20, "Observation?component-code-value-quantity={component}&_count=20"),
    population(21, "Observation?category=vital-signs&status=final&_sort=-date&_count=20"),
    population(22, "Observation?code={ten}&_count=100"),
    population(23, "Condition?code={diagnosis}&_include=Condition:subject&_count=20"),
    population(
        24,
        "Encounter?date=ge{from}&class={class}&_include=Encounter:participant&_include=Encounter:service-provider&_count=20",
    ),
    population(25, "Observation?subject:Patient.family={family}&code={code}"),
    population(26, "Patient?_has:Condition:patient:code={diagnosis}&_count=20"),
    population(27, "MedicationRequest?requester:Practitioner.name={practitioner}"),
    population(28, "Procedure?performer:Practitioner.identifier={npi}"),
    population(
        29,
        "Patient?_has:Observation:patient:code={code}&_has:Condition:patient:code={diagnosis}&_summary=count",
    ),
    population(31, "Observation?_lastUpdated=gt{since}&_sort=_lastUpdated&_count=100"),
];

/// The rows of the search table.
pub const TABLE: [u32; 5] = [2, 3, 13, 11, 17];

impl Shape {
    /// As it is written in the list of shapes.
    pub fn name(&self) -> &'static str {
        self.text
    }

    /// Path and query of draw number `draw`; a placeholder without values stays as it is.
    pub fn path(&self, pools: &Pools, draw: usize) -> String {
        let (path, parameters) = self.text.split_once('?').unwrap_or((self.text, ""));
        let pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
        let pairs: Vec<_> = pairs.map(|(name, value)| (name, pools.fill(value, draw))).collect();
        let path = pools.fill(path, draw);
        match pairs.is_empty() {
            true => path,
            false => format!("{path}?{}", query(pairs.iter().map(|(name, value)| (*name, value.as_str())))),
        }
    }

    /// What is drawn for it.
    pub fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        self.text.split('{').skip(1).filter_map(|rest| rest.split('}').next())
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
            // Of several values together nothing may be.
            let must = self.shape.scope == Scope::Population && self.shape.placeholders().count() == 1;
            if must && recorder.warming_up() {
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
        let pools = Pools::of([("patient", vec!["p 1", "p2"]), ("code", vec!["http://loinc.org|8302-2"])]);
        for shape in SHAPES {
            for name in shape.placeholders() {
                assert!(PLACEHOLDERS.contains(&name), "{name}");
            }
        }
        let page = Shape::by_number(2).unwrap();
        assert_eq!(page.name(), "Observation?patient={patient}&_count=20");
        assert_eq!(page.path(&pools, 0), "Observation?patient=p%201&_count=20");
        assert_eq!(page.path(&pools, 3), "Observation?patient=p2&_count=20");
        let path = |number| Shape::by_number(number).unwrap().path(&pools, 9);
        assert_eq!(path(17), "Observation?code=http%3A%2F%2Floinc.org%7C8302-2&_summary=count");
        assert_eq!(path(1), "Patient/p2");
        assert!(TABLE.iter().all(|number| Shape::by_number(*number).is_some()));
    }
}
