//! Calls: the functions that are operations of their own, and the rest from the table.

use super::{Options, compile, type_spec};
use crate::fhirpath::ast::Expr;
use crate::fhirpath::error::Error;
use crate::fhirpath::functions::{self, Function};
use crate::fhirpath::op::{Call, Op, Pattern};
use crate::fhirpath::value::Value;

pub(super) fn call(
    on: Option<&Expr>,
    name: &str,
    arguments: &[Expr],
    at: u32,
    options: Options,
) -> Result<Op, Error> {
    let on = on.map_or(Ok(Op::This), |on| compile(on, options))?;
    match name {
        "is" => typed("is", on, arguments, at, |on, target| Op::Is { on, target, at }),
        "as" => {
            let filter = options.as_filters;
            typed("as", on, arguments, at, |on, target| Op::As { on, target, filter, at })
        }
        "ofType" => typed("ofType", on, arguments, at, |on, target| Op::As { on, target, filter: true, at }),
        _ => {
            let function = functions::find(name);
            let function = function.ok_or_else(|| Error::UnknownFunction { at, name: name.into() })?;
            check_count(function, arguments.len(), at)?;
            let arguments: Vec<_> =
                arguments.iter().map(|one| compile(one, options)).collect::<Result<_, _>>()?;
            let pattern = pattern(function, &arguments, at)?;
            Ok(Op::Call(Box::new(Call { function, on, arguments, at, pattern })))
        }
    }
}

/// A function whose argument is a type.
fn typed(
    function: &'static str,
    on: Op,
    arguments: &[Expr],
    at: u32,
    make: impl FnOnce(Box<Op>, crate::fhirpath::op::TypeSpec) -> Op,
) -> Result<Op, Error> {
    let [argument] = arguments else {
        return Err(Error::ArgumentCount { at, function, expected: "1".into(), found: arguments.len() });
    };
    let name = argument.as_type_name().ok_or(Error::Argument { at, function, expected: "a type name" })?;
    Ok(make(Box::new(on), type_spec(&name, argument.at)?))
}

fn check_count(function: &'static Function, found: usize, at: u32) -> Result<(), Error> {
    let (low, high) = function.arguments;
    if (low..=high).contains(&found) {
        return Ok(());
    }
    let expected = if low == high { low.to_string() } else { format!("{low} to {high}") };
    Err(Error::ArgumentCount { at, function: function.name, expected, found })
}

fn pattern(function: &Function, arguments: &[Op], at: u32) -> Result<Pattern, Error> {
    if !matches!(function.name, "matches" | "matchesFull" | "replaceMatches") {
        return Ok(Pattern::None);
    }
    match arguments.first() {
        Some(Op::Constant(Value::String(pattern))) => {
            functions::compile_pattern(function.name, pattern, at).map(Pattern::Ready)
        }
        _ => Ok(Pattern::Computed),
    }
}
