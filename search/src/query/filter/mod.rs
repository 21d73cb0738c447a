//! `_filter`: <https://hl7.org/fhir/R4/search_filter.html>. It compiles to the same tree as parameters do, and a comparison is read as
//! the value of a parameter is.

mod operator;
mod syntax;

use super::expr::{Expr, Leaf};
use super::parameter;
use crate::kind::date::{self, DateMatch};
use crate::kind::except::ExceptMatch;
use crate::kind::offer::Asked;
use crate::kind::problem::Problem;
use crate::kind::string::StringMatch;
use crate::kind::text::escape;
use crate::kind::{id, string};
use fhir::definitions::ParamKind;
use operator::Operator;
use syntax::Filter;
pub use syntax::Test;

/// The tree of a filter, with `test` for the comparisons in it, which are `tests_max` at most.
///
/// # Errors
/// What is wrong with it and where.
pub fn compile(
    text: &str,
    tests_max: usize,
    mut test: impl FnMut(&Test<'_>) -> Result<Expr, Problem>,
) -> Result<Expr, Problem> {
    let filter = syntax::parse(text)?;
    let tests = syntax::tests(&filter).len();
    if tests > tests_max {
        return Err(Problem::too_many_values(tests, tests_max));
    }
    expr(&filter, &mut |one| {
        test(one).map_err(|problem| problem.at(&format!("at character {}: '{}'", one.at, one.name)))
    })
}

fn expr(
    filter: &Filter<'_>,
    test: &mut dyn FnMut(&Test<'_>) -> Result<Expr, Problem>,
) -> Result<Expr, Problem> {
    Ok(match filter {
        Filter::All(all) => Expr::And(all.iter().map(|one| expr(one, test)).collect::<Result<_, _>>()?),
        Filter::Any(any) => Expr::Or(any.iter().map(|one| expr(one, test)).collect::<Result<_, _>>()?),
        Filter::Not(inner) => Expr::Not(Box::new(expr(inner, test)?)),
        Filter::Test(one) => test(one)?,
    })
}

/// The condition of a comparison with a parameter's values.
pub fn condition(asked: &Asked<'_>, test: &Test<'_>) -> Result<Expr, Problem> {
    let kind = asked.parameter.kind;
    check(test, kind.code(), Operator::taken_by(kind))?;
    let (param, is_string) = (asked.parameter.id, kind == ParamKind::String);
    // A string is what is written, of all others a value as parameters take it.
    if test.value.is_empty() {
        return Err(Problem::unusable("a value is empty"));
    }
    let text = if is_string { escape(&test.value) } else { test.value.clone().into_owned() };
    let equal = |text| Ok(Leaf::String(param, StringMatch::Equal(string::normal(text)?)));
    let leaf = match test.operator {
        Operator::Pr => return present(asked, test),
        Operator::Eq if is_string => equal(&text)?,
        Operator::Ew => Leaf::String(param, StringMatch::Suffix(string::normal(&text)?)),
        Operator::Po => Leaf::Date(param, date::overlap(&text)?),
        Operator::Ne if is_string => Leaf::Except(param, ExceptMatch { none_of: vec![equal(&text)?] }),
        Operator::Ne if !is_ordered(kind) => {
            Leaf::Except(param, ExceptMatch { none_of: parameter::leaves(asked, &text)? })
        }
        operator => {
            let prefix = if is_ordered(kind) { operator.code() } else { "" };
            let asked = Asked { modifier: operator.modifier(), ..*asked };
            return parameter::value(&asked, &format!("{prefix}{text}"));
        }
    };
    Ok(Expr::Leaf(leaf))
}

fn is_ordered(kind: ParamKind) -> bool {
    matches!(kind, ParamKind::Date | ParamKind::Number | ParamKind::Quantity)
}

fn present(asked: &Asked<'_>, test: &Test<'_>) -> Result<Expr, Problem> {
    let is_missing = match &*test.value {
        "true" => "false",
        "false" => "true",
        _ => return Err(Problem::unusable("'pr' takes true or false")),
    };
    parameter::missing(asked.parameter, is_missing)
}

/// Of `_id`.
pub fn of_id(test: &Test<'_>) -> Result<Expr, Problem> {
    check(test, "id", &[Operator::Eq, Operator::Ne])?;
    let any = id::parse(&test.value, 1)?.into_iter().map(|id| Expr::Leaf(Leaf::Id(id)));
    let is = Expr::or(any.collect());
    Ok(if test.operator == Operator::Ne { Expr::Not(Box::new(is)) } else { is })
}

/// Of `_lastUpdated`.
pub fn of_last_updated(test: &Test<'_>, now_ms: i64) -> Result<Expr, Problem> {
    let all = Operator::taken_by(ParamKind::Date);
    let taken: Vec<_> = all.iter().copied().filter(|operator| *operator != Operator::Pr).collect();
    check(test, "date", &taken)?;
    let date: DateMatch = match test.operator {
        Operator::Po => date::overlap(&test.value)?,
        operator => date::parse(&format!("{}{}", operator.code(), test.value), now_ms)?,
    };
    Ok(Expr::Leaf(Leaf::LastUpdated(date)))
}

fn check(test: &Test<'_>, kind: &str, taken: &[Operator]) -> Result<(), Problem> {
    match taken.contains(&test.operator) {
        true => Ok(()),
        false => Err(Problem::unsupported(format!(
            "a {kind} takes {}, and '{}' is none of them",
            Operator::list(taken),
            test.operator.code()
        ))),
    }
}

/// The comparisons with what is referred to.
///
/// # Errors
/// What is wrong with the filter.
pub fn chained(text: &str) -> Result<Vec<Test<'_>>, Problem> {
    let filter = syntax::parse(text)?;
    Ok(syntax::tests(&filter).into_iter().filter(|test| test.name.contains('.')).cloned().collect())
}

/// A text as a value in a filter.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether codes will be asked for.
pub fn lists_codes(text: &str) -> bool {
    any(text, |operator| matches!(operator, Operator::In | Operator::Ni | Operator::Ss | Operator::Sb))
        .next()
        .is_some()
}

/// The value sets it names.
pub fn value_sets(text: &str) -> Vec<String> {
    any(text, |operator| matches!(operator, Operator::In | Operator::Ni)).collect()
}

/// The values behind some operators; of what makes no sense there are none.
fn any(text: &str, is: impl Fn(Operator) -> bool) -> impl Iterator<Item = String> {
    let filter = syntax::parse(text).ok();
    let tests = filter.as_ref().map(syntax::tests).unwrap_or_default();
    let wanted: Vec<String> = tests
        .into_iter()
        .filter(|test| is(test.operator))
        .map(|test| test.value.clone().into_owned())
        .collect();
    wanted.into_iter()
}
