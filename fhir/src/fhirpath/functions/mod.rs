//! The functions, a file for each family.

mod aggregate;
mod boundary;
mod clock;
mod combining;
mod conformance;
mod conversion;
mod encoding;
mod existence;
mod extension;
mod filtering;
mod math;
mod narrative;
mod pattern;
pub(super) mod reference;
mod sort;
mod strings;
mod subsetting;
mod terminology;
mod trace;
mod tree;
mod type_info;

pub(super) use pattern::compile as compile_pattern;

use super::eval::{Answer, Out, Scope, Step};
use super::op::Call;
use super::value::Value;
use std::fmt;

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

const FAMILIES: [&[Function]; 21] = [
    aggregate::FUNCTIONS,
    boundary::FUNCTIONS,
    clock::FUNCTIONS,
    combining::FUNCTIONS,
    conformance::FUNCTIONS,
    conversion::FUNCTIONS,
    encoding::FUNCTIONS,
    existence::FUNCTIONS,
    extension::FUNCTIONS,
    filtering::FUNCTIONS,
    math::FUNCTIONS,
    narrative::FUNCTIONS,
    pattern::FUNCTIONS,
    reference::FUNCTIONS,
    sort::FUNCTIONS,
    strings::FUNCTIONS,
    subsetting::FUNCTIONS,
    terminology::FUNCTIONS,
    trace::FUNCTIONS,
    tree::FUNCTIONS,
    type_info::FUNCTIONS,
];

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FAMILIES.into_iter().flatten().find(|function| function.name == name)
}

/// A function of plain arguments.
const fn function(name: &'static str, arguments: (usize, usize), run: Run) -> Function {
    Function { name, arguments, lambda: false, run }
}

/// A function whose arguments see each item as `$this`.
const fn lambda(name: &'static str, arguments: (usize, usize), run: Run) -> Function {
    Function { name, arguments, lambda: true, run }
}
