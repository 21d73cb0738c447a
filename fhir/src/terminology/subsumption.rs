//! Whether one concept is above another, where an answer of three values is enough.

use super::service::System;
use super::{Subsumption, Terminology};

impl Terminology {
    /// Whether the code `general` of a code system is `special` or above it. `None` if the system, its content or one of the
    /// codes is not known.
    pub fn subsumes(
        &self,
        system: &str,
        version: Option<&str>,
        general: &str,
        special: &str,
    ) -> Option<bool> {
        match self.system(system, version).ok()? {
            System::Known(system) => {
                let answer = system.subsumption(system.find(general)?, system.find(special)?);
                Some(matches!(answer, Subsumption::Equivalent | Subsumption::Subsumes))
            }
            // Codes of a grammar have no hierarchy.
            System::Grammar(_, grammar) => {
                (grammar.allows(general) && grammar.allows(special)).then_some(general == special)
            }
        }
    }
}
