//! The codes that a search names by a value set or a branch of a code system, from the tenant's definitions.

use super::read;
use crate::session::Session;
use fhir::{
    index::{Bases, ReferenceText, parse_reference},
    json::Document,
    terminology::{CodeSystem, Error, Reason, Terminology, ValueSet, VersionRules},
};
use proto::Code;
use search::{Token, query::Problem};
use std::sync::Arc;

/// Whether a search parameter, its name with the modifier and its value, may need [`Codes`].
pub(super) fn are_asked_by(name: &str, value: &str) -> bool {
    search::query::lists_codes(name, value)
}

/// Lists codes for the compiler of searches. It may take milliseconds: what is asked for first is compiled.
pub(super) struct Codes<'t> {
    pub terminology: &'t Terminology,
    /// Value sets that the search names by where they are stored.
    pub stored: &'t [Stored],
}

/// A ValueSet of this server, and how a search names it: `ValueSet/x`, or absolute.
pub(super) struct Stored {
    named: String,
    document: Arc<Document>,
}

/// The stored value sets that `:in`, `:not-in` and filters name relatively, or below a base of this server, such as that by which the
/// request came:
/// <https://hl7.org/fhir/R4/search.html#token>. Those that are not there are left out.
///
/// # Errors
/// As of a read, but for what is not there.
pub(super) async fn stored_value_sets(
    session: Session<'_>,
    parameters: &[(String, String)],
    came_by: Option<&str>,
) -> Result<Vec<Stored>, proto::Error> {
    let mut found = Vec::new();
    for (name, value) in parameters {
        for named in search::query::value_sets(name, value) {
            let own = session.bases();
            let bases = [own.bases(), Bases::of(came_by)];
            let Some(id) = bases.into_iter().find_map(|bases| local_id(&named, bases)) else { continue };
            let version = match read::current(session, "ValueSet", id).await {
                Ok(Some(version)) if !version.is_deleted() => version,
                Ok(_) => continue,
                // What cannot be an id is a value set that nobody knows.
                Err(error) if error.code == Code::BadRequest => continue,
                Err(error) => return Err(error),
            };
            let document = crate::draft::document(version.body, &session.options().json)?;
            found.push(Stored { named, document: Arc::new(document) });
        }
    }
    Ok(found)
}

fn local_id<'u>(url: &'u str, bases: Bases<'_>) -> Option<&'u str> {
    match parse_reference(url, bases) {
        ReferenceText::Local { resource_type, id, version: None } if resource_type.name() == "ValueSet" => {
            Some(id)
        }
        _ => None,
    }
}

impl search::Terminology for Codes<'_> {
    fn value_set(&self, canonical: &str, max: usize) -> Result<Vec<Token>, Problem> {
        let value_set = self.compiled(canonical).map_err(refused)?;
        match value_set.incomplete() {
            // Of a fragment what is known is found: a stored code beyond it is not known to be in the value set.
            None | Some(Reason::Fragment(_)) => {}
            Some(reason) => {
                let why = format!("the codes of the value set '{canonical}' cannot be listed: {reason}");
                return Err(Problem::Unusable(why));
            }
        }
        check(value_set.len(), max)?;
        Ok(value_set.entries().map(|entry| token(entry.system(), entry.code())).collect())
    }

    fn at_or_below(&self, system: &str, code: &str, max: usize) -> Result<Vec<Token>, Problem> {
        let (system, number) = self.concept(system, code)?;
        let numbers = system.at_or_below(number);
        tokens(&system, numbers.iter(), numbers.len(), max)
    }

    fn at_or_above(&self, system: &str, code: &str, max: usize) -> Result<Vec<Token>, Problem> {
        let (system, number) = self.concept(system, code)?;
        let numbers = system.at_or_above(number);
        tokens(&system, numbers.iter(), numbers.len(), max)
    }
}

