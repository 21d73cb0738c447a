//! What an operation sees: the input, `$this`, `$index`, `$total`; and how it ends.

use super::Error;
use super::input::{Collection, Input};
use super::item::Item;
use super::value::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Why an operation ended before its items did.
#[derive(Debug)]
pub(super) enum Stop {
    /// The receiver wants no more. Only the receiver's own call of [`Scope::run`] may swallow it.
    Enough,
    Failed(Box<Error>),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(Box::new(error))
    }
}

pub(super) type Answer<T> = Result<T, Stop>;
pub(super) type Step = Answer<()>;
/// Takes one item after the other.
pub(super) type Out<'o, 'd> = dyn FnMut(Item<'d>) -> Step + 'o;

/// A place for items that one evaluation keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub u32);

/// The same throughout one evaluation.
pub(super) struct Env<'e, 'd> {
    pub input: &'e Input<'d>,
    /// Steps left, if they are not shared with other evaluations.
    own: Cell<u64>,
    /// The number of steps left at which the evaluation has had its share.
    floor: u64,
    /// What variables defined in the expression are.
    kept: RefCell<Vec<Rc<Collection<'d>>>>,
}

impl<'e, 'd> Env<'e, 'd> {
    pub fn new(input: &'e Input<'d>) -> Self {
        let max = input.limits.steps_max;
        let floor = input.steps.map_or(0, |shared| shared.get().saturating_sub(max));
        Env { input, own: Cell::new(max), floor, kept: RefCell::default() }
    }

    /// Puts items into a slot, in place of what was there.
    pub fn keep(&self, slot: Slot, items: Rc<Collection<'d>>) -> Step {
        self.pay(items.len() as u64)?;
        let (mut kept, at) = (self.kept.borrow_mut(), slot.0 as usize);
        if kept.len() <= at {
            kept.resize_with(at + 1, Default::default);
        }
        kept[at] = items;
        Ok(())
    }

    /// What is in a slot.
    pub fn kept(&self, slot: Slot) -> Rc<Collection<'d>> {
        self.kept.borrow().get(slot.0 as usize).cloned().unwrap_or_default()
    }

    /// Pays for one item or comparison.
    #[inline]
    pub fn step(&self) -> Step {
        self.pay(1)
    }

    /// Pays for work that grows with its input.
    #[inline]
    pub fn pay(&self, steps: u64) -> Step {
        let counter = self.input.steps.unwrap_or(&self.own);
        let left = counter.get().saturating_sub(steps);
        counter.set(left.max(self.floor));
        if left > self.floor {
            return Ok(());
        }
        Err(Error::TooManySteps { max: self.input.limits.steps_max }.into())
    }

    /// A computed text as a value, if it is not too long.
    pub fn text(&self, text: String, at: u32) -> Answer<Value<'d>> {
        let max = self.input.limits.text_bytes_max;
        self.pay(text.len() as u64 / 8)?;
        match text.len() > max {
            true => Err(Error::TextTooLong { at, max }.into()),
            false => Ok(Value::text(text)),
        }
    }

    /// Adds to a collection that is kept.
    pub fn push(&self, items: &mut Collection<'d>, item: Item<'d>) -> Step {
        let max = self.input.limits.items_max;
        if items.len() >= max {
            return Err(Error::TooManyItems { max }.into());
        }
        items.push(item);
        Ok(())
    }
}

/// What one operation sees.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'd> {
    pub env: &'s Env<'s, 'd>,
    pub this: Option<&'s Item<'d>>,
    pub index: Option<usize>,
    pub total: Option<&'s [Item<'d>]>,
}

impl<'s, 'd> Scope<'s, 'd> {
    /// The same with another `$this` and `$index`.
    #[inline]
    pub fn with<'t>(&self, this: &'t Item<'d>, index: usize) -> Scope<'t, 'd>
    where
        's: 't,
    {
        Scope { env: self.env, this: Some(this), index: Some(index), total: self.total }
    }
}
