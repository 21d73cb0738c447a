//! Fixed values, patterns, and the limits of values.

use super::binding::Verdict;
use super::constrain::elements;
use super::instance::Instance;
use super::{Definition, Walk};
use crate::json::{Kind, Node, equal};
use crate::validation::Code;
use crate::validation::definition::{Element, Strength};
use crate::validation::order::compare;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

impl<'d> Walk<'_, 'd> {
    /// What the rules say about the value itself.
    pub(super) fn values(&mut self, definition: &Definition, rules: &Element, instance: Instance<'d>) {
        let Some(value) = instance.value else { return };
        if let Some((place, fixed)) = rules.value
            && let Some(wanted) = definition.node(place)
            && !matches(value, wanted, fixed)
        {
            let what = if fixed { "must be exactly" } else { "must have" };
            let text = format!("{} {what} {}, found {}", rules.path, shown(wanted), shown(value));
            self.issues.error(value, Code::Value, text);
        }
        if let Some(max) = rules.length_max
            && let Some(text) = value.as_str()
            && text.len() > max
            && text.chars().count() > max
        {
            self.issues.error(
                value,
                Code::TooLong,
                format!("{} may have {max} characters at most", rules.path),
            );
        }
        self.lexical(rules, value);
        self.limits(definition, rules, value);
    }

    /// Whether a primitive is written as its regular expression says.
    fn lexical(&mut self, rules: &Element, value: Node<'d>) {
        let Some(lexical) = &rules.lexical else { return };
        let text = match value.kind() {
            Kind::String => value.as_str(),
            Kind::Number | Kind::Bool => std::str::from_utf8(value.raw()).ok().map(Cow::Borrowed),
            Kind::Object | Kind::Array | Kind::Null => None,
        };
        match text.map(|text| lexical.fits(&text)) {
            None | Some(Some(true)) => {}
            Some(Some(false)) => {
                let text = format!("{} must be written as {}", rules.path, lexical.shown());
                self.issues.error(value, Code::Value, text);
            }
            Some(None) => {
                let text = format!("the regular expression {} cannot be used here", lexical.shown());
                self.issues.warning(value, Code::Value, text);
            }
        }
    }

    fn limits(&mut self, definition: &Definition, rules: &Element, value: Node<'d>) {
        for (place, beyond, word) in
            [(rules.low, Ordering::Less, "least"), (rules.high, Ordering::Greater, "most")]
        {
            let Some(limit) = place.and_then(|place| definition.node(place)) else { continue };
            if compare(value, limit) == Some(beyond) {
                let text =
                    format!("{} must be at {word} {}, found {}", rules.path, shown(limit), shown(value));
                self.issues.error(value, Code::Value, text);
            }
        }
    }

    /// Whether an instance has the values the element and those below it demand: how a slice knows its own.
    pub(super) fn fits(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        instance: Instance<'d>,
    ) -> bool {
        let rules = &definition.elements[element];
        if let Some((place, fixed)) = rules.value {
            let wanted = definition.node(place);
            return instance.value.zip(wanted).is_some_and(|(value, wanted)| matches(value, wanted, fixed));
        }
        if let Some(binding) = rules.binding.as_ref().filter(|binding| binding.strength == Strength::Required)
            && !binding.inherited
            && self.verdict(&binding.value_set, &binding.compiled[0], instance) != Verdict::In
        {
            return false;
        }
        definition.below(element).children.iter().all(|&child| self.child_fits(definition, child, instance))
    }

    fn child_fits(&mut self, definition: &Arc<Definition>, child: usize, instance: Instance<'d>) -> bool {
        let rules = &definition.elements[child];
        if rules.below_several && !rules.members.iter().any(|member| instance.may_have(*member)) {
            return true;
        }
        let all = || elements(rules, instance);
        if rules.min > 0 && all().next().is_none() || rules.max == 0 && all().next().is_some() {
            return false;
        }
        if demands(definition, child) && !all().any(|one| self.fits(definition, child, one)) {
            return all().next().is_none() && rules.min == 0;
        }
        let slices = rules.slicing.iter().flat_map(|slicing| slicing.slices.iter());
        let must = slices.filter(|&&slice| definition.elements[slice].min > 0);
        must.copied()
            .collect::<Vec<_>>()
            .iter()
            .all(|&slice| all().any(|one| self.fits(definition, slice, one)))
    }
}

/// Whether the element itself, slices aside, demands values.
fn demands(definition: &Definition, element: usize) -> bool {
    let rules = &definition.elements[element];
    rules.value.is_some() || rules.binding.is_some() || !rules.children.is_empty()
}

/// Whether a value is the fixed one, or has all that the pattern has
/// (<https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_>).
fn matches(value: Node<'_>, wanted: Node<'_>, fixed: bool) -> bool {
    if fixed {
        return equal(value, wanted);
    }
    match (value.kind(), wanted.kind()) {
        (Kind::Object, Kind::Object) => wanted.members().all(|(key, wanted)| {
            let own = value.members().find(|(own, _)| own.same_name(key));
            own.is_some_and(|(_, value)| matches(value, wanted, false))
        }),
        (Kind::Array, Kind::Array) => {
            wanted.items().all(|wanted| value.items().any(|value| matches(value, wanted, false)))
        }
        _ => equal(value, wanted),
    }
}

/// A value for a message.
fn shown(value: Node<'_>) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(value.raw());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
