//! What `$stats` was asked.

use super::{super::input::Input, statistic::Statistic};
use crate::session::Session;
use fhir::{index::date_range, resource::instant};
use proto::{
    Code, Error,
    api::v1::{SearchParameter, SearchRequest},
};
use serde_json::Value;
use std::fmt::Write;

/// A code asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coding {
    /// Empty: of any system.
    pub system: String,
    pub code: String,
}

/// The parameters, checked.
pub struct Asked {
    pub subject: String,
    pub codings: Vec<Coding>,
    pub statistics: Vec<Statistic>,
    /// As a Period.
    pub period: Option<Value>,
    /// Milliseconds; measured then.
    pub within: Option<(i64, i64)>,
    /// Observations that are returned, too.
    pub sources_max: usize,
}

impl Asked {
    /// Reads and checks.
    ///
    /// # Errors
    /// `BadParameter` for what is missing or cannot be understood.
    pub fn read(input: &Input, session: Session<'_>) -> Result<Asked, Error> {
        let given: Value = serde_json::from_slice(input.parameters.source())
            .map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        let subject = input.text("subject").ok_or_else(|| {
            let text = "name whose observations are meant by 'subject', such as Patient/123";
            Error::new(Code::BadParameter, text).as_issue("required")
        })?;
        let (period, within) = time(input, &given, session)?;
        Ok(Asked {
            subject: subject.into_owned(),
            codings: codings(input, &given)?,
            statistics: statistics(input)?,
            period,
            within,
            sources_max: sources_max(input, session)?,
        })
    }

    /// The search for what has the codes, newest first.
    pub fn request(&self) -> SearchRequest {
        let pair = |name: &str, value: String| SearchParameter { name: name.to_owned(), value };
        let token = |coding: &Coding| match coding.system.as_str() {
            "" => search::query::escape(&coding.code),
            system => format!("{}|{}", search::query::escape(system), search::query::escape(&coding.code)),
        };
        let codes: Vec<String> = self.codings.iter().map(token).collect();
        let mut parameters = vec![
            pair("subject", self.subject.clone()),
            pair("combo-code", codes.join(",")),
            pair("status:not", "entered-in-error".to_owned()),
            pair("status:not", "cancelled".to_owned()),
            pair("_sort", "-date".to_owned()),
            pair("_count", "1000".to_owned()),
        ];
        let text = |name: &str| self.period.as_ref().and_then(|period| period[name].as_str());
        parameters.extend(text("start").map(|start| pair("date", format!("ge{start}"))));
        parameters.extend(text("end").map(|end| pair("date", format!("le{end}"))));
        SearchRequest {
            resource_type: "Observation".to_owned(),
            parameters,
            strict: true,
            ..Default::default()
        }
    }
}

fn refused(text: impl Into<String>, issue: &'static str) -> Error {
    Error::new(Code::BadParameter, text).as_issue(issue)
}

/// The codings, and the codes with the system.
fn codings(input: &Input, given: &Value) -> Result<Vec<Coding>, Error> {
    let system = input.text("system").unwrap_or_default();
    // As searches write them, too.
    let coding = |text: &str| {
        let (system, code) = text.split_once('|').unwrap_or((&*system, text));
        Coding { system: system.to_owned(), code: code.to_owned() }
    };
    let mut codings: Vec<Coding> = input.texts("code").map(|text| coding(&text)).collect();
    for parameter in all(given, "coding") {
        let coding = &parameter["valueCoding"];
        let text = |name: &str| coding[name].as_str().unwrap_or_default().to_owned();
        let read = Coding { system: text("system"), code: text("code") };
        if read.code.is_empty() {
            return Err(refused("the parameter coding is a valueCoding with a code", "value"));
        }
        codings.push(read);
    }
    if codings.is_empty() {
        let text = "name what was measured: by 'code' and 'system', or by 'coding'";
        return Err(refused(text, "required"));
    }
    Ok(codings)
}

fn statistics(input: &Input) -> Result<Vec<Statistic>, Error> {
    let mut statistics: Vec<Statistic> = vec![];
    for code in input.texts("statistic") {
        let statistic = Statistic::from_code(&code).ok_or_else(|| {
            let mut known = String::new();
            for statistic in Statistic::ALL {
                // Writing to a String does not fail.
                let _ = write!(known, "{}{}", if known.is_empty() { "" } else { ", " }, statistic.code());
            }
            let code: String = code.chars().take(100).collect();
            refused(format!("there is no statistic '{code}'; there are {known}"), "value")
        })?;
        if !statistics.contains(&statistic) {
            statistics.push(statistic);
        }
    }
    if statistics.is_empty() {
        return Err(refused("name what is to be computed by 'statistic', such as average", "required"));
    }
    Ok(statistics)
}

/// A period as it is shown, and in milliseconds.
type Time = (Option<Value>, Option<(i64, i64)>);

/// The last hours that `duration` says, else `period`, else none.
fn time(input: &Input, given: &Value, session: Session<'_>) -> Result<Time, Error> {
    if let Some(text) = input.text("duration") {
        let hours: f64 = text.parse().unwrap_or(f64::NAN);
        if !(hours > 0.0 && hours <= 10_000_000.0) {
            let text: String = text.chars().take(100).collect();
            return Err(refused(
                format!("duration is '{text}'; it is a number of hours, up to 10000000"),
                "value",
            ));
        }
        let now_ms = session.clock().now_ms();
        let start_ms = now_ms.saturating_sub((hours * 3_600_000.0) as u64);
        let period = serde_json::json!({ "start": instant(start_ms), "end": instant(now_ms) });
        return Ok((Some(period), Some((start_ms as i64, now_ms as i64))));
    }
    let Some(parameter) = all(given, "period").next() else { return Ok((None, None)) };
    let period = &parameter["valuePeriod"];
    let end_of = |name: &str| {
        let Some(text) = period[name].as_str() else { return Ok(None) };
        date_range(text)
            .map(Some)
            .map_err(|error| refused(format!("'{text}' is no date for period.{name}: {error}"), "value"))
    };
    let (start, end) = (end_of("start")?, end_of("end")?);
    if start.is_none() && end.is_none() {
        return Err(refused("the parameter period is a valuePeriod with a start or an end", "value"));
    }
    let within = (start.map_or(i64::MIN, |(low, _)| low), end.map_or(i64::MAX, |(_, high)| high));
    Ok((Some(period.clone()), Some(within)))
}

/// Those asked for with `include`, as many as `limit` and a page allow.
fn sources_max(input: &Input, session: Session<'_>) -> Result<usize, Error> {
    let include = input.flag("include")?.unwrap_or_default();
    let page_max = session.options().search_limits.count_max;
    let limit = match input.text("limit") {
        None => page_max,
        Some(text) => text.parse::<usize>().ok().filter(|limit| *limit > 0).ok_or_else(|| {
            let text: String = text.chars().take(100).collect();
            refused(format!("limit is '{text}'; it takes a number from 1"), "value")
        })?,
    };
    Ok(if include { limit.min(page_max) } else { 0 })
}

fn all<'g>(given: &'g Value, name: &'g str) -> impl Iterator<Item = &'g Value> {
    let parameters = given["parameter"].as_array().into_iter().flatten();
    parameters.filter(move |parameter| parameter["name"] == name)
}
