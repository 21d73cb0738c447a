//! The full level: what the definitions say beyond structure.
//!
//! Each element is checked once against the rules of its type ([`base`]), and then against those of every profile that applies
//! ([`constrain`]), which hold only what the profile adds.

mod base;
mod binding;
mod bundle;
mod coding;
mod constrain;
mod contained;
mod document;
mod extension;
mod host;
mod instance;
mod invariant;
mod native;
mod reference;
mod scope;
mod seen;
mod select;
mod slices;
mod units;
mod value;

pub(super) use instance::{Instance, resource_type};
pub(super) use scope::Scope;

use super::definition::{Definition, Definitions, Element, Found};
use super::steps::Steps;
use super::{Code, Issues, Options};
use crate::fhirpath::value::Temporal;
use crate::json::Node;
use crate::terminology::Terminology;
use contained::Contained;
use seen::Seen;
use std::cell::RefCell;
use std::sync::Arc;

/// Profiles within profiles: deeper than any guide goes, shallow enough for a small stack.
const DEPTH_MAX: usize = 24;

/// What looking at an element costs, in steps of FHIRPath.
const STEP: u64 = 4;

/// One validation.
pub(super) struct Walk<'v, 'd> {
    pub definitions: &'v Definitions,
    pub terminology: &'v Terminology,
    pub options: &'v Options,
    /// What `now()` is in invariants.
    pub now: Option<Temporal>,
    pub issues: Issues,
    /// Profiles being checked, by the rules they begin at and the node, so that circles end.
    open: Vec<(*const Element, u32)>,
    /// Whether the profile being checked is one the caller asked for: then what it builds on must be known.
    asked: bool,
    /// Steps left; see [`Options::steps_max`].
    steps: &'v Steps,
    contained: Contained<'v, 'd>,
    seen: RefCell<Seen<'d>>,
    /// Whether a profile was left out, because it was being checked already or too deep.
    cut: bool,
}

impl<'v, 'd> Walk<'v, 'd> {
    pub fn new(
        definitions: &'v Definitions,
        terminology: &'v Terminology,
        options: &'v Options,
        now: Option<Temporal>,
        steps: &'v Steps,
        issues: Issues,
    ) -> Self {
        Walk {
            definitions,
            terminology,
            options,
            now,
            issues,
            open: Vec::new(),
            asked: false,
            steps,
            contained: Contained::new(steps),
            seen: RefCell::default(),
            cut: false,
        }
    }

    /// Checks a resource that is in nothing else, against its type, the profiles it names and `profiles`.
    pub fn whole(&mut self, resource: Node<'d>, profiles: &[&str]) {
        let scope = Scope::of(resource);
        self.resource(resource, &scope);
        self.asked = true;
        for &canonical in profiles {
            self.named_profile(resource, resource, canonical, &scope, true);
        }
        if self.steps.is_spent() && self.issues.errors_of(Code::TooCostly).next().is_none() {
            let text = format!(
                "more than {} steps; validation is not complete: send less at once, or name fewer profiles",
                self.options.steps_max
            );
            self.issues.error(resource, Code::TooCostly, text);
        }
    }

    /// Checks `resource` against a profile that `at` names. `asked`: by the caller, so that an unknown one is an error.
    fn named_profile(
        &mut self,
        at: Node<'d>,
        resource: Node<'d>,
        canonical: &str,
        scope: &Scope<'_, 'd>,
        asked: bool,
    ) {
        let shown: String = canonical.chars().take(160).collect();
        match self.definitions.profile(canonical) {
            Found::Definition(definition) => self.profile(&definition, resource, at, scope),
            Found::Unknown if asked => {
                let text = format!("the profile '{shown}' is not known here; load it or name another");
                self.issues.error(at, Code::NotFound, text);
            }
            Found::Unknown => {
                let text =
                    format!("the profile '{shown}' is not known here, so nothing was checked against it");
                self.issues.warning(at, Code::NotFound, text);
            }
            Found::Logical => self.logical(at, &shown),
            Found::Broken(reason) => {
                let text = format!("the profile '{shown}' cannot be used: {reason}");
                self.issues.add(severity_of(asked), at, Code::NotFound, text);
            }
        }
    }

    /// No resource and no element of one fits a logical model (<https://hl7.org/fhir/R4/structuredefinition.html#logical>).
    fn logical(&mut self, at: Node<'d>, profile: &str) {
        let text = format!("'{profile}' is a logical model, which no resource can follow; name a profile");
        self.issues.error(at, Code::Structure, text);
    }

    fn profile(
        &mut self,
        definition: &Arc<Definition>,
        resource: Node<'d>,
        at: Node<'d>,
        scope: &Scope<'_, 'd>,
    ) {
        let Some(own) = resource_type(resource) else { return };
        if !own.lineage().any(|id| id == definition.type_id) {
            let text = format!(
                "the profile '{}' is for {}, not for {}",
                definition.url,
                definition.type_id.path(),
                own.path()
            );
            return self.issues.error(at, Code::Structure, text);
        }
        if definition.profile {
            self.apply(definition, 0, Instance::object(resource, own), scope);
        }
    }

    /// Whether `check` finds no error; what it finds is not reported. What is not known is no error here.
    fn quietly(&mut self, check: impl FnOnce(&mut Self)) -> bool {
        let issues = std::mem::replace(&mut self.issues, Issues::new(1));
        let asked = std::mem::replace(&mut self.asked, false);
        check(self);
        self.asked = asked;
        std::mem::replace(&mut self.issues, issues).is_valid()
    }

    /// Takes a step; `false` when the limit is reached or there is nothing more to learn.
    #[inline]
    fn step(&self) -> bool {
        !self.issues.is_full() && self.steps.pay(STEP)
    }
}

fn severity_of(asked: bool) -> crate::outcome::Severity {
    if asked { crate::outcome::Severity::Error } else { crate::outcome::Severity::Warning }
}
