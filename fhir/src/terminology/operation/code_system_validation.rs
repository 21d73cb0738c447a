//! `$validate-code` of CodeSystem: <https://hl7.org/fhir/R4/codesystem-operation-validate-code.html>

use super::display::{all_in, in_language};
use super::validation::{Verdict, of_display};
use super::{Coded, Error, Request};
use crate::terminology::service::System;
use crate::terminology::supplements::Supplements;
use crate::terminology::{CodeSystem, Terminology};
use std::borrow::Cow;

/// Parameters with `result`, `message` and `display`: whether a code is one of a code system, and its display is right.
///
/// The system is the subject, `codeSystem`, `url` (with `version`), or that of the coding. Abstract codes are valid unless
/// `abstract` is false. Of a system of which only a part is known here other codes are valid, with a message. Errors: the system is not known, nothing says which it is.
pub fn validate_code_in_code_system(
    terminology: &Terminology,
    request: &Request<'_>,
) -> Result<Vec<u8>, Error> {
    request.refuse(&["date"])?;
    let allow_abstract = request.flag("abstract")?.unwrap_or(true);
    let asked = request.codes_of("version", request.text("url")?.as_deref())?;
    let system = match request.given("codeSystem", "CodeSystem")? {
        Some(document) => {
            request.is_named(&document, "url", "version")?;
            Some(request.checked(terminology.system_of(document)?)?)
        }
        None => match request.text("url")? {
            Some(url) => Some(request.system(terminology, &url, request.text("version")?.as_deref())?),
            None => None,
        },
    };
    let judge = Judge {
        terminology,
        allow_abstract,
        lenient: request.flag("lenient-display-validation")?.unwrap_or(false),
        language: request.language()?,
        supplements: request.supplements(terminology)?,
    };
    let mut verdicts = Vec::new();
    for coded in &asked {
        verdicts.push(match (&system, &coded.system) {
            (Some(system), _) => judge.verdict(system, coded)?,
            (None, Some(url)) => {
                judge.verdict(&request.system(terminology, url, coded.version.as_deref())?, coded)?
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

struct Judge<'r> {
    terminology: &'r Terminology,
    allow_abstract: bool,
    /// A display that is not right is worth a message only.
    lenient: bool,
    language: Option<Cow<'r, str>>,
    supplements: Supplements,
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
            let (code, url) = (&coded.code, &system.url);
            return Ok(match system.is_complete() {
                true => Verdict::no(format!("'{code}' is no code of '{url}'")),
                false => Verdict::doubtful(format!(
                    "'{code}' is not in the part of '{url}' that is known here; the rest may have it"
                )),
            });
        };
        let concept = system.concept(number);
        if concept.is_abstract && !self.allow_abstract {
            return Ok(Verdict::no(format!("{name} is abstract: it groups others and is no choice itself")));
        }
        let supplements = self.supplements.clone().and(self.terminology.supplements_of(&system.url)?);
        let more = supplements.of(&system.url, system.version.as_deref(), &concept.code);
        let more: Vec<_> = more.flat_map(|(_, one)| &one.designations).collect();
        let all = || concept.designations.iter().chain(more.iter().copied());
        let (display, own) = (concept.display.as_deref(), system.language.as_deref());
        let usual = in_language(display, own, self.language.as_deref(), all);
        let known = self.language.as_deref().map(|language| all_in(display, own, language, all));
        let known = known.filter(|known| !known.is_empty());
        let known =
            known.unwrap_or_else(|| display.into_iter().chain(all().map(|one| &*one.value)).collect());
        let verdict = of_display(&name, coded.display.as_deref(), usual, known, self.lenient);
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
