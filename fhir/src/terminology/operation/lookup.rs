//! `$lookup`: <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>

use super::answer::Answer;
use super::display::in_language;
use super::property;
use super::request::is_of_type;
use super::{Coded, Error, Request};
use crate::terminology::service::System;
use crate::terminology::supplements::Supplements;
use crate::terminology::{CodeSystem, Designation, Grammar, Terminology};
use std::borrow::Cow;

/// Parameters with what is known of a code: `name`, `version`, `display`, `designation`, and `property` for definition,
/// status as abstract and inactive, parents, children and the system's own properties; only those named by `property`, if
/// any is.
///
/// Errors: the system or the code is not known.
pub fn lookup(terminology: &Terminology, request: &Request<'_>) -> Result<Vec<u8>, Error> {
    request.refuse(&["date"])?;
    let coded = asked(request)?;
    let wanted = Wanted(request.texts("property")?);
    let language = request.language()?;
    let system = match (&request.subject, &coded.system) {
        (Some(document), _) => {
            is_of_type(document, "CodeSystem")?;
            request.checked(terminology.system_of(document.clone())?)?
        }
        (None, Some(url)) => request.system(terminology, url, coded.version.as_deref())?,
        (None, None) => return Err(Error::Missing { name: "system", problem: "name the code system" }),
    };
    let unknown = || Error::UnknownCode { system: system.url().to_owned(), code: coded.code.to_string() };
    match &system {
        System::Known(system) => {
            let number = system.find(&coded.code).ok_or_else(unknown)?;
            let supplements = supplements(terminology, request, system)?;
            Ok(of_concept(system, number, &wanted, language.as_deref(), &supplements))
        }
        System::Grammar(_, grammar) if grammar.allows(&coded.code) => Ok(of_grammar(*grammar, &coded.code)),
        System::Grammar(..) => Err(unknown()),
    }
}

/// `code` with `system`, or `coding`.
fn asked(request: &Request<'_>) -> Result<Coded, Error> {
    match (request.text("code")?, request.coding("coding")?) {
        (Some(_), Some(_)) => Err(Error::Invalid { problem: "give either code or coding, not both".into() }),
        (None, Some(coding)) => Ok(coding),
        (None, None) => Err(Error::Missing { name: "code", problem: "give code and system, or coding" }),
        (Some(code), None) => Ok(Coded {
            system: request.text("system")?.map(Into::into),
            version: request.text("version")?.map(Into::into),
            code: code.into(),
            display: None,
        }),
    }
}

/// The properties asked for; none: all.
struct Wanted<'r>(Vec<Cow<'r, str>>);

impl Wanted<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|one| one == name)
    }

    /// Whether `lang.X` is wanted for the designation's language X.
    fn has_language_of(&self, designation: &Designation) -> bool {
        self.0.iter().any(|one| one.strip_prefix("lang.").is_some_and(|language| designation.is_in(language)))
    }
}

/// Every supplement of the system that is known, or those the caller names.
fn supplements(
    terminology: &Terminology,
    request: &Request<'_>,
    system: &CodeSystem,
) -> Result<Supplements, Error> {
    let named = request.supplements(terminology)?;
    if named.is_empty() { terminology.supplements_of(&system.url) } else { Ok(named) }
}

fn of_concept(
    system: &CodeSystem,
    number: u32,
    wanted: &Wanted<'_>,
    language: Option<&str>,
    supplements: &Supplements,
) -> Vec<u8> {
    let concept = system.concept(number);
    let more: Vec<_> = supplements.of(&system.url, system.version.as_deref(), &concept.code).collect();
    let texts = || concept.designations.iter().chain(more.iter().flat_map(|(_, one)| &one.designations));
    let mut answer = Answer::new();
    answer.text("name", "String", system.name.as_deref().unwrap_or(&system.url));
    if let Some(version) = &system.version {
        answer.text("version", "String", version);
    }
    let display = in_language(concept.display.as_deref(), system.language.as_deref(), language, texts);
    answer.text("display", "String", display.unwrap_or(&concept.code));
    designations(&mut answer, texts(), wanted);
    for one in property::of(system, number, &more, |code| wanted.has(code)) {
        answer.begin("property");
        answer.text("code", "Code", one.code);
        answer.json("value", one.suffix, &one.json());
        if let Some(description) = one.description {
            answer.text("description", "String", description);
        }
        answer.end();
    }
    answer.finish()
}

/// All if `designation` is wanted, else those in a language that is wanted as `lang.X`.
fn designations<'c>(answer: &mut Answer, all: impl Iterator<Item = &'c Designation>, wanted: &Wanted<'_>) {
    for designation in all.filter(|one| wanted.has("designation") || wanted.has_language_of(one)) {
        answer.begin("designation");
        if let Some(language) = &designation.language {
            answer.text("language", "Code", language);
        }
        if let Some(usage) = &designation.usage {
            answer.json("use", "Coding", usage.as_bytes());
        }
        answer.text("value", "String", &designation.value);
        answer.end();
    }
}

fn of_grammar(grammar: Grammar, code: &str) -> Vec<u8> {
    let mut answer = Answer::new();
    answer.text("name", "String", grammar.name());
    answer.text("display", "String", code);
    answer.finish()
}
