//! `$validate-code` of CodeSystem: <https://hl7.org/fhir/R4/codesystem-operation-validate-code.html>

use super::display::in_language;
use super::validation::{Verdict, of_display};
use super::{Coded, Error, Request};
use crate::terminology::service::System;
use crate::terminology::{CodeSystem, Reason, Terminology};
use std::borrow::Cow;

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
    let asked = request.codes("version")?;
    let system = match request.given("codeSystem", "CodeSystem")? {
        Some(document) => {
            request.is_named(&document, "url", "version")?;
            Some(terminology.system_of(document)?)
        }
        None => match request.text("url")? {
            Some(url) => Some(terminology.system(&url, request.text("version")?.as_deref())?),
            None => None,
        },
    };
    let judge = Judge { terminology, allow_abstract, language: request.language()? };
    let mut verdicts = Vec::new();
    for coded in &asked {
        verdicts.push(match (&system, &coded.system) {
            (Some(system), _) => judge.verdict(system, coded)?,
            (None, Some(url)) => judge.verdict(&terminology.system(url, coded.version.as_deref())?, coded)?,
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

struct Judge<'r> {
    terminology: &'r Terminology,
    allow_abstract: bool,
    language: Option<Cow<'r, str>>,
}

impl Judge<'_> {
    fn verdict(&self, system: &System, coded: &Coded) -> Result<Verdict, Error> {
        let name = coded.name();
        if coded.system.as_ref().is_some_and(|url| **url != *system.url()) {
            return Ok(Verdict::no(format!("{name} is of another code system than '{}'", system.url())));
        }
        match system {
            System::Known(system) if is_other(coded.version.as_deref(), system.version.as_deref()) => {
                let (asked, own) = (coded.version.as_deref(), system.canonical());
                let asked = asked.unwrap_or_default();
                let text = format!(
                    "it cannot be told whether {name} is in version '{asked}': known here is '{own}'"
                );
                Ok(Verdict::no(text))
            }
            System::Known(system) => self.of_known(system, coded),
            System::Grammar(_, grammar) if grammar.allows(&coded.code) => {
                Ok(Verdict { result: true, ..Verdict::default() })
            }
            System::Grammar(url, _) => Ok(Verdict::no(format!("'{}' is no code of '{url}'", coded.code))),
        }
    }

    fn of_known(&self, system: &CodeSystem, coded: &Coded) -> Result<Verdict, Error> {
        let name = coded.name();
        let Some(number) = system.find(&coded.code) else {
            return Ok(Verdict::no(match system.is_complete() {
                true => format!("'{}' is no code of '{}'", coded.code, system.url),
                false => {
                    let (code, url) = (&coded.code, &system.url);
                    let reason = Reason::Fragment((&**url).into());
                    format!("it cannot be told whether '{code}' is a code of '{url}': {reason}")
                }
            }));
        };
        let concept = system.concept(number);
        if concept.is_abstract && !self.allow_abstract {
            return Ok(Verdict::no(format!("{name} is abstract: it groups others and is no choice itself")));
        }
        let supplements = self.terminology.supplements_of(&system.url)?;
        let more = supplements.of(&system.url, system.version.as_deref(), &concept.code);
        let more: Vec<_> = more.flat_map(|(_, one)| &one.designations).collect();
        let all = || concept.designations.iter().chain(more.iter().copied());
        let (display, own) = (concept.display.as_deref(), system.language.as_deref());
        let usual = in_language(display, own, self.language.as_deref(), all);
        let known = display.into_iter().chain(all().map(|one| &*one.value));
        let verdict = of_display(&name, coded.display.as_deref(), usual, known);
        Ok(match system.inactive().contains(number) {
            true => verdict.with_hint(|| format!("{name} is no longer in use")),
            false => verdict,
        })
    }
}

/// Whether both are given and not the same.
fn is_other(asked: Option<&str>, own: Option<&str>) -> bool {
    asked.is_some() && own.is_some() && asked != own
}
