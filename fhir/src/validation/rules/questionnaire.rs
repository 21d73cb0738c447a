//! Questionnaire: <https://hl7.org/fhir/R4/questionnaire-definitions.html>. What groups and displays may not have, its
//! invariants say.

use super::{Rules, item_type, items, shown, text};
use crate::json::Node;
use crate::validation::Code;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Checks that conditions name questions that can decide them, that options and initial values agree with the item, and that value sets
/// named by `#id` are contained, in `container`.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>, container: Node<'_>) {
    let form = Form::of(resource);
    let contained: BTreeSet<_> = items(container, "contained").filter_map(value_set).collect();
    for (place, asked) in form.items.iter().enumerate() {
        form.unique(rules, place);
        options_contained(rules, asked.node, &contained);
        for condition in items(asked.node, "enableWhen") {
            form.condition(rules, place, condition);
        }
        let kind = text(asked.node, "type").unwrap_or_default();
        for name in ["answerOption", "initial"] {
            for one in items(asked.node, name) {
                agrees(rules, one, &kind, name);
            }
        }
    }
}

/// The id of a contained value set.
fn value_set(contained: Node<'_>) -> Option<Cow<'_, str>> {
    text(contained, "resourceType").filter(|name| name == "ValueSet").and_then(|_| text(contained, "id"))
}

fn options_contained(rules: &mut Rules<'_>, item: Node<'_>, contained: &BTreeSet<Cow<'_, str>>) {
    let Some(at) = item.get("answerValueSet") else { return };
    let Some(canonical) = at.as_str() else { return };
    if let Some(id) = canonical.strip_prefix('#')
        && !contained.contains(id)
    {
        let text = format!(
            "no ValueSet is contained under '{}'; contain it, or name one by its URL",
            shown(&canonical)
        );
        rules.error(at, Code::NotFound, text);
    }
}

/// The items in the order of the document, those within an item after it.
struct Form<'q> {
    items: Vec<Asked<'q>>,
    by_link: BTreeMap<Cow<'q, str>, usize>,
}

struct Asked<'q> {
    node: Node<'q>,
    /// The place after the last item within this one.
    end: usize,
}

impl<'q> Form<'q> {
    fn of(questionnaire: Node<'q>) -> Self {
        let mut form = Form { items: Vec::new(), by_link: BTreeMap::new() };
        form.add(questionnaire);
        form
    }

    /// Adds what is below `parent`; the document's own limit bounds the depth.
    fn add(&mut self, parent: Node<'q>) {
        for node in items(parent, "item") {
            let place = self.items.len();
            self.items.push(Asked { node, end: place });
            if let Some(link) = text(node, "linkId") {
                self.by_link.entry(link).or_insert(place);
            }
            self.add(node);
            self.items[place].end = self.items.len();
        }
    }

    /// Invariant que-2.
    fn unique(&self, rules: &mut Rules<'_>, place: usize) {
        let Some(at) = self.items[place].node.get("linkId") else { return };
        let Some(link) = at.as_str() else { return };
        if self.by_link.get(&link) != Some(&place) {
            let text =
                format!("an item before has the linkId '{}', too; give each its own (que-2)", shown(&link));
            rules.error(at, Code::Invariant, text);
        }
    }

    /// `enableWhen` of the item at that place: its question is another item, which can be answered before, with a value
    /// of that type.
    fn condition(&self, rules: &mut Rules<'_>, place: usize, condition: Node<'_>) {
        let Some(at) = condition.get("question") else { return };
        let Some(link) = at.as_str() else { return };
        let Some(&target) = self.by_link.get(&link) else {
            let text = format!("the questionnaire has no item '{}'; name the linkId of one", shown(&link));
            return rules.error(at, Code::NotFound, text);
        };
        if (place..self.items[place].end).contains(&target) {
            let text = format!(
                "'{}' is this item or within it, and is not answered before this item is enabled; name another",
                shown(&link)
            );
            return rules.error(at, Code::BusinessRule, text);
        }
        let kind = text(self.items[target].node, "type").unwrap_or_default();
        if item_type::is_unanswered(&kind) {
            let text = format!("'{}' is of type {kind} and never answered; name a question", shown(&link));
            return rules.issues.warning(at, Code::BusinessRule, text);
        }
        if target > place {
            let text = format!("the question '{}' comes after this item; move it before", shown(&link));
            rules.issues.warning(at, Code::BusinessRule, text);
        }
        compared(rules, condition, &link, &kind);
    }
}

/// What the answer is compared with. Whether there is one at all is asked with a boolean (que-7).
fn compared(rules: &mut Rules<'_>, condition: Node<'_>, link: &str, kind: &str) {
    if text(condition, "operator").as_deref() == Some("exists") {
        return;
    }
    for (key, value) in condition.members() {
        let key = key.as_str();
        let Some(given) = item_type::of_member(&key, "answer") else { continue };
        if !item_type::is_comparable(kind, given) {
            let text = format!(
                "the question '{}' is of type {kind}, which is never compared with {key}; write answer{}",
                shown(link),
                item_type::values(kind).join(" or answer")
            );
            rules.issues.warning(value, Code::Value, text);
        }
    }
}

/// "The data type of the value must agree with the item.type", of options and of initial values.
fn agrees(rules: &mut Rules<'_>, one: Node<'_>, kind: &str, name: &str) {
    let allowed = item_type::values(kind);
    for (key, value) in one.members() {
        let key = key.as_str();
        let Some(given) = item_type::of_member(&key, "value") else { continue };
        let fits = match (kind, given) {
            // An integer is a decimal, and decimals have no options of their own.
            ("decimal", "Integer") => true,
            // The options of a quantity are its units.
            ("quantity", _) if name == "answerOption" => true,
            // Groups and displays have neither: que-5, que-8.
            _ => allowed.is_empty() || allowed.contains(&given),
        };
        if !fits {
            let text =
                format!("the item is of type {kind}: write value{}, not {key}", allowed.join(" or value"));
            rules.error(value, Code::Value, text);
        }
    }
}
