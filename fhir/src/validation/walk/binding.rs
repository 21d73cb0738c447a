//! Bindings (<https://hl7.org/fhir/R4/terminologies.html#binding>).

use super::Walk;
use super::coding::did_you_mean;
use super::instance::Instance;
use crate::definitions::{NameId, names};
use crate::json::Node;
use crate::outcome::Severity;
use crate::terminology::{Entry, Membership, ValueSet};
use crate::validation::Code;
use crate::validation::definition::{Binding, Strength};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

const SYSTEM: NameId = names::lookup(b"system");
const VERSION: NameId = names::lookup(b"version");
const CODE: NameId = names::lookup(b"code");
const CODING: NameId = names::lookup(b"coding");

/// Whether a coded value is in a value set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    In,
    NotIn,
    /// There is a value, but no code in it.
    NoCode,
    /// The value set, or the code system it draws on, is not known here.
    Unknown,
}

impl<'d> Walk<'_, 'd> {
    /// Checks a coded value, of whatever type it is.
    pub(super) fn binding(&mut self, binding: &Binding, instance: Instance<'d>) {
        let Some(value) = instance.value else { return self.no_value(binding, instance) };
        if let Some(max) = &binding.max {
            let verdict = self.verdict(max, &binding.compiled[1], instance);
            if matches!(verdict, Verdict::NotIn) {
                return self.outside(Severity::Error, value, max, &binding.compiled[1], verdict);
            }
        }
        let severity = match binding.strength {
            Strength::Required => Severity::Error,
            Strength::Extensible => Severity::Warning,
            Strength::Preferred => Severity::Information,
            Strength::Example => return,
        };
        if severity < self.options.severity_min || binding.value_set.is_empty() {
            return;
        }
        let verdict = self.verdict(&binding.value_set, &binding.compiled[0], instance);
        // A concept that is only text is fine unless a code is required.
        if verdict == Verdict::NotIn || verdict == Verdict::NoCode && binding.strength == Strength::Required {
            // Codes that do not exist are errors of their own.
            if severity < Severity::Error && self.has_no_known_code(value) {
                return;
            }
            self.outside(severity, value, &binding.value_set, &binding.compiled[0], verdict);
        }
    }

    /// A required binding that a profile adds is in doubt as long as nobody here knows its value set. Said once of an element's
    /// definition, not of every instance.
    pub(super) fn known_binding(&mut self, binding: &Binding, path: &str, instance: Instance<'d>) {
        let unknown = binding.compiled[0].get().is_some_and(Option::is_none);
        let Some(node) = instance.node().filter(|_| unknown && binding.strength == Strength::Required) else {
            return;
        };
        let shown: String = binding.value_set.chars().take(160).collect();
        let about = format!("the value set '{shown}', which {path} is bound to, cannot be used here");
        if self.issues.says(&about) || !self.issues.takes(Severity::Warning) {
            return;
        }
        let reason = self.terminology.value_set(&binding.value_set).err();
        let reason = reason.map_or_else(String::new, |error| format!(": {error}"));
        let text = format!("{about}, so no code was checked{reason}");
        self.issues.warning(node, Code::NotFound, text);
    }

    /// A coded element with extensions in place of a value.
    fn no_value(&mut self, binding: &Binding, instance: Instance<'d>) {
        if binding.strength == Strength::Required
            && let Some(node) = instance.node()
        {
            self.outside(Severity::Error, node, &binding.value_set, &binding.compiled[0], Verdict::NoCode);
        }
    }

    #[cold]
    fn outside(
        &mut self,
        severity: Severity,
        value: Node<'d>,
        url: &str,
        compiled: &OnceLock<Option<Arc<ValueSet>>>,
        verdict: Verdict,
    ) {
        if !self.issues.takes(severity) {
            return;
        }
        let value_set = compiled.get().and_then(Option::as_deref);
        let advice = value_set.map_or_else(String::new, |value_set| advice(value_set, value));
        let text = match verdict {
            Verdict::NoCode => {
                format!("a code of the value set {url} is required, but there is none{advice}")
            }
            _ => format!("{} is not in the value set {url}{advice}", shown(value)),
        };
        self.issues.add(severity, value, Code::CodeInvalid, text);
    }

    pub(super) fn verdict(
        &self,
        url: &str,
        compiled: &OnceLock<Option<Arc<ValueSet>>>,
        instance: Instance<'d>,
    ) -> Verdict {
        let value_set = compiled.get_or_init(|| self.terminology.value_set(url).ok());
        match (value_set, instance.value) {
            (Some(value_set), Some(value)) => member(value_set, value, instance.type_id.path()),
            _ => Verdict::Unknown,
        }
    }
}

