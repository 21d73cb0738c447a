//! Expressions that a definition holds for others to evaluate.

use super::Rules;
use crate::fhirpath::{Error, Expression, Options};
use crate::json::Node;
use crate::validation::Code;

/// What compiling an expression costs at least, in steps of FHIRPath.
const COMPILING: u64 = 100;

/// The expression at `node`, which `what` names in messages, must be FHIRPath as R4 has it. What `check` finds is a warning: such
/// an expression is well-formed, selects nothing, and stands in R4's own definitions (`cid-0`).
pub(super) fn compiled(
    rules: &mut Rules<'_>,
    node: Node<'_>,
    what: &str,
    check: impl FnOnce(&Expression) -> Result<(), Error>,
) {
    let Some(text) = node.as_str() else { return };
    if !rules.steps.pay(COMPILING + text.len() as u64) {
        return;
    }
    match Expression::compile_with(&text, Options::R4) {
        Err(error) => rules.error(node, Code::Value, format!("{what} is no FHIRPath: {error}")),
        Ok(expression) => {
            if let Err(error) = check(&expression) {
                let text = format!("{what} names what can never be there: {error}");
                rules.issues.warning(node, Code::Value, text);
            }
        }
    }
}
