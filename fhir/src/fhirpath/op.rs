//! A compiled expression.

use super::ast::Operator;
use super::model::{PathName, System};
use super::scope::{Answer, Out, Scope, Slot, Step};
use super::value::Value;
use crate::definitions::{NameId, TypeId};
use regex::Regex;
use std::fmt;
use std::sync::Arc;

/// One operation. The tree is as deep as the syntax tree it was made of.
#[derive(Debug)]
pub(super) enum Op {
    Empty,
    Constant(Value<'static>),
    This,
    Index,
    Total,
    Variable(Variable),
    /// The items kept there.
    Slot(Slot),
    /// Gives the items of `on`, having kept those of a variable.
    Define(Box<Definition>),
    /// Keeps the items of `on`, which `then` works on.
    Held {
        on: Box<Op>,
        slot: Slot,
        then: Box<Op>,
    },
    /// A name at the beginning of a path that is also a resource type's or a data type's: the focus, if it is of that type.
    Root {
        type_id: TypeId,
    },
    Child {
        on: Box<Op>,
        name: Name,
    },
    Indexer {
        on: Box<Op>,
        index: Box<Op>,
        at: u32,
    },
    Negate {
        operand: Box<Op>,
        at: u32,
    },
    Plus {
        operand: Box<Op>,
        at: u32,
    },
    Logic(Binary),
    /// `=`, `!=`, `~`, `!~`
    Equality(Binary),
    /// `<`, `<=`, `>`, `>=`
    Order(Binary),
    /// `*`, `/`, `div`, `mod`, `+`, `-`, `&`
    Arithmetic(Binary),
    Union(Binary),
    /// `in` and `contains`; the item is on the left.
    Membership {
        sides: Binary,
        /// Several items on the left are asked for one by one.
        of_each: bool,
    },
    Is {
        on: Box<Op>,
        target: TypeSpec,
        at: u32,
    },
    As {
        on: Box<Op>,
        target: TypeSpec,
        filter: bool,
        at: u32,
    },
    Call(Box<Call>),
}

/// Two operands.
#[derive(Debug)]
pub(super) struct Binary {
    pub operator: Operator,
    pub left: Box<Op>,
    pub right: Box<Op>,
    pub at: u32,
}

/// An element's name, looked up.
#[derive(Debug)]
pub(super) struct Name {
    pub text: Box<str>,
    /// `None`: no R4 type has such an element.
    pub path: Option<PathName>,
    /// The JSON member where the type is not known.
    pub member: NameId,
}

#[derive(Debug)]
pub(super) enum Variable {
    Context,
    Resource,
    RootResource,
    /// `%ucum`, `%vs-name`: known when compiled.
    Constant(Arc<str>),
    Named {
        name: Box<str>,
        at: u32,
    },
}

/// `on.defineVariable(name, value)`
#[derive(Debug)]
pub(super) struct Definition {
    pub on: Op,
    pub name: Box<str>,
    /// `None`: the items of `on` themselves.
    pub value: Option<Op>,
    /// Where the items of `on` are while the value is found, which begins at them.
    pub input: Slot,
    pub slot: Slot,
    pub at: u32,
}

/// What a type name stands for: an unqualified one may mean two types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeSpec {
    pub fhir: Option<TypeId>,
    pub system: Option<System>,
}

/// A function with what it is called on and with.
#[derive(Debug)]
pub(super) struct Call {
    pub function: &'static Function,
    pub on: Op,
    pub arguments: Vec<Op>,
    pub at: u32,
    pub pattern: Pattern,
}

/// The first argument as a regular expression.
#[derive(Debug)]
pub(super) enum Pattern {
    /// The function takes none.
    None,
    /// It was a literal.
    Ready(Regex),
    /// It is made when the value is known.
    Computed,
}

/// A function: its name, how many arguments it takes, and what it does.
pub(super) struct Function {
    pub name: &'static str,
    pub arguments: (usize, usize),
    /// Whether the arguments are evaluated with each item as `$this`.
    pub lambda: bool,
    pub run: Run,
}

type Truth = for<'s, 'd> fn(&Call, &Scope<'s, 'd>) -> Answer<Option<bool>>;
type One = for<'s, 'd> fn(&Call, &Scope<'s, 'd>) -> Answer<Option<Value<'d>>>;
type Items = for<'s, 'd> fn(&Call, &Scope<'s, 'd>, &mut Out<'_, 'd>) -> Step;

/// By what a function gives.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// A boolean or nothing.
    Truth(Truth),
    /// A value or nothing.
    Value(One),
    /// Any number of items.
    Items(Items),
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
