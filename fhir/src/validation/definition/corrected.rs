//! Invariants of R4 whose expression does not say what their text says, and what they would say if it did.

/// Key, expression, corrected expression.
const CORRECTED: [(&str, &str, &str); 4] = [
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
    // An answer is a FHIR boolean, never a System.Boolean.
    (
        "que-7",
        "operator = 'exists' implies (answer is Boolean)",
        "operator = 'exists' implies (answer is boolean)",
    ),
];

/// The expression to evaluate for an invariant.
pub(super) fn expression<'t>(key: &str, expression: &'t str) -> &'t str {
    let found = CORRECTED.iter().find(|one| one.0 == key && one.1 == expression);
    found.map_or(expression, |one| one.2)
}
