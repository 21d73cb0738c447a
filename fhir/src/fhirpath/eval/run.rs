//! Running an operation.

use super::{Distinct, Out, Scope, Step, navigate, type_test};
use crate::fhirpath::Error;
use crate::fhirpath::item::{Element, Item};
use crate::fhirpath::op::{Binary, Definition, Op, Run, Variable};
use crate::fhirpath::scope::Slot;
use crate::fhirpath::value::{Text, Value};
use std::rc::Rc;

impl<'s, 'd> Scope<'s, 'd> {
    /// Gives the items of `op` to `out`, in order.
    pub fn run(&self, op: &Op, out: &mut Out<'_, 'd>) -> Step {
        match op {
            Op::Empty => Ok(()),
            Op::Constant(value) => out(Item::Value(value.clone())),
            Op::This => self.this.map_or(Ok(()), |this| out(this.clone())),
            Op::Index => self.index.map_or(Ok(()), |index| out(Item::Value(Value::Integer(index as i64)))),
            Op::Total => self.total.into_iter().flatten().try_for_each(|item| out(item.clone())),
            Op::Variable(variable) => self.variable(variable, out),
            Op::Slot(slot) => self.slot(*slot, out),
            Op::Define(definition) => self.define(definition, out),
            Op::Held { on, slot, then } => {
                self.env.keep(*slot, Rc::new(self.collect(on)?))?;
                self.run(then, out)
            }
            Op::Root { type_id } => match self.this {
                Some(this) if type_test::is_a(this, *type_id) => out(this.clone()),
                _ => Ok(()),
            },
            Op::Child { on, name } => match (&**on, self.this) {
                (Op::This, Some(this)) => navigate::named(this, name, self.env, out),
                (Op::This, None) => Ok(()),
                (Op::Root { type_id }, Some(this)) if type_test::is_a(this, *type_id) => {
                    navigate::named(this, name, self.env, out)
                }
                _ => self.run(on, &mut |item| navigate::named(&item, name, self.env, out)),
            },
            Op::Indexer { on, index, at } => self.indexer(on, index, *at, out),
            Op::Negate { operand, at } => self.negate(operand, *at, out),
            Op::Plus { operand, at } => self.plus(operand, *at, out),
            Op::Arithmetic(binary) => self.arithmetic(binary, out),
            Op::Union(binary) => self.union(binary, out),
            Op::As { on, target, filter, at } => self.run_as(on, *target, *filter, *at, out),
            Op::Logic(_) | Op::Equality(_) | Op::Order(_) | Op::Membership { .. } | Op::Is { .. } => {
                self.truth(op)?.map_or(Ok(()), |truth| out(Item::Value(Value::Boolean(truth))))
            }
            Op::Call(call) => match call.function.run {
                Run::Items(function) => function(call, self, out),
                Run::Value(function) => function(call, self)?.map_or(Ok(()), |value| out(Item::Value(value))),
                Run::Truth(function) => {
                    function(call, self)?.map_or(Ok(()), |truth| out(Item::Value(Value::Boolean(truth))))
                }
            },
        }
    }

    fn variable(&self, variable: &Variable, out: &mut Out<'_, 'd>) -> Step {
        let input = self.env.input;
        match variable {
            Variable::Context => out(input.context.as_ref().unwrap_or(&input.focus).clone()),
            Variable::Resource => self.resource().map_or(Ok(()), |resource| out(resource.into())),
            Variable::RootResource => match input.root_resource {
                Some(root) => out(root.into()),
                None => self.resource().map_or(Ok(()), |resource| out(resource.into())),
            },
            Variable::Constant(text) => out(Item::Value(Value::String(Text::Shared(text.clone())))),
            Variable::Named { name, at } => match input.variables.iter().find(|(own, _)| *own == &**name) {
                Some((_, items)) => items.iter().try_for_each(|item| out(item.clone())),
                None => Err(Error::UnknownVariable { at: *at, name: name.to_string() }.into()),
            },
        }
    }

    fn slot(&self, slot: Slot, out: &mut Out<'_, 'd>) -> Step {
        self.env.kept(slot).iter().try_for_each(|item| {
            self.env.step()?;
            out(item.clone())
        })
    }

    fn define(&self, definition: &Definition, out: &mut Out<'_, 'd>) -> Step {
        let Definition { on, name, value, input, slot, at } = definition;
        if self.env.input.variables.iter().any(|(own, _)| *own == &**name) {
            return Err(Error::VariableExists { at: *at, name: name.to_string() }.into());
        }
        let items = Rc::new(self.collect(on)?);
        let value = match value {
            None => items.clone(),
            Some(value) => {
                self.env.keep(*input, items.clone())?;
                Rc::new(self.collect(value)?)
            }
        };
        self.env.keep(*slot, value)?;
        items.iter().try_for_each(|item| out(item.clone()))
    }

    /// `%resource`
    pub fn resource(&self) -> Option<Element<'d>> {
        let input = self.env.input;
        input.resource.or_else(|| input.focus.element().copied())
    }

    fn indexer(&self, on: &Op, index: &Op, at: u32, out: &mut Out<'_, 'd>) -> Step {
        let Some(wanted) = self.integer(index, at, "an index")? else { return Ok(()) };
        let Ok(mut left) = usize::try_from(wanted) else { return Ok(()) };
        let mut found = None;
        self.run_some(on, &mut |item| {
            if left == 0 {
                found = Some(item);
                return Err(super::Stop::Enough);
            }
            left -= 1;
            Ok(())
        })?;
        found.map_or(Ok(()), out)
    }

    fn union(&self, binary: &Binary, out: &mut Out<'_, 'd>) -> Step {
        let mut seen = Distinct::default();
        for side in [&binary.left, &binary.right] {
            self.run(side, &mut |item| match seen.insert(&item, self.env)? {
                true => out(item),
                false => Ok(()),
            })?;
        }
        Ok(())
    }
}
