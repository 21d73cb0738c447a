//! MeasureReport against its Measure: <https://hl7.org/fhir/R4/measurereport.html#notes>. Groups, populations, stratifiers and their
//! components are told apart by their codes.

use super::{Rules, items, shown, text};
use crate::conformance::Canonical;
use crate::definitions::ResourceType;
use crate::json::Node;
use crate::validation::Code;

const MEASURE: ResourceType = ResourceType::from_name("Measure").expect("a resource type");

/// What comparing two concepts costs, in steps of FHIRPath.
const STEP: u64 = 8;

/// Checks that what is reported is of the measure. What is missing once the report is complete, and what is there twice, is worth a
/// warning: R4 says "one for each", and its own example has neither. Where the measure is not known here, only that is said.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    let Some(at) = resource.get("measure") else { return };
    let Some(canonical) = at.as_str() else { return };
    let (url, version, _) = Canonical::read(&canonical);
    let Some(measure) = rules.source.find(MEASURE, url, version) else {
        let text = format!(
            "the measure '{}' is not known here, so the report was not checked against it",
            shown(&canonical)
        );
        return rules.issues.warning(at, Code::NotFound, text);
    };
    let report = Report {
        // A data collection has no groups (mrp-1).
        complete: text(resource, "status").as_deref() == Some("complete")
            && text(resource, "type").as_deref() != Some("data-collection"),
        cohort: measure.root().get("scoring").is_some_and(is_cohort),
    };
    let pairs = report.paired(rules, (resource, measure.root()), "group", "group");
    for (given, of) in pairs {
        report.group(rules, given, of);
    }
}

struct Report {
    complete: bool,
    /// Cohorts are counted, not scored.
    cohort: bool,
}

impl Report {
    fn group(&self, rules: &mut Rules<'_>, given: Node<'_>, of: Node<'_>) {
        self.score(rules, given);
        self.paired(rules, (given, of), "population", "population");
        for (stratifier, own) in self.paired(rules, (given, of), "stratifier", "stratifier") {
            for stratum in items(stratifier, "stratum") {
                self.stratum(rules, stratum, own, of);
            }
        }
    }

    fn stratum(&self, rules: &mut Rules<'_>, stratum: Node<'_>, stratifier: Node<'_>, group: Node<'_>) {
        self.score(rules, stratum);
        self.paired(rules, (stratum, group), "population", "population of the group");
        let components = stratifier.get("component").is_some();
        if stratum.get("component").is_some() && !components {
            let text = "the measure's stratifier has no components; give the stratum's value".into();
            rules.error(stratum, Code::Structure, text);
        } else if components {
            self.paired(rules, (stratum, stratifier), "component", "component");
        }
    }

    fn score(&self, rules: &mut Rules<'_>, holder: Node<'_>) {
        if let Some(score) = holder.get("measureScore").filter(|_| self.cohort) {
            let text = "a measure of a cohort counts and has no score; take it out".into();
            rules.error(score, Code::BusinessRule, text);
        }
    }

    /// The items of the list `name` in the report, each with that of the measure it is of, by their codes. What has no partner is told.
    fn paired<'g, 'm>(
        &self,
        rules: &mut Rules<'_>,
        (given, of): (Node<'g>, Node<'m>),
        name: &str,
        what: &str,
    ) -> Vec<(Node<'g>, Node<'m>)> {
        let known: Vec<_> = items(of, name).collect();
        let mut met = vec![false; known.len()];
        let mut pairs = Vec::new();
        for one in items(given, name) {
            if !rules.steps.pay(STEP * (1 + known.len() as u64)) {
                return pairs;
            }
            let Some(at) = partner(rules, one, &known, what) else { continue };
            if std::mem::replace(&mut met[at], true) {
                let text = format!("this {what} of the measure is reported before, too; report it once");
                rules.issues.warning(one, Code::Structure, text);
            }
            pairs.push((one, known[at]));
        }
        for (_, missing) in met.iter().zip(&known).filter(|(met, _)| self.complete && !**met) {
            let text = match missing.get("code").map(described) {
                Some(code) => format!("the {what} '{code}' of the measure is missing"),
                None if known.len() == 1 => format!("the {what} of the measure is missing"),
                // What has no code cannot be told from the others.
                None => continue,
            };
            rules.issues.warning(given, Code::Required, text);
        }
        pairs
    }
}

/// The place among `known` of what `one` reports; if there is none, that is told.
fn partner(rules: &mut Rules<'_>, one: Node<'_>, known: &[Node<'_>], what: &str) -> Option<usize> {
    let Some(code) = one.get("code") else {
        let text = match known.len() {
            // The only one may go without its code.
            1 => return Some(0),
            0 => format!("the measure has no {what}"),
            several => {
                format!("give the code of the {what}, to tell which of the measure's {several} this is")
            }
        };
        rules.error(one, Code::Required, text);
        return None;
    };
    // A stratifier of a report may have several codes.
    let codes: Vec<_> = if code.items().next().is_some() { code.items().collect() } else { vec![code] };
    let is_it = |known: &Node<'_>| {
        let own = known.get("code");
        own.is_some_and(|own| codes.iter().any(|code| is_same(*code, own)))
    };
    let found = known.iter().position(is_it);
    if found.is_none() {
        let names: Vec<_> = codes.iter().map(|code| described(*code)).collect();
        let text = format!("the measure has no {what} '{}'", names.join("', '"));
        rules.error(code, Code::CodeInvalid, text);
    }
    found
}

/// Whether two concepts have a code in common or, where one has none, the same text.
fn is_same(one: Node<'_>, other: Node<'_>) -> bool {
    if one.get("coding").is_none() || other.get("coding").is_none() {
        return text(one, "text").is_some() && text(one, "text") == text(other, "text");
    }
    let is_same = |one: Node<'_>, other: Node<'_>| {
        let (code, systems) = (text(one, "code"), (text(one, "system"), text(other, "system")));
        // Reports often leave the system out.
        let same_system = systems.0.is_none() || systems.1.is_none() || systems.0 == systems.1;
        code.is_some() && code == text(other, "code") && same_system
    };
    items(one, "coding").any(|one| items(other, "coding").any(|other| is_same(one, other)))
}

/// A concept for a message.
fn described(concept: Node<'_>) -> String {
    let code = items(concept, "coding").find_map(|coding| text(coding, "code"));
    shown(&code.or_else(|| text(concept, "text")).unwrap_or_default())
}

fn is_cohort(scoring: Node<'_>) -> bool {
    items(scoring, "coding").any(|coding| text(coding, "code").as_deref() == Some("cohort"))
}
