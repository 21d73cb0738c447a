//! Items without their repetitions.

use super::{Answer, Env, items_equal};
use crate::fhirpath::item::Item;
use crate::fhirpath::value::Value;
use std::collections::HashSet;

/// The items seen so far. Texts are looked up by hash, everything else is compared with each.
#[derive(Default)]
pub(in crate::fhirpath) struct Distinct<'d> {
    texts: HashSet<Box<str>>,
    others: Vec<Item<'d>>,
}

impl<'d> Distinct<'d> {
    /// Whether no equal item was there yet.
    pub fn insert(&mut self, item: &Item<'d>, env: &Env<'_, 'd>) -> Answer<bool> {
        if let Some(Value::String(text)) = item.value() {
            env.step()?;
            return Ok(!self.texts.contains(&*text) && self.texts.insert((*text).into()));
        }
        if self.contains(item, env)? {
            return Ok(false);
        }
        env.push(&mut self.others, item.clone())?;
        Ok(true)
    }

    /// Whether an equal item was there.
    pub fn contains(&self, item: &Item<'d>, env: &Env<'_, 'd>) -> Answer<bool> {
        if let Some(Value::String(text)) = item.value() {
            env.step()?;
            return Ok(self.texts.contains(&*text));
        }
        for other in &self.others {
            if items_equal(other, item, env)? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
