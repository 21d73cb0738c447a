//! The codes that a search names by a value set or a branch of a code system, from the tenant's definitions.

use fhir::terminology::{CodeSystem, Error, Reason, Terminology};
use search::{Token, query::Problem};
use std::sync::Arc;

/// Whether a search parameter of that name, modifier included, may need [`Codes`].
pub(super) fn are_asked_by(name: &str) -> bool {
    name.rsplit_once(':').is_some_and(|(_, modifier)| matches!(modifier, "in" | "not-in" | "below" | "above"))
}

/// Lists codes for the compiler of searches. It may take milliseconds: what is asked for first is compiled.
pub(super) struct Codes<'t>(pub &'t Terminology);

impl search::Terminology for Codes<'_> {
    fn value_set(&self, canonical: &str, max: usize) -> Result<Vec<Token>, Problem> {
        let value_set = self.0.value_set(canonical).map_err(refused)?;
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
    fn concept(&self, url: &str, code: &str) -> Result<(Arc<CodeSystem>, u32), Problem> {
        let system = self.0.code_system(url, None).map_err(refused)?;
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
        let codes = Codes(&terminology);
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
    fn modifiers_that_list_codes() {
        assert!(are_asked_by("code:in") && are_asked_by("code:below"));
        assert!(!are_asked_by("code") && !are_asked_by("in") && !are_asked_by("name:contains"));
    }
}
