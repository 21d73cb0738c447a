//! The static check: names that no item can have, and orders that are not defined, found before anything is evaluated.
//!
//! It goes by the types of R4 and gives the benefit of the doubt: where a type is not known (`resolve()`, `descendants()`, a
//! variable), anything may follow.

mod call;
mod shape;

use super::Error;
use super::ast::{Expr, Kind as ExprKind, Literal, Operator, TypeOperator};
use super::compile::{root_type, type_spec};
use super::model::System;
use crate::definitions::TypeId;
use shape::{Kind, Shape};

/// Checks an expression that is evaluated on items of type `focus`.
pub(super) fn check(expr: &Expr, focus: TypeId) -> Result<(), Error> {
    let this = Shape::of(Kind::Fhir(focus));
    let checker = Checker { resource: this.clone() };
    checker.shape(expr, &this).map(|_| ())
}

struct Checker {
    /// The focus of the whole expression: `%context`.
    resource: Shape,
}

impl Checker {
    fn shape(&self, expr: &Expr, this: &Shape) -> Result<Shape, Error> {
        let at = expr.at;
        Ok(match &expr.kind {
            ExprKind::Empty => Shape::none(),
            ExprKind::Literal(literal) => Shape::system(literal_type(literal)),
            ExprKind::This => this.clone(),
            ExprKind::Index => Shape::system(System::Integer),
            ExprKind::Total => Shape::unknown(),
            ExprKind::Variable(name) => match &**name {
                "context" => self.resource.clone(),
                "ucum" | "sct" | "loinc" => Shape::system(System::String),
                _ => Shape::unknown(),
            },
            ExprKind::Member { on: Some(on), name } => self.member(&self.shape(on, this)?, name, at)?,
            ExprKind::Member { on: None, name } => self.first_name(this, name, at)?,
            ExprKind::Call { on, name, arguments } => self.call(on.as_deref(), name, arguments, at, this)?,
            ExprKind::Indexer { on, index } => {
                self.shape(index, this)?;
                let shape = self.shape(on, this)?;
                ordered(&shape, "[]", at)?;
                shape
            }
            ExprKind::Sign { operand, .. } => self.shape(operand, this)?,
            ExprKind::Binary { operator, left, right } => {
                let (left, right) = (self.shape(left, this)?, self.shape(right, this)?);
                match operator {
                    Operator::Union => left.or(right),
                    _ => operator_type(*operator).map_or(Shape::unknown(), Shape::system),
                }
            }
            ExprKind::TypeTest { operator, operand, type_name } => {
                self.shape(operand, this)?;
                match operator {
                    TypeOperator::Is => Shape::system(System::Boolean),
                    TypeOperator::As => Shape::of_spec(type_spec(type_name, at)?),
                }
            }
        })
    }

    fn member(&self, on: &Shape, name: &str, at: u32) -> Result<Shape, Error> {
        on.child(name).ok_or_else(|| Error::UnknownElement { at, on: on.name(), name: name.into() })
    }

    /// A name at the beginning of a path: the focus itself by its type, or an element of it.
    fn first_name(&self, this: &Shape, name: &str, at: u32) -> Result<Shape, Error> {
        match root_type(name) {
            Some(type_id) if this.may_be(type_id) => match &this.kinds {
                Some(_) => Ok(this.clone()),
                None => Ok(Shape::of(Kind::Fhir(type_id))),
            },
            _ => self.member(this, name, at),
        }
    }
}

/// A function that asks for an order must be given one.
fn ordered(shape: &Shape, function: &str, at: u32) -> Result<(), Error> {
    match shape.ordered {
        true => Ok(()),
        false => Err(Error::Unordered { at, function: function.into() }),
    }
}

fn literal_type(literal: &Literal) -> System {
    match literal {
        Literal::Boolean(_) => System::Boolean,
        Literal::String(_) => System::String,
        Literal::Integer(_) => System::Integer,
        Literal::Decimal(_) => System::Decimal,
        Literal::Date(_) => System::Date,
        Literal::DateTime(_) => System::DateTime,
        Literal::Time(_) => System::Time,
        Literal::Quantity { .. } => System::Quantity,
    }
}

/// What an operator gives, where that does not depend on its operands.
fn operator_type(operator: Operator) -> Option<System> {
    match operator {
        Operator::Concatenate => Some(System::String),
        Operator::Multiply
        | Operator::Divide
        | Operator::Div
        | Operator::Mod
        | Operator::Add
        | Operator::Subtract => None,
        _ => Some(System::Boolean),
    }
}
