//! What an operation sees: the input, `$this`, `$index`, `$total`; and the ways to ask for an operand.

use super::{Answer, Out, Step, Stop};
use crate::fhirpath::Error;
use crate::fhirpath::input::{Collection, Input};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Op, Slot};
use crate::fhirpath::value::{Text, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The same throughout one evaluation.
pub(in crate::fhirpath) struct Env<'e, 'd> {
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
pub(in crate::fhirpath) struct Scope<'s, 'd> {
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

    /// Runs `op` until `out` has enough.
    #[inline]
    pub fn run_some(&self, op: &Op, out: &mut Out<'_, 'd>) -> Step {
        match self.run(op, out) {
            Err(Stop::Enough) => Ok(()),
            other => other,
        }
    }

    /// All items.
    pub fn collect(&self, op: &Op) -> Answer<Collection<'d>> {
        let mut items = Vec::new();
        self.run(op, &mut |item| self.env.push(&mut items, item))?;
        Ok(items)
    }

    /// The only item, if there is one; `what` takes no more.
    pub fn single(&self, op: &Op, at: u32, what: &'static str) -> Answer<Option<Item<'d>>> {
        let mut single = None;
        self.run(op, &mut |item| match single.replace(item) {
            None => Ok(()),
            Some(_) => Err(Error::NotSingle { at, what }.into()),
        })?;
        Ok(single)
    }

    /// The value of the only item; `None` also for a primitive without value. A complex element is an error.
    pub fn value(&self, op: &Op, at: u32, what: &'static str) -> Answer<Option<Value<'d>>> {
        if let Op::Constant(value) = op {
            return Ok(Some(value.clone()));
        }
        let Some(item) = self.single(op, at, what)? else { return Ok(None) };
        match item.value() {
            Some(value) => Ok(Some(value)),
            None if is_valueless_primitive(&item) => Ok(None),
            None => Err(Error::wrong_type(at, what, "a value", item.type_info().name).into()),
        }
    }

    /// The text of the only item. Anything but a string is an error.
    pub fn text(&self, op: &Op, at: u32, what: &'static str) -> Answer<Option<Text<'d>>> {
        match self.value(op, at, what)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Error::wrong_type(at, what, "a string", other.system().name()).into()),
        }
    }

    /// The integer of the only item. Anything but an integer is an error.
    pub fn integer(&self, op: &Op, at: u32, what: &'static str) -> Answer<Option<i64>> {
        match self.value(op, at, what)? {
            None => Ok(None),
            Some(Value::Integer(value)) => Ok(Some(value)),
            Some(other) => Err(Error::wrong_type(at, what, "an integer", other.system().name()).into()),
        }
    }
}

/// A primitive that has only an id or extensions.
pub(in crate::fhirpath) fn is_valueless_primitive(item: &Item<'_>) -> bool {
    item.element().is_some_and(|element| element.node().is_none())
}
