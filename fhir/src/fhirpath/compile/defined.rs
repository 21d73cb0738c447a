//! `defineVariable(name, expression)`: what a name stands for is settled when the expression is compiled.
//!
//! A variable is known to what follows its definition in the path, and in the arguments there. Operands of an operator
//! and arguments of a function have scopes of their own: what they define ends with them
//! (<https://build.fhir.org/ig/HL7/FHIRPath/#definevariablename-string--expr-expression--collection>).

use super::Compiler;
use super::variable;
use crate::definitions::TypeId;
use crate::fhirpath::Error;
use crate::fhirpath::ast::{Expr, Kind, Literal};
use crate::fhirpath::op::{Definition, Op, TypeSpec};
use crate::fhirpath::scope::Slot;

pub(in crate::fhirpath) const DEFINE: &str = "defineVariable";

/// The variables in scope, and how many places for items the expression needs.
#[derive(Default)]
pub(super) struct Names {
    known: Vec<(Box<str>, Slot)>,
    slots: u32,
}

/// How many variables were in scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(usize);

impl Names {
    pub fn mark(&self) -> Mark {
        Mark(self.known.len())
    }

    /// Ends the scope of all variables that came after the mark.
    pub fn forget(&mut self, mark: Mark) {
        self.known.truncate(mark.0);
    }

    fn find(&self, name: &str) -> Option<Slot> {
        self.known.iter().find(|(own, _)| &**own == name).map(|&(_, slot)| slot)
    }

    fn slot(&mut self) -> Slot {
        self.slots += 1;
        Slot(self.slots - 1)
    }
}

/// Where paths without a beginning begin.
#[derive(Clone, Copy)]
pub(super) enum Focus {
    This,
    /// All items a variable is defined on.
    Items(Slot),
}

impl Focus {
    pub fn op(self) -> Op {
        match self {
            Focus::This => Op::This,
            Focus::Items(slot) => Op::Slot(slot),
        }
    }

    pub fn of_type(self, type_id: TypeId, at: u32) -> Op {
        match self {
            Focus::This => Op::Root { type_id },
            Focus::Items(slot) => {
                let target = TypeSpec { fhir: Some(type_id), system: None };
                Op::As { on: Box::new(Op::Slot(slot)), target, filter: true, at }
            }
        }
    }
}

impl Compiler {
    pub(super) fn variable(&self, name: &str, at: u32) -> Op {
        match self.names.find(name) {
            Some(slot) => Op::Slot(slot),
            None => Op::Variable(variable::variable(name, at)),
        }
    }

    /// Errors: a name that is no literal, or in use.
    pub(super) fn define(&mut self, on: Op, arguments: &[Expr], at: u32) -> Result<Op, Error> {
        let (name, value) = match arguments {
            [name] => (name, None),
            [name, value] => (name, Some(value)),
            _ => {
                let (expected, found) = ("1 to 2".into(), arguments.len());
                return Err(Error::ArgumentCount { at, function: DEFINE, expected, found });
            }
        };
        let Kind::Literal(Literal::String(name)) = &name.kind else {
            return Err(Error::Argument { at, function: DEFINE, expected: "a literal text" });
        };
        if self.names.find(name).is_some() || variable::system(name).is_some() {
            return Err(Error::VariableExists { at, name: name.to_string() });
        }
        let (input, slot) = (self.names.slot(), self.names.slot());
        let outer = std::mem::replace(&mut self.focus, Focus::Items(input));
        let value = value.map(|value| self.apart(value)).transpose();
        self.focus = outer;
        let value = value?;
        self.names.known.push((name.clone(), slot));
        Ok(Op::Define(Box::new(Definition { on, name: name.clone(), value, input, slot, at })))
    }

    /// What is called on `on`. If that defined variables since `known`, its items are found first, as some functions look at
    /// their arguments before them.
    pub(super) fn held(&mut self, known: Mark, on: Op, make: impl FnOnce(Op) -> Op) -> Op {
        if self.names.mark() == known {
            return make(on);
        }
        let slot = self.names.slot();
        Op::Held { on: Box::new(on), slot, then: Box::new(make(Op::Slot(slot))) }
    }
}
