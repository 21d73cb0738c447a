//! Validation of resources (<https://hl7.org/fhir/R4/validation.html>).
//!
//! Two levels. [`structure`] reads the document once against tables made of the base types: names, cardinality, JSON
//! shape, types, the lexical rules of primitives. It is meant for every write, and needs no [`Source`]. [`Validator::validate`]
//! does that and then what only the definitions themselves say: bindings, invariants, references, extensions, profiles.

mod definition;
mod invariant;
mod issue;
mod issues;
mod lexical;
mod literal_reference;
mod location;
mod order;
mod request;
mod rules;
mod steps;
mod structure;
mod walk;

pub use issue::{Code, Issue};
pub use issues::Issues;
pub use request::Request;

use crate::conformance::Source;
use crate::fhirpath::{self, value::Temporal};
use crate::json::Node;
use crate::outcome::Severity;
use crate::terminology::Terminology;
use definition::Definitions;
use std::sync::{Arc, PoisonError, RwLock};
use steps::Steps;
use walk::Walk;

/// What a [`Validator`] does, and what it may cost.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many issues one validation reports at most; errors come before the rest.
    pub issues_max: usize,
    /// What one validation may cost in steps of FHIRPath, which its invariants share with everything else: an element that
    /// is looked at takes four, profiles and slices counted again. Synthea's bundles of 3 MB take less than 0.2 million, HL7's
    /// of 35 MB of definitions 8 million. Beyond it the resource is not valid: `too-costly`.
    pub steps_max: u64,
    /// What is below is not looked for.
    pub severity_min: Severity,
    /// Whether to warn of what is allowed but not good practice, such as resources without narrative.
    pub best_practice: bool,
    /// Whether text that looks like HTML is an error where text is plain: for servers whose clients show what they are sent.
    pub markup_refused: bool,
    /// Whether URLs of the domains that are for examples (RFC 2606) are errors: for servers of real data.
    pub example_urls_refused: bool,
    /// Whether contained resources are looked into. If not, neither their structure nor dom-3 to dom-5 are checked.
    pub contained: bool,
    /// Whether a reference to what is not here must say a type that is allowed: not `Group/1` where only a Patient may
    /// stand. What is contained or in the bundle must be of such a type in any case.
    pub absent_targets: bool,
    /// How bad an extension is that no source defines; one that modifies its element is always an error.
    pub unknown_extension: Severity,
    /// What one invariant may cost at most, of what is left to the validation.
    pub fhirpath: fhirpath::Limits,
    /// What `now()` is in invariants unless a [`Request`] says; without either those that ask for it are not evaluated.
    pub now: Option<Temporal>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            issues_max: 200,
            steps_max: 20_000_000,
            severity_min: Severity::Information,
            best_practice: false,
            markup_refused: false,
            example_urls_refused: false,
            contained: true,
            absent_targets: true,
            unknown_extension: Severity::Information,
            fhirpath: fhirpath::Limits::default(),
            now: None,
        }
    }
}

/// Validates resources against the definitions of a [`Source`], compiling each on first use. Shared by all threads.
pub struct Validator {
    source: Arc<dyn Source>,
    terminology: Arc<Terminology>,
    options: Options,
    definitions: RwLock<Arc<Definitions>>,
}

impl Validator {
    /// A validator of what `source` defines, which should include [`Core`](crate::conformance::Core), with the value sets
    /// of `terminology`.
    pub fn new(source: Arc<dyn Source>, terminology: Arc<Terminology>, options: Options) -> Self {
        let definitions = RwLock::new(Arc::new(Definitions::new(source.clone())));
        Validator { source, terminology, options, definitions }
    }

    /// The fast level: see [`structure`].
    pub fn structure(&self, resource: Node<'_>) -> Issues {
        structure_of(resource, &self.options)
    }

    /// The full level: structure, and everything the definitions say: of the resource's type, of the
    /// profiles in `meta.profile` and of `profiles` (canonical URLs, with or without `|version`).
    ///
    /// A profile of `meta.profile` that is not known gives a warning, one of `profiles` an error. What cannot be checked
    /// here (code systems without content, references to elsewhere) is no error.
    pub fn validate(&self, resource: Node<'_>, profiles: &[&str]) -> Issues {
        self.validate_as(resource, &Request { profiles, ..Request::default() })
    }

    /// The same with other options.
    pub fn validate_with(&self, resource: Node<'_>, profiles: &[&str], options: &Options) -> Issues {
        self.validate_as(resource, &Request { profiles, options: Some(options), ..Request::default() })
    }

    /// The same with all that may differ from one call to the next.
    pub fn validate_as(&self, resource: Node<'_>, request: &Request<'_>) -> Issues {
        let options = request.options.unwrap_or(&self.options);
        let mut issues = Issues::new(options.issues_max);
        structure::check(resource, options.contained, &mut issues);
        if issues.is_full() {
            issues.locate(resource.document());
            return issues;
        }
        let definitions = self.definitions();
        let now = request.now.or(options.now);
        let steps = Steps::new(options.steps_max);
        let mut walk = Walk::new(&definitions, &self.terminology, options, now, &steps, issues);
        walk.whole(resource, request.profiles);
        let mut issues = walk.issues;
        issues.locate(resource.document());
        issues
    }

    /// What is compiled, made anew when the source has changed.
    fn definitions(&self) -> Arc<Definitions> {
        // A poisoned lock only means that somebody panicked between two consistent states.
        let kept = self.definitions.read().unwrap_or_else(PoisonError::into_inner).clone();
        if kept.revision == self.source.revision() {
            return kept;
        }
        let fresh = Arc::new(Definitions::new(self.source.clone()));
        *self.definitions.write().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        fresh
    }
}

/// Checks the structure of a whole resource (`resource` is its object), and of every resource in it: element names,
/// cardinality, arrays and nulls, types, choices, primitives, `resourceType`, narrative. Reports at most `issues_max` issues.
///
/// <https://hl7.org/fhir/R4/json.html>, <https://hl7.org/fhir/R4/datatypes.html>
pub fn structure(resource: Node<'_>, issues_max: usize) -> Issues {
    structure_of(resource, &Options { issues_max, ..Options::default() })
}

fn structure_of(resource: Node<'_>, options: &Options) -> Issues {
    let mut issues = Issues::new(options.issues_max);
    structure::check(resource, options.contained, &mut issues);
    issues.locate(resource.document());
    issues
}
