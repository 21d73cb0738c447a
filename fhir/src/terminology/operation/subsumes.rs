//! `$subsumes`: <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>

use super::answer::Answer;
use super::request::is_of_type;
use super::{Coded, Error, Request};
use crate::terminology::service::System;
use crate::terminology::{CodeSystem, Subsumption, Terminology};
use std::sync::Arc;

/// Parameters with `outcome`: how concept A relates to concept B of the same code system.
///
/// Errors: a code is missing or not in the system; the codings are of different systems; the system is not known here.
pub fn subsumes(terminology: &Terminology, request: &Request<'_>) -> Result<Vec<u8>, Error> {
    let first = concept(request, "codeA", "codingA")?;
    let second = concept(request, "codeB", "codingB")?;
    let system = match (&first.system, &second.system) {
        (Some(left), Some(right)) if left != right => {
            return Err(Error::Invalid { problem: "both codings must be of one code system".into() });
        }
        (left, right) => left.as_ref().or(right.as_ref()),
    };
    let version = first.version.as_deref().or(second.version.as_deref());
    let of_coding = system.map(|system| &**system);
    let system = find(terminology, request, of_coding, version)?;
    if of_coding.is_some_and(|url| *url != *system.url()) {
        let problem =
            format!("how codes of other code systems relate to '{}' is not known here", system.url());
        return Err(Error::Invalid { problem });
    }
    let outcome = match &system {
        System::Known(system) => system.subsumption(number(system, &first)?, number(system, &second)?),
        // Codes of a grammar have no hierarchy.
        System::Grammar(url, grammar) => {
            if let Some(coded) = [&first, &second].into_iter().find(|coded| !grammar.allows(&coded.code)) {
                return Err(Error::UnknownCode { system: url.to_string(), code: coded.code.to_string() });
            }
            if first.code == second.code { Subsumption::Equivalent } else { Subsumption::NotSubsumed }
        }
    };
    let mut answer = Answer::new();
    answer.text("outcome", "Code", outcome.code());
    Ok(answer.finish())
}

fn concept(request: &Request<'_>, code: &'static str, coding: &'static str) -> Result<Coded, Error> {
    let (text, coded) = (request.text(code)?, request.coding(coding)?);
    if let Some(coded) = coded {
        return match text {
            Some(_) => Err(Error::Invalid { problem: format!("give either {code} or {coding}, not both") }),
            None => Ok(coded),
        };
    }
    let text = text.ok_or(Error::Missing { name: code, problem: "give both codes, or both codings" })?;
    Ok(Coded { code: text.into(), ..Coded::default() })
}

/// The subject, else `system` with `version`, else the coding's.
fn find(
    terminology: &Terminology,
    request: &Request<'_>,
    of_coding: Option<&str>,
    version: Option<&str>,
) -> Result<System, Error> {
    if let Some(document) = &request.subject {
        is_of_type(document, "CodeSystem")?;
        return request.checked(terminology.system_of(document.clone())?);
    }
    let named = request.text("system")?;
    let url = named.as_deref().or(of_coding);
    let url = url.ok_or(Error::Missing { name: "system", problem: "name the code system" })?;
    let named = request.text("version")?;
    request.system(terminology, url, named.as_deref().or(version))
}

fn number(system: &Arc<CodeSystem>, coded: &Coded) -> Result<u32, Error> {
    let unknown = || Error::UnknownCode { system: system.url.to_string(), code: coded.code.to_string() };
    system.find(&coded.code).ok_or_else(unknown)
}