impl Codes<'_> {
    fn compiled(&self, canonical: &str) -> Result<Arc<ValueSet>, Error> {
        match self.stored.iter().find(|stored| stored.named == canonical) {
            Some(stored) => {
                let rules = VersionRules::default();
                self.terminology.value_set_of(stored.document.clone(), &rules).map(Arc::new)
            }
            None => self.terminology.value_set(canonical),
        }
    }

    fn concept(&self, url: &str, code: &str) -> Result<(Arc<CodeSystem>, u32), Problem> {
        let system = self.terminology.code_system(url, None).map_err(refused)?;
        let system = system.ok_or_else(|| {
            Problem::Unusable(format!(
                "the code system '{url}' is not known here; load it to search by its hierarchy"
            ))
        })?;
        let number = system.find(code);
        let number = number.ok_or_else(|| {
            Problem::Unusable(format!(
                "the code '{code}' is not in what is known here of the code system '{url}'"
            ))
        })?;
        Ok((system, number))
    }
}

fn tokens(
    system: &CodeSystem,
    numbers: impl Iterator<Item = u32>,
    found: u64,
    max: usize,
) -> Result<Vec<Token>, Problem> {
    check(found, max)?;
    Ok(numbers.map(|number| token(&system.url, &system.concept(number).code)).collect())
}

fn token(system: &str, code: &str) -> Token {
    Token { code: code.to_owned(), system: system.to_owned() }
}

fn check(found: u64, max: usize) -> Result<(), Problem> {
    match found > max as u64 {
        true => Err(Problem::Limit(format!("it stands for {found} codes, but at most {max} are allowed"))),
        false => Ok(()),
    }
}

fn refused(error: Error) -> Problem {
    match error {
        Error::TooCostly { .. } => Problem::Limit(error.to_string()),
        _ => Problem::Unusable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::conformance::Core;
    use search::Terminology as _;

    #[test]
    fn codes_of_the_specification() {
        let terminology = Terminology::new(Arc::new(Core), Default::default());
        let codes = Codes { terminology: &terminology, stored: &[] };
        let gender = codes.value_set("http://hl7.org/fhir/ValueSet/administrative-gender", 10).unwrap();
        assert_eq!(gender.len(), 4);
        let race = "http://terminology.hl7.org/CodeSystem/v3-Race";
        let below = codes.at_or_below(race, "1004-1", 1000).unwrap();
        assert!(below.len() > 1 && below.iter().any(|token| token.code == "1006-6"));
        assert!(codes.at_or_above(race, "1006-6", 1000).unwrap().iter().any(|token| token.code == "1004-1"));
        assert!(matches!(codes.at_or_below(race, "1002-5", 10), Err(Problem::Limit(_))));
        for refused in [
            codes.value_set("http://nowhere", 10),
            codes.value_set("http://hl7.org/fhir/ValueSet/condition-code", 10_000),
            codes.at_or_below("http://loinc.org", "1-8", 10),
            codes.at_or_below(race, "nothing", 10),
        ] {
            assert!(matches!(refused, Err(Problem::Unusable(_))));
        }
    }

    #[test]
    fn a_value_set_by_where_it_is_stored() {
        let document =
            r#"{"resourceType":"ValueSet","compose":{"include":[{"system":"s","concept":[{"code":"a"}]}]}}"#;
        let document = Arc::new(Document::parse(document, &Default::default()).unwrap());
        let terminology = Terminology::new(Arc::new(Core), Default::default());
        let stored = [Stored { named: "ValueSet/x".to_owned(), document }];
        let codes = Codes { terminology: &terminology, stored: &stored };
        assert_eq!(codes.value_set("ValueSet/x", 10).unwrap(), [token("s", "a")]);
        assert!(matches!(codes.value_set("ValueSet/y", 10), Err(Problem::Unusable(_))));
        let base = Bases::of(Some("http://h/fhir"));
        assert_eq!(local_id("ValueSet/x", Bases::default()), Some("x"));
        assert_eq!(local_id("http://h/fhir/ValueSet/x", base), Some("x"));
        assert_eq!(local_id("http://h/fhirValueSet/x", base), None);
        assert_eq!(local_id("http://other/fhir/ValueSet/x", base), None);
    }

    #[test]
    fn modifiers_that_list_codes() {
        let asked = |name| are_asked_by(name, "x");
        assert!(asked("code:in") && asked("code:below"));
        assert!(!asked("code") && !asked("in") && !asked("name:contains") && !asked("_filter"));
        assert!(
            are_asked_by("_filter", "code in ValueSet/x") && are_asked_by("_filter", "not (code ss s|c)")
        );
        assert!(!are_asked_by("_filter", "code eq \"in\"") && !are_asked_by("_filter", "code in"));
    }
}
