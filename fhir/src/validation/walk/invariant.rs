//! Invariants: FHIRPath expressions that must be true. Evaluated as soon as `fhirpath` has its evaluator.

use super::Walk;
use super::instance::Instance;
use super::scope::Scope;
use crate::validation::definition::{Element, Invariant};

impl<'d> Walk<'_, 'd> {
    /// Evaluates the invariants of an element on an instance of it.
    pub(super) fn invariants(&mut self, rules: &Element, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        for invariant in &rules.invariants {
            self.invariant(invariant, instance, scope);
        }
    }

    pub(super) fn invariant(&mut self, invariant: &Invariant, instance: Instance<'d>, _: &Scope<'_, 'd>) {
        let _ = (&invariant.human, &invariant.severity, instance);
    }
}
