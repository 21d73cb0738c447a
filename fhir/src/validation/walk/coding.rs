//! Codes that are not in the code system they name, whatever the element is bound to.

use super::Walk;
use super::instance::Instance;
use crate::definitions::{NameId, names};
use crate::json::Node;
use crate::terminology::Membership;
use crate::validation::Code;
use crate::validation::definition::System;

const SYSTEM: NameId = names::lookup(b"system");
const VERSION: NameId = names::lookup(b"version");
const CODE: NameId = names::lookup(b"code");

impl<'d> Walk<'_, 'd> {
    /// Checks system and code of a Coding or Quantity. Systems that are not known here can have any code.
    pub(super) fn coding(&mut self, instance: Instance<'d>) {
        let text = |name| instance.value?.get_name(name)?.as_str();
        let (Some(system), Some(value)) = (text(SYSTEM), instance.value) else { return };
        match self.definitions.systems.find(&system, self.terminology) {
            System::All(all) => {
                let (Some(code), version) = (text(CODE), text(VERSION)) else { return };
                if matches!(all.contains(Some(&system), version.as_deref(), &code), Membership::NotIn) {
                    self.unknown_code(value, &system, &code);
                }
            }
            System::Supplement => {
                let text = format!(
                    "the code system '{system}' is a supplement and has no codes; name the system it supplements"
                );
                self.issues.error(value, Code::CodeInvalid, text);
            }
            System::Unknown => {}
        }
    }

    #[cold]
    fn unknown_code(&mut self, value: Node<'d>, system: &str, code: &str) {
        let (code, system) = (shown(code), shown(system));
        let text = format!("the code system '{system}' has no code '{code}'");
        self.issues.error(value, Code::CodeInvalid, text);
    }
}

fn shown(text: &str) -> String {
    text.chars().take(120).collect()
}
