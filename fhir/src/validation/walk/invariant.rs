//! Invariants: FHIRPath expressions that must be true.

use super::instance::Instance;
use super::scope::Scope;
use super::{Walk, host};
use crate::fhirpath::{self, Error, Input};
use crate::json::Node;
use crate::outcome::Severity;
use crate::validation::Code;
use crate::validation::definition::{Element, Invariant};

impl<'d> Walk<'_, 'd> {
    /// Evaluates the invariants of an element on an instance of it.
    pub(super) fn invariants(&mut self, rules: &Element, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        for invariant in &rules.invariants {
            self.invariant(invariant, instance, scope);
        }
    }

    pub(super) fn invariant(&mut self, invariant: &Invariant, instance: Instance<'d>, scope: &Scope<'_, 'd>) {
        let Some(node) = instance.node() else { return };
        if invariant.severity < self.options.severity_min || !self.step() {
            return;
        }
        let expression = match &invariant.expression {
            Ok(expression) => expression,
            Err(reason) => return self.unusable(invariant, node, invariant.severity, reason),
        };
        let host = host::Host { walk: self, scope };
        let input = Input {
            resource: Some(fhirpath::Element::resource(scope.resource)),
            root_resource: Some(fhirpath::Element::resource(scope.root)),
            host: &host,
            now: self.now,
            limits: self.options.fhirpath,
            steps: Some(self.steps.for_evaluation()),
            ..Input::element(element(instance))
        };
        match expression.is_true(&input) {
            Ok(true) => {}
            Ok(false) => self.broken(invariant, node),
            Err(error) => self.failed(invariant, node, &error),
        }
    }

    #[cold]
    fn broken(&mut self, invariant: &Invariant, node: Node<'d>) {
        let text = format!("{} ({})", invariant.human.trim_end_matches('.'), invariant.key);
        self.issues.add(invariant.severity, node, Code::Invariant, text);
    }

    /// What asks for something that nobody knows here is in doubt. Everything else that has no result is not true.
    #[cold]
    fn failed(&mut self, invariant: &Invariant, node: Node<'d>, error: &Error) {
        let reason = error.to_string();
        match error {
            // Said once, at the end.
            Error::TooManySteps { .. } if self.steps.is_spent() => {}
            Error::TooManySteps { .. } | Error::TooManyItems { .. } | Error::TextTooLong { .. } => {
                let text = format!("the invariant {} costs too much: {reason}", invariant.key);
                self.issues.error(node, Code::TooCostly, text);
            }
            _ if is_doubt(error) => self.unusable(invariant, node, Severity::Warning, &reason),
            _ => self.unusable(invariant, node, invariant.severity, &reason),
        }
    }

    #[cold]
    fn unusable(&mut self, invariant: &Invariant, node: Node<'d>, severity: Severity, reason: &str) {
        let text = format!("the invariant {} could not be evaluated: {reason}", invariant.key);
        self.issues.add(severity, node, Code::Invariant, text);
    }
}

/// Whether somebody who knew more might have a result: profiles, value sets, the time, how units are converted.
fn is_doubt(error: &Error) -> bool {
    match error {
        Error::Undecided { .. } => true,
        Error::Operands { left, right, .. } => left == "Quantity" && right == "Quantity",
        _ => false,
    }
}

/// An instance as FHIRPath sees it.
fn element(instance: Instance<'_>) -> fhirpath::Element<'_> {
    match instance.value {
        Some(value) if !instance.is_primitive() => fhirpath::Element::of_type(value, instance.actual_type()),
        _ => fhirpath::Element::primitive(instance.value, instance.companion, instance.type_id),
    }
}
