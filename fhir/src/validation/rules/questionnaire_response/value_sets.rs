//! The value sets that questions name.

use super::super::Rules;
use crate::json::Document;
use crate::terminology::ValueSet;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Those of one questionnaire, by what its questions call them: a URL, or `#` and the id under which it contains one.
pub(super) struct ValueSets<'q> {
    /// The document that has what is named by `#id`.
    outer: &'q dyn Fn() -> Option<Arc<Document>>,
    /// `None`: not known.
    met: RefCell<BTreeMap<String, Option<Arc<ValueSet>>>>,
}

impl<'q> ValueSets<'q> {
    pub fn new(outer: &'q dyn Fn() -> Option<Arc<Document>>) -> Self {
        ValueSets { outer, met: RefCell::default() }
    }

    pub fn find(&self, rules: &Rules<'_>, canonical: &str) -> Option<Arc<ValueSet>> {
        if let Some(known) = self.met.borrow().get(canonical) {
            return known.clone();
        }
        let found = match canonical.strip_prefix('#') {
            Some(id) => (self.outer)().and_then(|outer| {
                // It is compiled anew for each response.
                rules.steps.pay(outer.source().len() as u64);
                rules.terminology.contained_value_set(&outer, id).ok()
            }),
            None => rules.terminology.value_set(canonical).ok(),
        };
        self.met.borrow_mut().insert(canonical.to_owned(), found.clone());
        found
    }
}
