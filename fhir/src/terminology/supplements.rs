//! Supplements: CodeSystems that add designations and properties to the codes of another one
//! (<https://hl7.org/fhir/R4/codesystem.html#supplements>).
//!
//! A supplement has no codes of its own. What it says of a code is a part of what is known of that code: lookups and the
//! validation of displays use every supplement of the source; expansions only those that are asked for, by the value set
//! (extension `valueset-supplement`) or by the caller (`useSupplement`), as R4 leaves their effect open.

use super::{CODE_SYSTEM, CodeSystem, Concept, Error, Terminology, ValueSet, member};
use crate::conformance::Canonical;
use crate::json::Node;
use crate::terminology::code_system::is_same_display;
use std::sync::Arc;

/// Which extension names the supplements a value set needs.
const EXTENSION: &str = "http://hl7.org/fhir/StructureDefinition/valueset-supplement";

/// Supplements to use, in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Supplements(Vec<Arc<CodeSystem>>);

impl Supplements {
    /// What they say of a code of that system.
    pub fn of<'s>(
        &'s self,
        system: &str,
        version: Option<&str>,
        code: &str,
    ) -> impl Iterator<Item = (&'s CodeSystem, &'s Concept)> {
        let about = self.0.iter().filter(move |one| is_about(one, system, version));
        about.filter_map(move |one| Some((&**one, one.concept(one.find(code)?))))
    }

    /// These, then the others.
    pub fn and(mut self, others: Supplements) -> Supplements {
        let known = |one: &Arc<CodeSystem>| self.0.iter().any(|own| Arc::ptr_eq(own, one));
        let new: Vec<_> = others.0.into_iter().filter(|one| !known(one)).collect();
        self.0.extend(new);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The supplements themselves.
    pub fn systems(&self) -> impl Iterator<Item = &CodeSystem> {
        self.0.iter().map(|one| &**one)
    }

    /// `url|version` of each.
    pub fn canonicals(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|one| one.canonical())
    }
}

/// Whether it supplements that system; versions count where both name one.
fn is_about(supplement: &CodeSystem, system: &str, version: Option<&str>) -> bool {
    let Some(supplemented) = &supplement.supplements else { return false };
    let (url, wanted, _) = Canonical::read(supplemented);
    url == system && (wanted.is_none() || version.is_none() || wanted == version)
}

impl Terminology {
    /// Every supplement of that system the source knows, by URL and version.
    pub(super) fn supplements_of(&self, system: &str) -> Result<Supplements, Error> {
        let found = self.supplements_about(system);
        let compiled = found.iter().filter_map(|one| {
            let document = self.source().find(CODE_SYSTEM, &one.url, one.version.as_deref())?;
            Some(self.compiled_system(document))
        });
        compiled.collect::<Result<_, _>>().map(Supplements)
    }

    /// Whether a supplement of that system calls the code so, in whatever language; case and white space do not count.
    pub fn is_display_of_a_supplement(&self, system: &CodeSystem, code: &str, text: &str) -> bool {
        let Ok(all) = self.supplements_of(&system.url) else { return false };
        let about = all.of(&system.url, system.version.as_deref(), code);
        about.flat_map(|(_, concept)| &concept.designations).any(|one| is_same_display(&one.value, text))
    }

    /// The supplements that value set says it needs. Errors: one is not known, without which it is not to be used.
    pub(super) fn supplements_needed_by(&self, value_set: &ValueSet) -> Result<Supplements, Error> {
        let needed = value_set.document.as_ref().map_or_else(Vec::new, |one| needed_by(one.root()));
        self.supplements_named(needed.iter().map(|one| &**one))
    }

    /// The supplements of those canonical URLs, each once. Errors: one is not known, or is no supplement.
    pub(super) fn supplements_named<'c>(
        &self,
        canonicals: impl Iterator<Item = &'c str>,
    ) -> Result<Supplements, Error> {
        let mut named = Supplements::default();
        for canonical in canonicals {
            let (url, version, _) = Canonical::read(canonical);
            let document = self.source().find(CODE_SYSTEM, url, version);
            let missing = || Error::NotFound { resource_type: "CodeSystem", url: canonical.into() };
            let supplement = self.compiled_system(document.ok_or_else(missing)?)?;
            if supplement.supplements.is_none() {
                let problem =
                    format!("'{canonical}' is no supplement; name CodeSystems that supplement another");
                return Err(Error::Invalid { problem });
            }
            if !named.0.iter().any(|one| Arc::ptr_eq(one, &supplement)) {
                named.0.push(supplement);
            }
        }
        Ok(named)
    }
}

/// The canonical URLs of the supplements a ValueSet says it needs.
fn needed_by(value_set: Node<'_>) -> Vec<Box<str>> {
    let is_it = |one: &Node<'_>| member::text(*one, "url").as_deref() == Some(EXTENSION);
    let extensions = member::list(value_set, "extension").filter(is_it);
    extensions.filter_map(|one| member::text(one, "valueCanonical")).collect()
}
