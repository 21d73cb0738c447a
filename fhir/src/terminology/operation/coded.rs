//! A code as it is asked about.

use super::{Error, Request};
use crate::json::{Node, write_string};
use crate::terminology::member;

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

    /// The codes asked about: those of `codeableConcept`, or `coding`, or `code` with its companions; `version` names the
    /// parameter with the system's version. Errors: none or more than one of the three is given.
    pub(super) fn asked(request: &Request<'_>, version: &'static str) -> Result<Vec<Coded>, Error> {
        let code = request.text("code")?;
        let given = (code, request.coding("coding")?, request.concept("codeableConcept")?);
        match given {
            (Some(code), None, None) => Ok(vec![Coded {
                system: request.text("system")?.map(Into::into),
                version: request.text(version)?.map(Into::into),
                code: code.into(),
                display: request.text("display")?.map(Into::into),
            }]),
            (None, Some(coding), None) => Ok(vec![coding]),
            (None, None, Some(concept)) => Ok(concept),
            (None, None, None) => {
                Err(Error::Missing { name: "code", problem: "give code, coding or codeableConcept" })
            }
            _ => Err(Error::Invalid {
                problem: "give one of code, coding and codeableConcept, not several".into(),
            }),
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
