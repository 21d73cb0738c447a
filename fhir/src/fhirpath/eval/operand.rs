//! The ways to ask for an operand.

use super::{Answer, Out, Scope, Step, Stop};
use crate::fhirpath::Error;
use crate::fhirpath::input::Collection;
use crate::fhirpath::item::Item;
use crate::fhirpath::op::Op;
use crate::fhirpath::value::{Text, Value};

impl<'d> Scope<'_, 'd> {
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
