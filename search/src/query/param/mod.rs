//! One file per kind of search parameter: https://hl7.org/fhir/R4/search.html#ptypes

mod date;
mod number;
mod quantity;
mod reference;
mod string;
mod token;
mod uri;

pub(super) use date::comparison as date_comparison;

use super::problem::Problem;
use super::{Expr, Leaf, Limits, Terminology, value};
use fhir::definitions::{ParamKind, SearchParameter};
use std::cell::Cell;

/// What compiling a value may need besides the value.
pub(super) struct Context<'a> {
    pub limits: &'a Limits,
    /// This server's base URL, to know its own absolute references.
    pub base: Option<&'a str>,
    /// Milliseconds since the epoch, for `ap` on dates.
    pub now_ms: i64,
    /// For the modifiers that name value sets and branches of code systems.
    pub terminology: &'a dyn Terminology,
    /// Conditions that the rest of the search may stand for.
    pub conditions_left: Cell<usize>,
}

impl Context<'_> {
    /// Counts the conditions of one value: a short text may stand for very many.
    fn take(&self, value: &Expr) -> Result<(), Problem> {
        let left = self.conditions_left.get().checked_sub(value.conditions());
        let left = left.ok_or_else(|| {
            let max = self.limits.conditions_max;
            Problem::Limit(format!(
                "its values stand for more conditions than the {max} a search may have; write [type]/[id] for ids, name fewer values"
            ))
        })?;
        self.conditions_left.set(left);
        Ok(())
    }
}

/// The condition of `parameter[:modifier]=text`. `implied_system`: values without a system may have an implied one.
pub(super) fn compile(
    parameter: &SearchParameter,
    implied_system: bool,
    modifier: Option<&str>,
    text: &str,
    context: &Context<'_>,
) -> Result<Expr, Problem> {
    if modifier == Some("missing") {
        return missing(parameter, text);
    }
    let supported = match parameter.kind {
        ParamKind::String => modifier.is_none_or(|modifier| matches!(modifier, "exact" | "contains")),
        ParamKind::Token => modifier.is_none_or(|name| matches!(name, "not") || token::lists_codes(name)),
        ParamKind::Uri => modifier.is_none_or(|modifier| matches!(modifier, "below" | "above")),
        ParamKind::Reference => modifier.is_none_or(|name| reference::is_target(parameter, name)),
        ParamKind::Composite | ParamKind::Special => {
            return Err(Problem::unsupported(format!(
                "{:?} parameters are not supported yet",
                parameter.kind
            )));
        }
        _ => modifier.is_none(),
    };
    if !supported {
        let modifier = modifier.unwrap_or_default();
        return Err(Problem::unsupported(format!(
            "the modifier ':{modifier}' is not supported here; {}",
            offer(parameter)
        )));
    }
    let parts = value::split(text, b',');
    if parts.len() > context.limits.values_max {
        let max = context.limits.values_max;
        return Err(Problem::Limit(format!("{} values, but at most {max} are allowed", parts.len())));
    }
    let mut any = Vec::with_capacity(parts.len());
    for part in parts {
        if part.is_empty() {
            return Err(Problem::unusable("a value is empty"));
        }
        let value = match parameter.kind {
            ParamKind::String => string::compile(parameter.id, modifier, part)?,
            ParamKind::Token => token::compile(parameter.id, implied_system, modifier, part, context)?,
            ParamKind::Reference => reference::compile(parameter, modifier, part, context)?,
            ParamKind::Uri => uri::compile(parameter.id, modifier, part)?,
            ParamKind::Date => Expr::Leaf(Leaf::Date(parameter.id, date::comparison(part, context.now_ms)?)),
            ParamKind::Number => Expr::Leaf(Leaf::Number(parameter.id, number::comparison(part)?)),
            ParamKind::Quantity => quantity::compile(parameter.id, part)?,
            ParamKind::Composite | ParamKind::Special => unreachable!("refused above"),
        };
        context.take(&value)?;
        any.push(value);
    }
    let any = Expr::or(any);
    Ok(if matches!(modifier, Some("not" | "not-in")) { Expr::Not(Box::new(any)) } else { any })
}

/// https://hl7.org/fhir/R4/search.html#missing
fn missing(parameter: &SearchParameter, text: &str) -> Result<Expr, Problem> {
    if matches!(parameter.kind, ParamKind::Special) || matches!(parameter.code, "_id" | "_lastUpdated") {
        return Err(Problem::unsupported("':missing' is not supported here"));
    }
    let present = Expr::Leaf(Leaf::Present(parameter.id));
    match text {
        "true" => Ok(Expr::Not(Box::new(present))),
        "false" => Ok(present),
        _ => Err(Problem::unusable("':missing' takes true or false")),
    }
}

fn offer(parameter: &SearchParameter) -> &'static str {
    match parameter.kind {
        ParamKind::String => "a string takes :exact, :contains and :missing",
        ParamKind::Token => "a token takes :not, :in, :not-in, :below, :above and :missing",
        ParamKind::Reference => "a reference takes :missing and the name of a resource type it may point to",
        ParamKind::Uri => "a uri takes :below, :above and :missing",
        _ => "it takes :missing",
    }
}
