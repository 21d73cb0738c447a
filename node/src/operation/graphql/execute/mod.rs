//! A query, carried out on documents that are there. What is missing is noted, for who reads; the rest is answered.

mod element;
mod emit;
mod filter;
mod object;
mod page;
mod reference;
mod search;
mod system;
#[cfg(test)]
mod tests;

use super::{
    output::Object,
    problem::{PROBLEMS_MAX, Problem, Step},
    read::{Field, Query},
    store::{Store, Wanted},
};
use fhir::{
    definitions::TypeId,
    fhirpath::{Element, Expression},
    json::{Document, Node},
};
use proto::{Code, Error};
use std::{cell::Cell, collections::BTreeMap, rc::Rc};

/// Objects in one another, fragments counted.
const DEPTH_MAX: usize = 48;
/// Fields and values, and every 64 bytes of a value, all passes together.
const STEPS_MAX: u64 = 2_000_000;
/// Of all FHIRPath expressions together.
const FHIRPATH_STEPS_MAX: u64 = 10_000_000;

/// What a query may still cost, however often it is carried out.
pub struct Budget {
    steps: Cell<u64>,
    fhirpath: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { steps: Cell::new(STEPS_MAX), fhirpath: Cell::new(FHIRPATH_STEPS_MAX) }
    }
}

/// What came of it.
pub struct Answer {
    pub data: Object,
    pub problems: Vec<Problem>,
    /// What has to be read before the answer is whole.
    pub wanted: Wanted,
}

/// Carries it out on the resource `root`, or without one on the system.
///
/// # Errors
/// `TooCostly` where it nests too deep or answers too much.
pub fn answer(
    query: &Query,
    root: Option<&Document>,
    store: &Store<'_>,
    budget: &Budget,
) -> Result<Answer, Error> {
    let mut execution = Execution {
        query,
        store,
        budget,
        expressions: BTreeMap::new(),
        depth: 0,
        path: vec![],
        problems: vec![],
        wanted: Wanted::default(),
    };
    let mut data = Object::default();
    match root {
        None => execution.system(&query.selections, &mut data)?,
        Some(root) => {
            let spot = Spot::resource(root.root());
            execution.object(spot, &query.selections, Flow::default(), &mut data)?;
        }
    }
    let Execution { problems, wanted, .. } = execution;
    Ok(Answer { data, problems, wanted })
}

/// The work so far.
struct Execution<'q> {
    query: &'q Query,
    store: &'q Store<'q>,
    budget: &'q Budget,
    expressions: BTreeMap<&'q str, Rc<Expression>>,
    depth: usize,
    path: Vec<Step>,
    problems: Vec<Problem>,
    wanted: Wanted,
}

/// An object of a document.
#[derive(Clone, Copy)]
struct Spot<'q> {
    node: Node<'q>,
    /// `None`: what R4 does not define.
    type_id: Option<TypeId>,
    /// The resource that contains it, and what it refers to by `#`.
    resource: Node<'q>,
}

impl<'q> Spot<'q> {
    fn resource(node: Node<'q>) -> Spot<'q> {
        Spot { node, type_id: Element::resource(node).type_id(), resource: node }
    }
}

/// How fields go into their object.
#[derive(Clone, Copy, Default)]
struct Flow<'f> {
    /// They come from several objects, whose values make lists.
    is_listed: bool,
    /// What slices add to their names.
    suffix: &'f str,
}

impl<'q> Execution<'q> {
    /// Counts what is done.
    fn pay(&mut self, steps: usize) -> Result<(), Error> {
        let left = self.budget.steps.get().checked_sub(steps as u64).ok_or_else(|| {
            let text = "the query costs too much: ask for fewer fields, or of fewer resources";
            Error::new(Code::TooCostly, text)
        })?;
        self.budget.steps.set(left);
        Ok(())
    }

    /// Notes what is wrong with a field, which is then left out.
    fn problem(&mut self, field: &Field, error: Error) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { error, at: field.at, path: self.path.clone() });
        }
    }

    /// The same of a query that makes no sense there.
    fn wrong(&mut self, field: &Field, text: impl Into<String>) {
        self.problem(field, Error::new(Code::BadRequest, text));
    }

    /// One level down.
    fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == DEPTH_MAX {
            let text = format!("the query nests deeper than {DEPTH_MAX} levels, fragments counted");
            return Err(Error::new(Code::TooCostly, text));
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    /// The same of a step of the answer.
    fn at<T>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.path.push(step);
        let done = work(self);
        self.path.pop();
        done
    }
}
