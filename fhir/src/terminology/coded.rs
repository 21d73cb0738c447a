//! A code with its system.

use super::member;
use crate::json::{Node, write_string};

/// A code with its system: a Coding, or the parameters `system`, `version`, `code`, `display`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coded {
    pub system: Option<Box<str>>,
    pub version: Option<Box<str>>,
    pub code: Box<str>,
    pub display: Option<Box<str>>,
}

impl Coded {
    /// A Coding (<https://hl7.org/fhir/R4/datatypes.html#Coding>); its code may be empty.
    pub fn read(node: Node<'_>) -> Coded {
        Coded {
            system: member::text(node, "system"),
            version: member::text(node, "version"),
            code: member::text(node, "code").unwrap_or_default(),
            display: member::text(node, "display"),
        }
    }

    /// As a Coding.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let members = [
            ("system", &self.system),
            ("version", &self.version),
            ("code", &Some(self.code.clone())),
            ("display", &self.display),
        ];
        out.push(b'{');
        for (name, text) in members {
            let Some(text) = text else { continue };
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
            write_string(out, text);
        }
        out.push(b'}');
    }

    /// For messages: `code` of `system`.
    pub(super) fn name(&self) -> String {
        match &self.system {
            Some(system) => format!("'{}' of '{system}'", self.code),
            None => format!("'{}'", self.code),
        }
    }
}
