//! `$stats`: <https://hl7.org/fhir/R4/observation-operation-stats.html>. What a subject's measurements of some codes come to.
//!
//! Counted are the observations that have a code asked for in `code` or in a component, but for those entered in error and cancelled:
//! their own value under their code, and each component under its own where the observation is the panel asked for or the component the code
//! asked for. Members of a panel asked for (`hasMember`) count under their codes. Values in units that measure the same are
//! converted to the newest one's; others are an error.

mod answer;
mod asked;
mod observation;
mod series;
mod statistic;
mod summary;

use super::{
    Invocation,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::{
    interaction::{
        part, search_stream,
        several::{self, Place},
    },
    session::Session,
};
use asked::Asked;
use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use observation::Seen;
use proto::{Code, Error};
use series::AllSeries;
use std::collections::BTreeSet;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "stats",
    url: "http://hl7.org/fhir/OperationDefinition/Observation-stats",
    system: false,
    types: Types::Only(&["Observation"]),
    on_type: true,
    on_instance: false,
    affects_state: false,
    parameters: &[
        Parameter::one("subject", Kind::URI),
        Parameter::many("code", Kind::STRING),
        Parameter::one("system", Kind::URI),
        Parameter::many("coding", Kind::Complex),
        Parameter::one("duration", Kind::Decimal),
        Parameter::one("period", Kind::Complex),
        Parameter::many("statistic", Kind::CODE),
        Parameter::one("include", Kind::Boolean),
        Parameter::one("limit", Kind::Integer),
    ],
    unsupported: &[],
    bare: None,
    run: |invocation| stats(invocation).boxed(),
};

/// Observations that one answer may rest on.
const OBSERVATIONS_MAX: usize = 100_000;

async fn stats(invocation: Invocation) -> Result<Bytes, Error> {
    let session = invocation.caller.session();
    let asked = Asked::read(&invocation.input, session)?;
    let mut counted = Counted::new(session, &asked);
    // Page after page, each let go of before the next is read.
    let mut found = search_stream(session, asked.request()).await?;
    while let Some(entry) = found.try_next().await? {
        counted.observation(&entry.id, &entry.body, true)?;
    }
    counted.members().await?;
    answer::parameters(&asked, &counted.series, &counted.sources)
}

/// What was counted so far.
struct Counted<'a> {
    session: Session<'a>,
    asked: &'a Asked,
    series: AllSeries,
    /// Ids of observations, so that none counts twice.
    seen: BTreeSet<Box<str>>,
    /// Members of panels that were not found by themselves.
    members: BTreeSet<Place>,
    sources: Vec<Bytes>,
}

impl<'a> Counted<'a> {
    fn new(session: Session<'a>, asked: &'a Asked) -> Counted<'a> {
        let series = AllSeries::of(&asked.codings);
        Counted { session, asked, series, seen: BTreeSet::new(), members: BTreeSet::new(), sources: vec![] }
    }

    /// Counts one; `found`: it has a code asked for, else it is a member of one that has.
    fn observation(&mut self, id: &str, body: &Bytes, found: bool) -> Result<(), Error> {
        if !self.seen.insert(id.into()) {
            return Ok(());
        }
        if self.seen.len() > OBSERVATIONS_MAX {
            let text =
                format!("there are more than {OBSERVATIONS_MAX} observations: ask about a shorter 'period'");
            return Err(Error::new(Code::TooCostly, text));
        }
        let document = part::document(body.clone())?;
        let seen = Seen::read(document.root());
        let is_of_code = self.asked.codings.iter().any(|coding| seen.own.is_coded(coding));
        if !found && !seen.is_usable_by(self.asked, self.session) {
            return Ok(());
        }
        if is_of_code || !found {
            self.series.count(&seen.own, seen.at_ms)?;
        }
        for component in &seen.components {
            let is_component_of_code = self.asked.codings.iter().any(|coding| component.is_coded(coding));
            if is_of_code || is_component_of_code || !found {
                self.series.count(component, seen.at_ms)?;
            }
        }
        if is_of_code {
            self.members.extend(seen.members(self.session.bases().bases()));
        }
        if self.sources.len() < self.asked.sources_max {
            self.session.context().share.take(2 * body.len())?;
            self.sources.push(body.clone());
        }
        Ok(())
    }

    /// Counts members that were not found by their own codes.
    async fn members(&mut self) -> Result<(), Error> {
        let mut members: Vec<Place> = std::mem::take(&mut self.members).into_iter().collect();
        members.retain(|place| !self.seen.contains(place.id.as_str()));
        if self.seen.len() + members.len() > OBSERVATIONS_MAX {
            let text =
                format!("there are more than {OBSERVATIONS_MAX} observations: ask about a shorter 'period'");
            return Err(Error::new(Code::TooCostly, text));
        }
        let session = self.session;
        several::each(session, &members, |place, row| self.observation(place.id.as_str(), &row.body, false))
            .await
    }
}
