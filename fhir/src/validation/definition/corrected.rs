//! Invariants of R4 whose expression does not say what their text says, and what they would say if it did.

/// Of an expression that invariants of several keys have.
const ANY_KEY: &str = "";

/// Key, expression, corrected expression.
const CORRECTED: [(&str, &str, &str); 6] = [
    // Of an entry without fullUrl the expression has no answer; such entries are allowed.
    (
        "bdl-8",
        "fullUrl.contains('/_history/').not()",
        "fullUrl.empty() or fullUrl.contains('/_history/').not()",
    ),
    // The same of a prediction without probability.
    (
        "ras-2",
        "probability is decimal implies (probability as decimal) <= 100",
        "probability.empty() or (probability is decimal implies (probability as decimal) <= 100)",
    ),
    // The text says "more than one".
    (
        "que-12",
        "enableWhen.count() > 2 implies enableBehavior.exists()",
        "enableWhen.count() > 1 implies enableBehavior.exists()",
    ),
    // "The high value includes any matching date/time" (Period.end): 2012-03 to 2012 has no order, and is no fault.
    (
        "per-1",
        "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        "start.hasValue().not() or end.hasValue().not() or (start <= end) or start.toString().startsWith(end.toString())",
    ),
    // A name that is absent cannot be unusable; the same of each type that has a name for machines.
    (
        ANY_KEY,
        "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
        "name.empty() or name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
    ),
    // An answer is a FHIR boolean, never a System.Boolean.
    (
        "que-7",
        "operator = 'exists' implies (answer is Boolean)",
        "operator = 'exists' implies (answer is boolean)",
    ),
];

/// The expression to evaluate for an invariant.
pub(super) fn expression<'t>(key: &str, expression: &'t str) -> &'t str {
    let found = CORRECTED.iter().find(|one| (one.0 == key || one.0 == ANY_KEY) && one.1 == expression);
    found.map_or(expression, |one| one.2)
}
