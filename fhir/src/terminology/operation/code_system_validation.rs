//! `$validate-code` of CodeSystem: <https://hl7.org/fhir/R4/codesystem-operation-validate-code.html>

use super::coded::Coded;
use super::request::is_of_type;
use super::validation::{Verdict, of_display};
use super::{Error, Request};
use crate::terminology::service::System;
use crate::terminology::{Reason, Terminology};

/// Parameters with `result`, `message` and `display`: whether a code is one of a code system, and its display is right.
///
/// The system is the subject, `codeSystem`, `url` (with `version`), or that of the coding. Abstract codes are valid unless
/// `abstract` is false. Errors: the system is not known, nothing says which it is.
pub fn validate_code_in_code_system(
    terminology: &Terminology,
    request: &Request<'_>,
) -> Result<Vec<u8>, Error> {
    request.refuse(&["date"])?;
    let allow_abstract = request.flag("abstract")?.unwrap_or(true);
    let asked = Coded::asked(request, "version")?;
    let given = match &request.subject {
        Some(document) => Some(document.clone()),
        None => request.resource("codeSystem")?,
    };
    let system = match given {
        Some(document) => {
            is_of_type(&document, "CodeSystem")?;
            Some(System::Known(terminology.compiled_apart(document)?))
        }
        None => match request.text("url")? {
            Some(url) => Some(terminology.system(&url, request.text("version")?.as_deref())?),
            None => None,
        },
    };
    let mut verdicts = Vec::new();
    for coded in &asked {
        verdicts.push(match (&system, &coded.system) {
            (Some(system), _) => verdict(system, coded, allow_abstract),
            (None, Some(url)) => {
                verdict(&terminology.system(url, coded.version.as_deref())?, coded, allow_abstract)
            }
            (None, None) => {
                return Err(Error::Missing {
                    name: "url",
                    problem: "name the code system by url or codeSystem",
                });
            }
        });
    }
    Ok(Verdict::of_concept(verdicts).write())
}

fn verdict(system: &System, coded: &Coded, allow_abstract: bool) -> Verdict {
    let name = coded.name();
    if coded.system.as_ref().is_some_and(|url| **url != *system.url()) {
        return Verdict::no(format!("{name} is of another code system than '{}'", system.url()));
    }
    let system = match system {
        System::Known(system) => system,
        System::Grammar(url, grammar) if grammar.allows(&coded.code) => {
            return of_display(&format!("'{url}'"), None, None, [].iter());
        }
        System::Grammar(url, _) => return Verdict::no(format!("'{}' is no code of '{url}'", coded.code)),
    };
    let Some(number) = system.find(&coded.code) else {
        return Verdict::no(match system.is_complete() {
            true => format!("'{}' is no code of '{}'", coded.code, system.url),
            false => {
                let reason = Reason::Fragment((&*system.url).into());
                format!("it cannot be told whether '{}' is a code of '{}': {reason}", coded.code, system.url)
            }
        });
    };
    let concept = system.concept(number);
    if concept.is_abstract && !allow_abstract {
        return Verdict::no(format!("{name} is abstract: it groups others and is no choice itself"));
    }
    of_display(&name, coded.display.as_deref(), concept.display.as_deref(), concept.designations.iter())
}
