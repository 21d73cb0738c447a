//! https://hl7.org/fhir/R4/search.html#token

use super::super::expr::{Expr, Leaf, TokenMatch};
use super::super::problem::Problem;
use super::super::terminology::{Token, TokenSet};
use super::super::value::{split, unescape};
use super::Context;
use fhir::definitions::ParamId;

/// Whether the modifier stands for a list of codes.
pub(super) fn lists_codes(modifier: &str) -> bool {
    matches!(modifier, "in" | "not-in" | "below" | "above")
}

pub(super) fn compile(
    param: ParamId,
    implied_system: bool,
    modifier: Option<&str>,
    part: &str,
    context: &Context<'_>,
) -> Result<Expr, Problem> {
    let token = match modifier {
        Some(modifier) if lists_codes(modifier) => {
            TokenMatch::OneOf(TokenSet::new(codes(modifier, part, context)?, implied_system))
        }
        _ => one(part)?,
    };
    Ok(Expr::Leaf(Leaf::Token(param, token)))
}

/// The codes of a value set, or of a branch of a code system.
fn codes(modifier: &str, part: &str, context: &Context<'_>) -> Result<Vec<Token>, Problem> {
    let (terminology, max) = (context.terminology, context.limits.codes_max);
    if matches!(modifier, "in" | "not-in") {
        return terminology.value_set(&unescape(part), max);
    }
    let TokenMatch::Full(system, code) = one(part)? else {
        let why = format!("':{modifier}' needs the code system of '{part}'; write [system]|[code]");
        return Err(Problem::unusable(why));
    };
    match modifier {
        "below" => terminology.at_or_below(&system, &code, max),
        _ => terminology.at_or_above(&system, &code, max),
    }
}

fn one(part: &str) -> Result<TokenMatch, Problem> {
    let pieces = split(part, b'|');
    Ok(match pieces.as_slice() {
        [code] => TokenMatch::Code(unescape(code)),
        ["", ""] => return Err(Problem::unusable("'|' names neither a system nor a code")),
        ["", code] => TokenMatch::NoSystem(unescape(code)),
        [system, ""] => TokenMatch::System(unescape(system)),
        [system, code] => TokenMatch::Full(unescape(system), unescape(code)),
        _ => {
            let why = format!(
                "'{part}' has more than one '|'; write [system]|[code], and '\\|' for a bar in the code"
            );
            return Err(Problem::unusable(why));
        }
    })
}
