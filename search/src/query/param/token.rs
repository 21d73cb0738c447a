//! https://hl7.org/fhir/R4/search.html#token

use super::super::expr::{Expr, Leaf, TokenMatch};
use super::super::problem::Problem;
use super::super::value::{split, unescape};
use fhir::definitions::ParamId;

pub(super) fn compile(param: ParamId, part: &str) -> Result<Expr, Problem> {
    let pieces = split(part, b'|');
    let token = match pieces.as_slice() {
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
    };
    Ok(Expr::Leaf(Leaf::Token(param, token)))
}
