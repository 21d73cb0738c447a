//! What `$stats` reads of an observation.

use super::asked::{Asked, Coding};
use crate::{draft, interaction::several::Place, session::Session};
use fhir::{
    index::{Bases, ReferenceText, date_range, parse_reference},
    json::Node,
};
use proto::ResourceId;

/// An observation.
pub struct Seen<'d> {
    resource: Node<'d>,
    pub own: Measured<'d>,
    pub components: Vec<Measured<'d>>,
    /// When it was measured, milliseconds since 1970; of a period its start.
    pub at_ms: Option<i64>,
}

/// A code and the value that was measured of it.
pub struct Measured<'d> {
    code: Option<Node<'d>>,
    holder: Node<'d>,
}

/// A number and the unit it is in.
pub struct Amount {
    pub number: f64,
    pub unit: Unit,
}

/// Empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    pub system: String,
    pub code: String,
    /// For people.
    pub text: String,
}

impl<'d> Seen<'d> {
    /// Of an Observation.
    pub fn read(resource: Node<'d>) -> Seen<'d> {
        let components = resource.get("component").into_iter().flat_map(Node::items);
        Seen {
            resource,
            own: Measured::read(resource),
            components: components.map(Measured::read).collect(),
            at_ms: time_of(resource),
        }
    }

    /// Whether it is of the subject and the time asked for, and was not withdrawn: what the search sees to of those it finds.
    pub fn is_usable_by(&self, asked: &Asked, session: Session<'_>) -> bool {
        let own = session.bases();
        let bases = own.bases();
        let subject = text_at(self.resource, &["subject", "reference"]);
        let same = |one: &str, other: &str| {
            one == other || parse_reference(one, bases) == parse_reference(other, bases)
        };
        let is_of_subject = subject.is_some_and(|subject| same(&subject, &asked.subject));
        let is_within =
            asked.within.is_none_or(|(low, high)| self.at_ms.is_some_and(|at| low <= at && at < high));
        let status = text_at(self.resource, &["status"]).unwrap_or_default();
        is_of_subject && is_within && !matches!(&*status, "entered-in-error" | "cancelled")
    }

    /// The observations that it is made up of.
    pub fn members(&self, bases: Bases<'_>) -> Vec<Place> {
        let members = self.resource.get("hasMember").into_iter().flat_map(Node::items);
        let place = |member: Node<'_>| {
            let text = text_at(member, &["reference"])?;
            let ReferenceText::Local { resource_type, id, version } = parse_reference(&text, bases) else {
                return None;
            };
            let is_observation = resource_type.name() == "Observation";
            let version = version.map(draft::version_id);
            let (id, None | Some(Some(_))) = (ResourceId::parse(id).ok()?, version) else { return None };
            is_observation.then_some(Place { resource_type, id, version: version.flatten() })
        };
        members.filter_map(place).collect()
    }
}

impl<'d> Measured<'d> {
    fn read(holder: Node<'d>) -> Measured<'d> {
        Measured { code: holder.get("code"), holder }
    }

    /// Whether it is of that code.
    pub fn is_coded(&self, coding: &Coding) -> bool {
        self.codings().any(|one| {
            one.0.code == coding.code && (coding.system.is_empty() || one.0.system == coding.system)
        })
    }

    /// Its codings, each with its display; empty where that has none.
    pub fn codings(&self) -> impl Iterator<Item = (Coding, String)> + use<'d> {
        let codings = self.code.and_then(|code| code.get("coding")).into_iter().flat_map(Node::items);
        codings.map(|coding| {
            let text = |name: &str| text_at(coding, &[name]).unwrap_or_default();
            (Coding { system: text("system"), code: text("code") }, text("display"))
        })
    }

    /// The code's own text.
    pub fn text(&self) -> Option<String> {
        text_at(self.code?, &["text"])
    }

    /// The number that was measured; `None`: there is none, or only that it lies above or below one.
    pub fn amount(&self) -> Option<Amount> {
        if let Some(number) = self.holder.get("valueInteger").and_then(Node::number_text) {
            return Some(Amount { number: number.parse().ok()?, unit: Unit::default() });
        }
        let quantity = self.holder.get("valueQuantity")?;
        if quantity.get("comparator").is_some() {
            return None;
        }
        let number: f64 = quantity.get("value")?.number_text()?.parse().ok()?;
        let text = |name: &str| text_at(quantity, &[name]).unwrap_or_default();
        let unit = Unit { system: text("system"), code: text("code"), text: text("unit") };
        number.is_finite().then_some(Amount { number, unit })
    }
}

fn time_of(resource: Node<'_>) -> Option<i64> {
    let when: [&[&str]; 4] = [
        &["effectiveDateTime"],
        &["effectiveInstant"],
        &["effectivePeriod", "start"],
        &["effectivePeriod", "end"],
    ];
    let text = when.iter().find_map(|path| text_at(resource, path))?;
    date_range(&text).ok().map(|(low, _)| low)
}

fn text_at(node: Node<'_>, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(node, |node, name| node.get(name))?;
    found.as_str().map(|text| text.into_owned())
}
