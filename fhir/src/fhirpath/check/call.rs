//! What functions give.

use super::shape::{Kind, Shape};
use super::{Checker, ordered};
use crate::definitions::TypeId;
use crate::fhirpath::Error;
use crate::fhirpath::ast::Expr;
use crate::fhirpath::compile::{DEFINE, type_spec};
use crate::fhirpath::functions;
use crate::fhirpath::model::System;
use crate::fhirpath::op::Run;

impl Checker {
    pub(super) fn call(
        &self,
        on: Option<&Expr>,
        name: &str,
        arguments: &[Expr],
        at: u32,
        this: &Shape,
    ) -> Result<Shape, Error> {
        let on = on.map_or(Ok(this.clone()), |on| self.shape(on, this))?;
        match name {
            "is" => return Ok(Shape::system(System::Boolean)),
            "as" | "ofType" => {
                let target = arguments.first().and_then(Expr::as_type_name);
                let target = target.map(|target| type_spec(&target, at)).transpose()?;
                return Ok(target.map_or(Shape::unknown(), Shape::of_spec));
            }
            DEFINE => {
                arguments.iter().try_for_each(|argument| self.shape(argument, &on).map(|_| ()))?;
                return Ok(on);
            }
            "first" | "last" | "tail" | "skip" | "take" => ordered(&on, name, at)?,
            _ => {}
        }
        let Some(function) = functions::find(name) else {
            return Err(Error::UnknownFunction { at, name: name.into() });
        };
        let inner = if function.lambda { &on } else { this };
        let arguments: Vec<_> =
            arguments.iter().map(|argument| self.shape(argument, inner)).collect::<Result<_, _>>()?;
        Ok(match function.run {
            Run::Truth(_) => Shape::system(System::Boolean),
            Run::Value(_) => value_type(name).map_or(Shape::unknown(), Shape::system),
            Run::Items(_) => items(name, on, arguments),
        })
    }
}

/// What a function of items gives, by what it is called on and what its arguments give.
fn items(name: &str, on: Shape, arguments: Vec<Shape>) -> Shape {
    let mut arguments = arguments.into_iter();
    match name {
        "where" | "single" | "first" | "last" | "tail" | "skip" | "take" | "exclude" | "intersect"
        | "distinct" | "trace" | "checkModifiers" | "slice" => on,
        "sort" => Shape { ordered: true, ..on },
        "select" => arguments.next().unwrap_or_else(Shape::unknown),
        "union" | "combine" => arguments.fold(on, Shape::or),
        "iif" => arguments.skip(1).fold(Shape::none(), Shape::or),
        "extension" => fhir("Extension"),
        "elementDefinition" => fhir("ElementDefinition"),
        "type" => Shape::system(System::TypeInfo),
        "toChars" | "split" => Shape::system(System::String),
        "children" | "descendants" | "repeat" => Shape { kinds: None, ordered: false },
        _ => Shape::unknown(),
    }
}

fn fhir(name: &str) -> Shape {
    TypeId::from_path(name).map_or(Shape::unknown(), |id| Shape::of(Kind::Fhir(id)))
}

/// What a function of one value gives, where that does not depend on what it is given.
fn value_type(name: &str) -> Option<System> {
    Some(match name {
        "toString" | "substring" | "upper" | "lower" | "trim" | "replace" | "replaceMatches" | "join"
        | "encode" | "decode" | "escape" | "unescape" => System::String,
        "count" | "length" | "indexOf" | "lastIndexOf" | "toInteger" | "ceiling" | "floor" | "truncate"
        | "precision" => System::Integer,
        "toDecimal" | "round" | "sqrt" | "exp" | "ln" | "log" => System::Decimal,
        "toBoolean" => System::Boolean,
        "toDate" | "today" => System::Date,
        "toDateTime" | "now" => System::DateTime,
        "toTime" | "timeOfDay" => System::Time,
        "toQuantity" => System::Quantity,
        _ => return None,
    })
}
