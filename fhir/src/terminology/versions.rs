//! Which versions of code systems an operation uses.

use super::Error;
use crate::conformance::Canonical;

/// Wishes of a caller about versions, each as `system|version`
/// (<https://hl7.org/fhir/R4/valueset-operation-expand.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionRules {
    /// `system-version`: used where the value set names no version.
    pub usual: Vec<Canonical>,
    /// `check-system-version`: another one is an error.
    pub checked: Vec<Canonical>,
    /// `force-system-version`: used whatever the value set says.
    pub forced: Vec<Canonical>,
}

impl VersionRules {
    /// Whether nothing is wished for.
    pub fn is_empty(&self) -> bool {
        self.usual.is_empty() && self.checked.is_empty() && self.forced.is_empty()
    }

    /// The version of that system which goes before every other one.
    pub(super) fn forced(&self, system: &str) -> Option<&str> {
        let rule = self.forced.iter().find(|rule| *rule.url == *system)?;
        rule.version.as_deref()
    }

    /// The version to use of a system for which the value set names `named`.
    pub(super) fn version<'v>(&'v self, system: &str, named: Option<&'v str>) -> Option<&'v str> {
        let wish = |rules: &'v [Canonical]| {
            rules.iter().find(|rule| *rule.url == *system).and_then(|rule| rule.version.as_deref())
        };
        wish(&self.forced).or(named).or_else(|| wish(&self.usual)).or_else(|| wish(&self.checked))
    }

    /// Refuses a version that is not the one to be.
    pub(super) fn check(&self, system: &str, version: Option<&str>) -> Result<(), Error> {
        let other = |rule: &&Canonical| *rule.url == *system && rule.version.as_deref() != version;
        match self.checked.iter().find(other) {
            None => Ok(()),
            Some(rule) => Err(Error::Invalid {
                problem: format!(
                    "version '{}' of '{system}' is used here, and check-system-version asks for '{}'",
                    version.unwrap_or("(none)"),
                    rule.version.as_deref().unwrap_or("(none)")
                ),
            }),
        }
    }
}
