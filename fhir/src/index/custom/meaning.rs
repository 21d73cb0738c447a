//! What an expression of a search parameter may not ask, and whether two of them are the same.

use crate::definitions::{Alternative, ResourceType};
use crate::fhirpath_syntax::ast::{Expr, Kind};
use crate::fhirpath_syntax::path::{Path, Step};

/// Functions whose answer is not the resource's alone, or goes everywhere in it.
const FUNCTIONS: &[&str] = &[
    "children",
    "conformsTo",
    "descendants",
    "memberOf",
    "now",
    "repeat",
    "resolve",
    "subsumedBy",
    "subsumes",
    "timeOfDay",
    "today",
];
/// What a server sets when it stores a resource: values are taken out before.
const SET_WHEN_STORED: &[&str] = &["id", "lastUpdated", "versionId"];

/// What keeps the operand from having the same values whenever they are taken out of a resource, on whatever node.
pub(super) fn unsteady(operand: &Expr) -> Option<String> {
    match Path::of(operand) {
        Some(path) => unsteady_path(&path),
        None => unsteady_part(operand),
    }
}

fn unsteady_path(path: &Path) -> Option<String> {
    let name = |step: &Step| match step {
        Step::Child(name) | Step::Where { child: name, .. } => Some(name.clone()),
        _ => None,
    };
    let names: Vec<Box<str>> = path.steps.iter().filter_map(name).collect();
    let at = match names.as_slice() {
        [first, ..] if &**first == "id" => first,
        [first, second, ..] if &**first == "meta" && SET_WHEN_STORED.contains(&&**second) => second,
        _ => return None,
    };
    Some(set_when_stored(at))
}

fn set_when_stored(name: &str) -> String {
    format!(
        "'{name}' is set when a resource is stored, after its values were taken out; search by _id and _lastUpdated"
    )
}

fn unsteady_part(part: &Expr) -> Option<String> {
    let of = |parts: &[&Expr]| parts.iter().find_map(|part| unsteady_part(part));
    match &part.kind {
        Kind::Member { on, name } => {
            let is_own = name.as_ref() != "id" || on.as_deref().is_none_or(is_resource);
            match SET_WHEN_STORED.contains(&&**name) && is_own {
                true => Some(set_when_stored(name)),
                false => on.as_deref().and_then(unsteady_part),
            }
        }
        Kind::Call { name, .. } if FUNCTIONS.contains(&&**name) => {
            Some(format!("{name}() is not offered in expressions of search parameters"))
        }
        Kind::Call { on, arguments, .. } => {
            on.as_deref().and_then(unsteady_part).or_else(|| arguments.iter().find_map(unsteady_part))
        }
        Kind::Indexer { on, index } => of(&[on, index]),
        Kind::Sign { operand, .. } | Kind::TypeTest { operand, .. } => unsteady_part(operand),
        Kind::Binary { left, right, .. } => of(&[left, right]),
        _ => None,
    }
}

fn is_resource(on: &Expr) -> bool {
    match &on.kind {
        Kind::This | Kind::Variable(_) => true,
        Kind::Member { on: None, name } => name.starts_with(|first: char| first.is_ascii_uppercase()),
        _ => false,
    }
}

/// Whether two parameters of a type select the same: the same operands in any order, wherever they were written.
pub(super) fn is_same(t: ResourceType, one: &[Alternative], other: &[Alternative]) -> bool {
    let shapes = |all: &[Alternative]| {
        let mut shapes: Vec<String> = all.iter().map(|alternative| shape(t, alternative)).collect();
        shapes.sort_unstable();
        shapes.dedup();
        shapes
    };
    shapes(one) == shapes(other)
}

fn shape(t: ResourceType, alternative: &Alternative) -> String {
    match &alternative.path {
        // `Resource.meta` and `Patient.meta` are the same of a Patient.
        Some(path) => format!("{:?}", path.steps),
        None => {
            let mut text = format!("{:?}", alternative.expr);
            while let Some(at) = text.find(", at: ") {
                let digits = text[at + 6..].find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
                text.replace_range(at..at + 6 + digits, "");
            }
            format!("{} {text}", t.name())
        }
    }
}
