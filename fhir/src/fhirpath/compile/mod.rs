//! Syntax tree to operations: names become numbers, literals values, patterns regular expressions.

mod call;
mod defined;
mod literal;
mod variable;

use super::Error;
use super::ast::{Expr, Kind, Operator, TypeName, TypeOperator};
use super::model::{self, System};
use super::op::{Binary, Name, Op, TypeSpec};
use crate::definitions::{TypeId, TypeKind, names};
pub(super) use defined::DEFINE;
use defined::{Focus, Names};

/// How an expression is read where the specification of its use differs from FHIRPath's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `as` on several items keeps those of the type instead of being an error.
    pub as_filters: bool,
    /// `in` with several items on its left (`contains` with several on its right) asks whether each is there, instead of being an error.
    pub membership_of_each: bool,
}

impl Options {
    /// As R4's own search parameters and invariants are written (`dom-3`: `%resource.descendants().as(canonical)`), and the invariants of
    /// guides (`telecom.system in ('phone' | 'email')`).
    pub const R4: Options = Options { as_filters: true, membership_of_each: true };
}

/// The operation of an expression.
pub(super) fn compile(expr: &Expr, options: Options) -> Result<Op, Error> {
    Compiler { options, focus: Focus::This, names: Names::default() }.op(expr)
}

struct Compiler {
    options: Options,
    /// What a path begins at: `$this`, or what a variable is defined on.
    focus: Focus,
    names: Names,
}

impl Compiler {
    fn op(&mut self, expr: &Expr) -> Result<Op, Error> {
        let at = expr.at;
        Ok(match &expr.kind {
            Kind::Empty => Op::Empty,
            Kind::Literal(literal) => Op::Constant(literal::value(literal, at)?),
            Kind::This => self.focus.op(),
            Kind::Index => Op::Index,
            Kind::Total => Op::Total,
            Kind::Variable(name) => self.variable(name, at),
            Kind::Member { on: Some(on), name } => {
                Op::Child { on: Box::new(self.op(on)?), name: element_name(name) }
            }
            Kind::Member { on: None, name } => match root_type(name) {
                Some(type_id) => self.focus.of_type(type_id, at),
                None => Op::Child { on: Box::new(self.focus.op()), name: element_name(name) },
            },
            Kind::Call { on, name, arguments } => self.call(on.as_deref(), name, arguments, at)?,
            Kind::Indexer { on, index } => self.indexer(on, index, at)?,
            Kind::Sign { negative, operand } => {
                let operand = Box::new(self.apart(operand)?);
                if *negative { Op::Negate { operand, at } } else { Op::Plus { operand, at } }
            }
            Kind::Binary { operator, left, right } => {
                let (left, right) = (self.apart(left)?, self.apart(right)?);
                self.binary(*operator, Box::new(left), Box::new(right), at)
            }
            Kind::TypeTest { operator, operand, type_name } => {
                let (on, target) = (Box::new(self.apart(operand)?), type_spec(type_name, at)?);
                match operator {
                    TypeOperator::Is => Op::Is { on, target, at },
                    TypeOperator::As => Op::As { on, target, filter: self.options.as_filters, at },
                }
            }
        })
    }

    /// An operand or argument: the variables it defines are its own.
    fn apart(&mut self, expr: &Expr) -> Result<Op, Error> {
        let known = self.names.mark();
        let op = self.op(expr);
        self.names.forget(known);
        op
    }

    fn indexer(&mut self, on: &Expr, index: &Expr, at: u32) -> Result<Op, Error> {
        let known = self.names.mark();
        let on = self.op(on)?;
        let index = Box::new(self.apart(index)?);
        Ok(self.held(known, on, |on| Op::Indexer { on: Box::new(on), index, at }))
    }

    fn binary(&self, operator: Operator, left: Box<Op>, right: Box<Op>, at: u32) -> Op {
        let of_each = self.options.membership_of_each;
        let binary = Binary { operator, left, right, at };
        match operator {
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies => Op::Logic(binary),
            Operator::Equal | Operator::NotEqual | Operator::Equivalent | Operator::NotEquivalent => {
                Op::Equality(constant_right(binary))
            }
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                Op::Order(binary)
            }
            Operator::Union => Op::Union(binary),
            Operator::In => Op::Membership { sides: binary, of_each },
            Operator::Contains => {
                let sides = Binary { left: binary.right, right: binary.left, ..binary };
                Op::Membership { sides, of_each }
            }
            _ => Op::Arithmetic(binary),
        }
    }
}

/// Equality has no sides: a constant on the right is compared without making collections.
fn constant_right(binary: Binary) -> Binary {
    match *binary.left {
        Op::Constant(_) => Binary { left: binary.right, right: binary.left, ..binary },
        _ => binary,
    }
}

fn element_name(text: &str) -> Name {
    Name { text: text.into(), path: model::path_name(text), member: names::lookup(text.as_bytes()) }
}

/// The type a path may begin with: names of types have a capital, names of elements have none.
pub(super) fn root_type(name: &str) -> Option<TypeId> {
    if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    named_type(name)
}

/// Types with names of their own, not those of backbone elements.
fn named_type(name: &str) -> Option<TypeId> {
    TypeId::from_path(name).filter(|id| id.definition().kind != TypeKind::Backbone)
}

/// The type of a name. Types of `System` that there are none of match nothing; other unknown names are an error.
pub(super) fn type_spec(name: &TypeName, at: u32) -> Result<TypeSpec, Error> {
    let (fhir, system) = match name.namespace.as_deref() {
        None => (named_type(&name.name), System::from_name(&name.name)),
        Some("FHIR") => (named_type(&name.name), None),
        Some("System") => return Ok(TypeSpec { fhir: None, system: System::from_name(&name.name) }),
        Some(_) => (None, None),
    };
    if fhir.is_none() && system.is_none() {
        let prefix = name.namespace.as_deref().map(|namespace| format!("{namespace}.")).unwrap_or_default();
        return Err(Error::UnknownType { at, name: format!("{prefix}{}", name.name) });
    }
    Ok(TypeSpec { fhir, system })
}