/// Whether a value of that type is in the value set; what is no coded value is not known to be.
pub(in crate::validation) fn member(value_set: &ValueSet, value: Node<'_>, type_name: &str) -> Verdict {
    match type_name {
        "CodeableConcept" => concept(value_set, value),
        "Coding" | "Quantity" | "Age" | "Count" | "Distance" | "Duration" | "Money" => {
            coding(value_set, value)
        }
        _ => match value.as_str() {
            Some(code) => verdict(value_set.contains(None, None, &code)),
            None => Verdict::Unknown,
        },
    }
}

/// One coding that fits is enough.
fn concept(value_set: &ValueSet, value: Node<'_>) -> Verdict {
    let mut best = Verdict::NoCode;
    for item in value.get_name(CODING).into_iter().flat_map(Node::items) {
        best = match (coding(value_set, item), best) {
            (Verdict::In, _) => return Verdict::In,
            (Verdict::Unknown, _) | (_, Verdict::Unknown) => Verdict::Unknown,
            (Verdict::NotIn, _) | (_, Verdict::NotIn) => Verdict::NotIn,
            _ => Verdict::NoCode,
        };
    }
    best
}

fn coding(value_set: &ValueSet, value: Node<'_>) -> Verdict {
    let text = |name| value.get_name(name).and_then(Node::as_str);
    let Some(code) = text(CODE) else { return Verdict::NoCode };
    let (system, version) = (text(SYSTEM), text(VERSION));
    // Without a system a coding says nothing that could be looked up.
    let system = system.unwrap_or(Cow::Borrowed(""));
    verdict(value_set.contains(Some(&system), version.as_deref(), &code))
}

fn verdict(membership: Membership) -> Verdict {
    match membership {
        Membership::In => Verdict::In,
        Membership::NotIn => Verdict::NotIn,
        Membership::Unknown(_) => Verdict::Unknown,
    }
}

/// What to write instead: the codes, if they are few, else the one that was probably meant.
fn advice(value_set: &ValueSet, value: Node<'_>) -> String {
    const SHOWN_MAX: u64 = 12;
    let wrong = value.as_str().or_else(|| value.get_name(CODE)?.as_str()).unwrap_or_default();
    if value_set.incomplete().is_some() || value_set.len() > SHOWN_MAX {
        let near = did_you_mean(&wrong, value_set.entries().map(Entry::code));
        return if near.is_empty() { "; take a code from it".into() } else { near };
    }
    let mut systems: Vec<_> = value_set.systems().map(|(system, _)| system).collect();
    systems.dedup();
    let codes: Vec<_> = value_set
        .entries()
        .map(|entry| match systems.len() {
            0 | 1 => entry.code().to_owned(),
            _ => format!("{}|{}", entry.system(), entry.code()),
        })
        .collect();
    match (codes.is_empty(), value.as_str().is_some(), &systems[..]) {
        (true, ..) => String::new(),
        (_, false, [system]) => format!("; take one of {} of system '{system}'", codes.join(", ")),
        _ => format!("; take one of {}", codes.join(", ")),
    }
}

/// The codes of a value, for a message.
fn shown(value: Node<'_>) -> String {
    let one = |value: Node<'_>| {
        let text = |name| value.get_name(name).and_then(Node::as_str).unwrap_or_default();
        match text(SYSTEM) {
            system if system.is_empty() => format!("'{}', which names no system,", text(CODE)),
            system => format!("'{}' of system '{system}'", text(CODE)),
        }
    };
    let text = match value.get_name(CODING) {
        Some(codings) => codings.items().map(one).collect::<Vec<_>>().join(", "),
        None if value.as_str().is_some() => format!("the code '{}'", value.as_str().unwrap_or_default()),
        None => one(value),
    };
    text.chars().take(300).collect()
}
