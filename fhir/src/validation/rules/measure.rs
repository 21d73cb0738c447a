//! Measure: <https://hl7.org/fhir/R4/measure-definitions.html#Measure.group.population.criteria>.

use super::{Rules, items, shown, text};
use crate::json::Node;
use crate::validation::Code;

/// "The name of an expression in a library" needs a library: without one nobody finds the criteria.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    if resource.get("library").is_some() {
        return;
    }
    for group in items(resource, "group") {
        items(group, "population").for_each(|one| criteria(rules, one));
        for stratifier in items(group, "stratifier") {
            items(stratifier, "component").chain([stratifier]).for_each(|one| criteria(rules, one));
        }
    }
    items(resource, "supplementalData").for_each(|one| criteria(rules, one));
}

fn criteria(rules: &mut Rules<'_>, holder: Node<'_>) {
    let Some(criteria) = holder.get("criteria").filter(|one| one.get("reference").is_none()) else { return };
    if !text(criteria, "language").is_some_and(|language| language.starts_with("text/cql")) {
        return;
    }
    let Some(expression) = text(criteria, "expression").filter(|expression| is_name(expression)) else {
        return;
    };
    let text = format!(
        "'{}' is the name of an expression, but the measure has no library that could define it; add its canonical URL as library",
        shown(&expression)
    );
    rules.issues.warning(criteria, Code::BusinessRule, text);
}

/// An identifier of CQL: plain, or quoted and then of any characters.
fn is_name(expression: &str) -> bool {
    let quoted = |quote| {
        let inner = expression.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
        inner.is_some_and(|inner| !inner.contains(quote))
    };
    let plain = !expression.starts_with(|first: char| first.is_ascii_digit())
        && expression.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain || quoted('"') || quoted('`')
}
