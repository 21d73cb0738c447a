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
mod reference;
mod sort;
mod strings;
mod subsetting;
mod terminology;
mod trace;
mod tree;
mod type_info;

pub(super) use pattern::compile as compile_pattern;

use super::op::{Function, Run};
use super::scope::{Out, Step};

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
