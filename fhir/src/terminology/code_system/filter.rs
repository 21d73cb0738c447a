//! Filters of value sets: which concepts of a code system have a property
//! (<https://hl7.org/fhir/R4/valueset-filter-operator.html>).

use super::{CodeSystem, Concept};
use crate::json::Node;
use crate::terminology::{Error, Limits, member};
use regex::RegexBuilder;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// `property op value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminology) struct Filter {
    pub property: Box<str>,
    pub op: Box<str>,
    pub value: Box<str>,
}

/// What a filter compares.
enum Subject {
    Code,
    Display,
    Definition,
    Parent,
    Child,
    Inactive,
    Abstract,
    /// A property the system declares or a concept has, by number.
    Property(u32),
}

impl Filter {
    /// One `ValueSet.compose.include.filter`.
    pub fn read(node: Node<'_>) -> Result<Filter, &'static str> {
        let text = |name| member::text(node, name);
        match (text("property"), text("op"), text("value")) {
            (Some(property), Some(op), Some(value)) => Ok(Filter { property, op, value }),
            _ => Err("a filter needs property, op and value"),
        }
    }

    /// The concepts it selects. Errors: an operator or property the system does not have, a code it does not have, a bad
    /// or too large regular expression.
    pub fn select(&self, system: &CodeSystem, limits: &Limits) -> Result<RoaringBitmap, Error> {
        let subject = self.subject(system)?;
        if let Some(found) = self.by_hierarchy(system, &subject)? {
            return Ok(found);
        }
        match &*self.op {
            "=" => Ok(values(system, &subject, |text| text == &*self.value)),
            "in" => Ok(self.listed_in(system, &subject)),
            "not-in" => Ok(without(system, self.listed_in(system, &subject))),
            "exists" => self.exists(system, &subject),
            "regex" => self.matching(system, &subject, limits),
            _ => Err(self.unsupported(system)),
        }
    }

    /// What selecting costs: the concepts it looks at. A hierarchy is walked no further than the codes that are selected.
    pub fn steps(&self, system: &CodeSystem) -> usize {
        let concepts = system.concepts().len();
        let walks = matches!(&*self.op, "is-a" | "descendent-of" | "generalizes" | "child-of")
            && matches!(&*self.property, "concept" | "code");
        match walks {
            true => 1 + concepts / 64,
            false => 1 + concepts + self.value.len(),
        }
    }

    fn subject(&self, system: &CodeSystem) -> Result<Subject, Error> {
        // These are the hierarchy, nesting included, even if the system declares properties of these codes.
        match &*self.property {
            "parent" => return Ok(Subject::Parent),
            "child" => return Ok(Subject::Child),
            _ => {}
        }
        if let Some(number) = system.properties.iter().position(|code| *code == self.property) {
            return Ok(Subject::Property(number as u32));
        }
        match &*self.property {
            "concept" | "code" => Ok(Subject::Code),
            "display" => Ok(Subject::Display),
            "definition" => Ok(Subject::Definition),
            "inactive" => Ok(Subject::Inactive),
            "notSelectable" | "abstract" => Ok(Subject::Abstract),
            _ => Err(self.unsupported(system)),
        }
    }

    fn unsupported(&self, system: &CodeSystem) -> Error {
        let Filter { property, op, value } = self;
        Error::NotSupported { what: format!("the filter '{property} {op} {value}' on '{}'", system.url) }
    }

    /// Operators on the hierarchy, which are about codes; and `parent`/`child` by the hierarchy, not by what is written.
    fn by_hierarchy(&self, system: &CodeSystem, subject: &Subject) -> Result<Option<RoaringBitmap>, Error> {
        let children = |number: u32| system.children(number).iter().copied().collect::<RoaringBitmap>();
        let below = |number: u32| system.at_or_below(number);
        let found = match (&*self.op, subject) {
            ("is-a", Subject::Code) => below(self.concept(system)?),
            ("descendent-of", Subject::Code) => below_only(system, self.concept(system)?),
            ("is-not-a", Subject::Code) => without(system, below(self.concept(system)?)),
            ("generalizes", Subject::Code) => system.at_or_above(self.concept(system)?),
            ("child-of", Subject::Code) => children(self.concept(system)?),
            ("=", Subject::Parent) => children(self.concept(system)?),
            ("=", Subject::Child) => system.parents(self.concept(system)?).iter().copied().collect(),
            // A property whose values are codes of the system itself.
            ("is-a", Subject::Property(_)) => {
                let wanted = below(self.concept(system)?);
                values(system, subject, |text| {
                    system.find(text).is_some_and(|number| wanted.contains(number))
                })
            }
            _ => return Ok(None),
        };
        Ok(Some(found))
    }

    fn concept(&self, system: &CodeSystem) -> Result<u32, Error> {
        let unknown = || Error::UnknownCode { system: system.url.to_string(), code: self.value.to_string() };
        system.find(&self.value).ok_or_else(unknown)
    }

    fn listed_in(&self, system: &CodeSystem, subject: &Subject) -> RoaringBitmap {
        let listed: BTreeSet<_> = self.value.split(',').map(str::trim).collect();
        values(system, subject, |text| listed.contains(text))
    }

    fn exists(&self, system: &CodeSystem, subject: &Subject) -> Result<RoaringBitmap, Error> {
        let having = values(system, subject, |_| true);
        match &*self.value {
            "true" => Ok(having),
            "false" => Ok(without(system, having)),
            _ => Err(Error::Invalid { problem: "the value of an 'exists' filter is true or false".into() }),
        }
    }

    fn matching(
        &self,
        system: &CodeSystem,
        subject: &Subject,
        limits: &Limits,
    ) -> Result<RoaringBitmap, Error> {
        let matcher = pattern(&self.value, limits)?;
        Ok(values(system, subject, |text| matcher.is_match(text)))
    }
}

/// A regular expression that must match the whole text. Such expressions run in time linear in the text.
fn pattern(text: &str, limits: &Limits) -> Result<regex::Regex, Error> {
    if text.len() > limits.regex_bytes_max {
        let (found, max) = (text.len(), limits.regex_bytes_max);
        return Err(Error::TooCostly {
            what: "bytes of a regular expression",
            found,
            max,
            limit: "regex_bytes_max",
        });
    }
    let build = |pattern: &str| {
        RegexBuilder::new(pattern)
            .size_limit(limits.regex_program_bytes_max)
            .dfa_size_limit(limits.regex_program_bytes_max)
            .build()
    };
    // It must be whole by itself: what closes a group that it did not open would escape from the anchors.
    let compiled = build(text).and_then(|_| build(&format!("^(?:{text})$")));
    compiled.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::Invalid { problem: format!("the regular expression '{text}' cannot be used: {reason}") }
    })
}

