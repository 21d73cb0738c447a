//! Compiled expressions and their evaluation.

use super::Error;
use super::ast::{Expr, Kind, Operator};
use super::check;
use super::compile::{self, Options};
use super::eval::{Answer, Env, Scope, Stop};
use super::input::{Collection, Input};
use super::item::Item;
use super::op::Op;
use super::parse;
use crate::definitions::TypeId;

/// An expression, read and resolved once, evaluated any number of times, on any thread.
#[derive(Debug)]
pub struct Expression {
    text: Box<str>,
    op: Op,
}

impl Expression {
    /// Reads an expression as FHIRPath has it.
    ///
    /// Errors: text that is none, over the limits of [`parse`], unknown functions and types, wrong numbers of arguments,
    /// literals and patterns that mean nothing.
    pub fn compile(text: &str) -> Result<Self, Error> {
        Self::compile_with(text, Options::default())
    }

    /// As [`compile`](Self::compile), read as `options` say.
    pub fn compile_with(text: &str, options: Options) -> Result<Self, Error> {
        Self::compile_tree(&parse::parse(text)?, text, options)
    }

    /// Of a syntax tree or a part of one; `text` is the whole it was read from.
    pub fn compile_tree(tree: &Expr, text: &str, options: Options) -> Result<Self, Error> {
        let op = compile::compile(tree, options)?;
        Ok(Expression { text: text.into(), op })
    }

    /// Looks for what can never be found when the expression is evaluated on items of type `focus`: elements that R4 does not
    /// define there (`Patient.name.given1`, `Observation.valueQuantity`), types it is not of, an order where there is none.
    ///
    /// Evaluation gives nothing for such names; authors of profiles and queries want to hear of them.
    pub fn check(&self, focus: TypeId) -> Result<(), Error> {
        check::check(&parse::parse(&self.text)?, focus)
    }

    /// As [`check`](Self::check), of an expression that is evaluated on items of several types: each operand of its unions
    /// must fit one of them, as in `Patient.name | Person.name`; of no types anything does. Errors: that of the first operand
    /// that fits none.
    pub fn check_any(&self, focus: &[TypeId]) -> Result<(), Error> {
        let tree = parse::parse(&self.text)?;
        let mut operands = vec![&tree];
        while let Some(operand) = operands.pop() {
            if let Kind::Binary { operator: Operator::Union, left, right } = &operand.kind {
                operands.extend([&**right, &**left]);
                continue;
            }
            let outcomes: Result<Vec<_>, ()> =
                focus.iter().map(|id| check::check(operand, *id).err().ok_or(())).collect();
            // The type that most of the operand fits is the one that was meant.
            if let Ok(errors) = outcomes
                && let Some(error) = errors.into_iter().max_by_key(Error::at)
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// What was compiled.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All items.
    ///
    /// Errors: what has no meaning for the values met (several items where one is asked for, operands of wrong types), and
    /// what costs more than the limits of `input`.
    pub fn evaluate<'d>(&self, input: &Input<'d>) -> Result<Collection<'d>, Error> {
        self.answer(input, |scope| scope.collect(&self.op))
    }

    /// The first item; the others are not looked for.
    pub fn first<'d>(&self, input: &Input<'d>) -> Result<Option<Item<'d>>, Error> {
        self.answer(input, |scope| {
            let mut first = None;
            scope.run_some(&self.op, &mut |item| {
                first = Some(item);
                Err(Stop::Enough)
            })?;
            Ok(first)
        })
    }

    /// The boolean the expression gives; `None` if it gives nothing. A single item that is no boolean counts as true.
    pub fn truth(&self, input: &Input<'_>) -> Result<Option<bool>, Error> {
        self.answer(input, |scope| scope.truth(&self.op))
    }

    /// Whether the expression is true, as invariants and conditions ask: nothing counts as not true.
    pub fn is_true(&self, input: &Input<'_>) -> Result<bool, Error> {
        Ok(self.truth(input)? == Some(true))
    }

    fn answer<'d, T>(
        &self,
        input: &Input<'d>,
        work: impl FnOnce(&Scope<'_, 'd>) -> Answer<T>,
    ) -> Result<T, Error> {
        let env = Env::new(input);
        let scope = Scope { env: &env, this: Some(&input.focus), index: None, total: None };
        match work(&scope) {
            Ok(value) => Ok(value),
            Err(Stop::Failed(error)) => Err(*error),
            // Whoever had enough has caught it.
            Err(Stop::Enough) => unreachable!("a receiver's own signal left it"),
        }
    }
}
