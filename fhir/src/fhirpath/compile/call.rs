//! Calls: the functions that are operations of their own, and the rest from the table.

use super::defined::{DEFINE, Focus, Mark};
use super::{Compiler, type_spec};
use crate::fhirpath::Error;
use crate::fhirpath::ast::Expr;
use crate::fhirpath::functions;
use crate::fhirpath::op::{Call, Function, Op, Pattern};
use crate::fhirpath::value::Value;

impl Compiler {
    pub(super) fn call(
        &mut self,
        on: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
        at: u32,
    ) -> Result<Op, Error> {
        let known = self.names.mark();
        let on = on.map_or(Ok(self.focus.op()), |on| self.op(on))?;
        match name {
            "is" => typed("is", on, arguments, at, |on, target| Op::Is { on, target, at }),
            "as" => {
                let filter = self.options.as_filters;
                typed("as", on, arguments, at, |on, target| Op::As { on, target, filter, at })
            }
            "ofType" => {
                typed("ofType", on, arguments, at, |on, target| Op::As { on, target, filter: true, at })
            }
            DEFINE => self.define(on, arguments, at),
            _ => self.function(known, on, name, arguments, at),
        }
    }

    fn function(
        &mut self,
        known: Mark,
        on: Op,
        name: &str,
        arguments: &[Expr],
        at: u32,
    ) -> Result<Op, Error> {
        let function = functions::find(name);
        let function = function.ok_or_else(|| Error::UnknownFunction { at, name: name.into() })?;
        check_count(function, arguments.len(), at)?;
        // Where the function says what `$this` is, a path begins at it again.
        let outer = self.focus;
        if function.lambda {
            self.focus = Focus::This;
        }
        let arguments: Result<Vec<_>, _> = arguments.iter().map(|one| self.apart(one)).collect();
        self.focus = outer;
        let arguments = arguments?;
        let pattern = pattern(function, &arguments, at)?;
        let call = |on| Op::Call(Box::new(Call { function, on, arguments, at, pattern }));
        Ok(self.held(known, on, call))
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