fn without(system: &CodeSystem, left_out: RoaringBitmap) -> RoaringBitmap {
    system.all() - left_out
}

fn below_only(system: &CodeSystem, number: u32) -> RoaringBitmap {
    let mut below = system.at_or_below(number);
    below.remove(number);
    below
}

/// The concepts one of whose values passes.
fn values(system: &CodeSystem, subject: &Subject, pass: impl Fn(&str) -> bool) -> RoaringBitmap {
    let holds = |number: &u32| {
        let concept = system.concept(*number);
        match subject {
            Subject::Code => pass(&concept.code),
            Subject::Display => concept.display.as_deref().is_some_and(&pass),
            Subject::Definition => concept.definition.as_deref().is_some_and(&pass),
            Subject::Parent => related(system, system.parents(*number)).any(|other| pass(&other.code)),
            Subject::Child => related(system, system.children(*number)).any(|other| pass(&other.code)),
            Subject::Inactive => pass(if system.inactive().contains(*number) { "true" } else { "false" }),
            Subject::Abstract => pass(if concept.is_abstract { "true" } else { "false" }),
            Subject::Property(code) => {
                concept.properties.iter().any(|one| one.code == *code && pass(&one.text))
            }
        }
    };
    system.all().iter().filter(holds).collect()
}

fn related<'s>(system: &'s CodeSystem, numbers: &'s [u32]) -> impl Iterator<Item = &'s Concept> {
    numbers.iter().map(|number| system.concept(*number))
}
