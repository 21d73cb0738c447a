//! Slices: which item belongs where, how many there are, in which order.

use super::constrain::List;
use super::instance::Instance;
use super::scope::Scope;
use super::{Definition, Walk};
use crate::definitions::TypeId;
use crate::json::Node;
use crate::validation::Code;
use crate::validation::definition::{self, Rules, Slicing, Test};
use smallvec::SmallVec;
use std::sync::Arc;

impl<'d> Walk<'_, 'd> {
    /// Sorts `items`, the values of one element below `parent`, into slices and checks each by the rules of its slice.
    pub(super) fn slices(
        &mut self,
        definition: &Arc<Definition>,
        slicing: &Slicing,
        items: &[Instance<'d>],
        parent: Node<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let mut found: SmallVec<[List<'d>; 4]> = slicing.slices.iter().map(|_| List::new()).collect();
        let mut last = 0;
        let mut rest = false;
        for &item in items {
            let Some(node) = item.node() else { continue };
            let Some(slice) = self.slice_of(definition, slicing, item, scope) else {
                rest = true;
                self.unsliced(definition, slicing, item, scope);
                continue;
            };
            if slicing.rules == Rules::OpenAtEnd && rest {
                self.issues.error(
                    node,
                    Code::Structure,
                    "what is in no slice must come after all slices".into(),
                );
            }
            if slicing.ordered && slice < last {
                let text = format!(
                    "{} must come before {}",
                    self.name(definition, slicing, slice),
                    self.name(definition, slicing, last)
                );
                self.issues.error(node, Code::Structure, text);
            }
            last = slice.max(last);
            found[slice].push(item);
        }
        for (slice, items) in found.iter().enumerate() {
            self.slice(definition, slicing.slices[slice], items, parent, scope);
        }
    }

    fn name<'r>(&self, definition: &'r Definition, slicing: &Slicing, slice: usize) -> &'r str {
        &definition.elements[slicing.slices[slice]].path
    }

    /// The items of one slice.
    fn slice(
        &mut self,
        definition: &Arc<Definition>,
        element: usize,
        items: &[Instance<'d>],
        parent: Node<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let rules = &definition.elements[element];
        self.slice_count(definition, element, items.len(), parent);
        for &item in items {
            self.constrain(definition, element, item, scope);
        }
        if let Some(inner) = &rules.slicing {
            self.slices(definition, inner, items, parent, scope);
        }
    }

    fn slice_count(&mut self, definition: &Definition, element: usize, count: usize, parent: Node<'d>) {
        let rules = &definition.elements[element];
        if count < rules.min as usize {
            let text =
                format!("{} is there {count} times; the profile asks for at least {}", rules.path, rules.min);
            self.issues.error(parent, Code::Required, text);
        } else if count > rules.max as usize {
            let text =
                format!("{} is there {count} times; the profile allows at most {}", rules.path, rules.max);
            self.issues.error(parent, Code::Structure, text);
        }
    }

    /// An item in no slice.
    fn unsliced(
        &mut self,
        definition: &Arc<Definition>,
        slicing: &Slicing,
        item: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        if let Some(default) = slicing.default {
            return self.constrain(definition, default, item, scope);
        }
        if slicing.rules == Rules::Closed
            && let Some(node) = item.node()
        {
            let names: Vec<_> =
                (0..slicing.slices.len()).map(|slice| self.name(definition, slicing, slice)).collect();
            let text =
                format!("this fits none of the slices {}, and no others are allowed", names.join(", "));
            self.issues.error(node, Code::Structure, text);
        }
    }

    /// The slice an item belongs to, as its place in the list of slices: of those it fits the first of which most is told.
    pub(super) fn slice_of(
        &mut self,
        definition: &Arc<Definition>,
        slicing: &Slicing,
        item: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) -> Option<usize> {
        let tests = slicing.tests.get_or_init(|| definition::tests(definition, slicing, self.definitions));
        let mut best = None;
        for (slice, tests) in tests.iter().enumerate() {
            let told = tests.iter().filter(|test| !matches!(test, Test::Any)).count();
            if best.is_none_or(|(most, _)| told > most)
                && self.is_in_slice(definition, (slicing, slice), tests, item, scope)
            {
                best = Some((told, slice));
            }
        }
        best.map(|(_, slice)| slice)
    }

    fn is_in_slice(
        &mut self,
        definition: &Arc<Definition>,
        (slicing, slice): (&Slicing, usize),
        tests: &[Test],
        item: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) -> bool {
        if tests.is_empty() {
            // Nothing tells slices apart but what they ask for.
            return self.quietly(|walk| walk.constrain(definition, slicing.slices[slice], item, scope));
        }
        if tests.iter().all(|test| matches!(test, Test::Any)) {
            return false;
        }
        tests.iter().zip(&slicing.discriminators).all(|(test, discriminator)| {
            let Ok(path) = &discriminator.path else { return false };
            self.passes(definition, test, path, item, scope)
        })
    }

    fn passes(
        &mut self,
        definition: &Arc<Definition>,
        test: &Test,
        path: &definition::Path,
        item: Instance<'d>,
        scope: &Scope<'_, 'd>,
    ) -> bool {
        let values = super::select::select(item, path, scope, &self.contained);
        match test {
            Test::Exists(wanted) => values.is_empty() != *wanted,
            Test::Any => true,
            Test::Nothing => false,
            Test::Value(of, element) => {
                let of = of.clone().unwrap_or_else(|| definition.clone());
                values.iter().any(|value| self.fits(&of, *element, *value))
            }
            Test::Type(names) => values.iter().any(|value| is_one_of(value.actual_type(), names)),
            Test::Profile(profiles) => values.iter().any(|value| self.fits_profile(profiles, *value, scope)),
            Test::Url(url) => values
                .iter()
                .any(|value| value.value.and_then(Node::as_str).is_some_and(|text| text == **url)),
        }
    }
}

/// Whether a value is of one of the types by name. What is derived from a type that JSON names is named by itself: `valueCode` is
/// in no slice of strings. Of what nothing is by itself (`DomainResource`) everything derived is.
fn is_one_of(actual: TypeId, names: &[Box<str>]) -> bool {
    let is_named = |id: TypeId| names.iter().any(|name| **name == *id.path());
    is_named(actual) || actual.lineage().skip(1).any(|id| is_abstract(id) && is_named(id))
}

fn is_abstract(id: TypeId) -> bool {
    matches!(id.path(), "Element" | "BackboneElement" | "Resource" | "DomainResource")
}
