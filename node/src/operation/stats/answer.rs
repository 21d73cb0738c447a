//! What `$stats` answers: an Observation for each code, with a component for each statistic.

use super::{
    asked::Asked,
    observation::Unit,
    series::{AllSeries, Series},
    statistic::Statistic,
    summary::{Dimension, Figure, Summary},
};
use bytes::Bytes;
use fhir::{index::UCUM, resource::instant};
use proto::{Code, Error};
use serde_json::{Value, json, value::RawValue};

const STATISTICS: &str = "http://terminology.hl7.org/CodeSystem/observation-statistics";
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";

/// The Parameters resource.
///
/// # Errors
/// `Internal` where a source is no JSON.
pub fn parameters(asked: &Asked, series: &AllSeries, sources: &[Bytes]) -> Result<Bytes, Error> {
    let internal = |error: serde_json::Error| Error::new(Code::Internal, error.to_string());
    let statistics = series.to_tell().map(|series| parameter("statistics", &observation(asked, series)));
    let mut all: Vec<String> = statistics.collect();
    for source in sources {
        // As it is stored, digit by digit.
        let source: &RawValue = serde_json::from_slice(source).map_err(internal)?;
        all.push(parameter("source", &source));
    }
    Ok(format!(r#"{{"resourceType":"Parameters","parameter":[{}]}}"#, all.join(",")).into())
}

fn parameter(name: &str, resource: &dyn std::fmt::Display) -> String {
    format!(r#"{{"name":"{name}","resource":{resource}}}"#)
}

fn observation(asked: &Asked, series: &Series) -> Value {
    let mut code = json!({});
    if !series.coding.code.is_empty() {
        let mut coding = json!({ "code": series.coding.code });
        for (name, text) in [("system", &series.coding.system), ("display", &series.display)] {
            if !text.is_empty() {
                coding[name] = text.as_str().into();
            }
        }
        code["coding"] = json!([coding]);
    }
    if !series.text.is_empty() {
        code["text"] = series.text.as_str().into();
    }
    let summary = Summary::of(&series.numbers, series.total);
    let components = asked.statistics.iter().flat_map(|statistic| {
        let figures = summary.figures(*statistic);
        figures.into_iter().map(|figure| component(*statistic, &figure, series.unit.as_ref()))
    });
    let mut observation = json!({
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": { "reference": asked.subject },
        "component": components.collect::<Vec<_>>(),
    });
    if let Some(period) = asked.period.clone().or_else(|| measured_within(series)) {
        observation["effectivePeriod"] = period;
    }
    observation
}

fn measured_within(series: &Series) -> Option<Value> {
    let times = || series.numbers.iter().filter_map(|(_, at)| u64::try_from((*at)?).ok());
    Some(json!({ "start": instant(times().min()?), "end": instant(times().max()?) }))
}

fn component(statistic: Statistic, figure: &Figure, unit: Option<&Unit>) -> Value {
    let coding = json!([{ "system": STATISTICS, "code": statistic.code(), "display": statistic.display() }]);
    let mut component = json!({ "code": { "coding": coding } });
    if !figure.name.is_empty() {
        component["code"]["text"] = figure.name.into();
    }
    match figure.number.and_then(number) {
        Some(number) => component["valueQuantity"] = quantity(number, figure.dimension, unit),
        None => {
            let reason = json!([{ "system": ABSENT, "code": "not-applicable", "display": "Not Applicable" }]);
            component["dataAbsentReason"] = json!({ "coding": reason });
        }
    }
    component
}

/// With twelve digits: what is beyond them came of computing in doubles. `None` for what is no number.
fn number(exact: f64) -> Option<Value> {
    let rounded: f64 = format!("{exact:.11e}").parse().ok()?;
    // `4`, not `4.0`; and no `-0`.
    serde_json::from_str(&format!("{}", rounded + 0.0)).ok()
}

fn quantity(number: Value, dimension: Dimension, unit: Option<&Unit>) -> Value {
    let mut quantity = json!({ "value": number });
    let is_one = unit.is_none_or(|unit| {
        unit.code.is_empty() && unit.text.is_empty() || unit.system == UCUM && unit.code == "1"
    });
    let (mut system, mut code, mut text) = match unit {
        Some(unit) => (unit.system.clone(), unit.code.clone(), unit.text.clone()),
        None => Default::default(),
    };
    match dimension {
        Dimension::Unit => {}
        Dimension::One => (system, code, text) = (UCUM.to_owned(), "1".to_owned(), String::new()),
        Dimension::Squared if is_one => {}
        Dimension::PerDay if is_one => {
            (system, code, text) = (UCUM.to_owned(), "/d".to_owned(), "/d".to_owned())
        }
        Dimension::Squared | Dimension::PerDay => {
            let of = if text.is_empty() { &code } else { &text };
            let (for_people, for_machines) = match dimension {
                Dimension::Squared => (format!("({of})²"), squared(&code)),
                _ => (format!("{of}/d"), format!("{code}/d")),
            };
            text = for_people;
            // Others have no grammar.
            (system, code) = match system == UCUM {
                true => (system, for_machines),
                false => Default::default(),
            };
        }
    }
    for (name, part) in [("unit", text), ("system", system), ("code", code)] {
        if !part.is_empty() {
            quantity[name] = part.into();
        }
    }
    quantity
}

/// UCUM has no powers of what is in parentheses, and there nothing begins with a slash.
fn squared(unit: &str) -> String {
    if unit.starts_with('/') { format!("{unit}{unit}") } else { format!("({unit}).({unit})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_what_was_computed() {
        let unit = Unit { system: UCUM.into(), code: "mg/dL".into(), text: "mg per dL".into() };
        let code = |dimension, unit: Option<&Unit>| quantity(1.into(), dimension, unit)["code"].clone();
        assert_eq!(code(Dimension::Unit, Some(&unit)), "mg/dL");
        assert_eq!(code(Dimension::Squared, Some(&unit)), "(mg/dL).(mg/dL)");
        assert_eq!(code(Dimension::PerDay, Some(&unit)), "mg/dL/d");
        assert_eq!(code(Dimension::One, Some(&unit)), "1");
        assert_eq!(code(Dimension::PerDay, None), "/d");
        let own = Unit { system: "urn:own".into(), code: "x".into(), text: "ex".into() };
        let squared = quantity(1.into(), Dimension::Squared, Some(&own));
        assert_eq!(squared, json!({ "value": 1, "unit": "(ex)²" }));
        for code in ["mg/dL", "/min", "mm[Hg]", "10*9/L", "kg"] {
            let unit = Unit { system: UCUM.into(), code: code.into(), text: String::new() };
            for dimension in [Dimension::Squared, Dimension::PerDay] {
                let derived = quantity(1.into(), dimension, Some(&unit));
                let derived = derived["code"].as_str().unwrap_or_default();
                assert!(fhir::index::Measure::of(derived).is_some(), "{derived} is a unit");
            }
        }
    }

    #[test]
    fn numbers_lose_what_doubles_added() {
        assert_eq!(number(0.1 + 0.2).unwrap().to_string(), "0.3");
        assert_eq!(number(4.0).unwrap().to_string(), "4");
        assert_eq!(number(-0.0).unwrap().to_string(), "0");
        assert_eq!(number(f64::INFINITY), None);
    }
}
