//! Who is compared at all: patients that have something telling in common with the one described. Each question is a search of its own, and
//! only its first matches are looked at.

use super::person::{Date, Person};
use crate::session::Session;
use ::search::query::escape;
use bytes::Bytes;
use futures::future::try_join_all;
use proto::{
    Code, Error,
    api::v1::{SearchParameter, SearchRequest},
};
use std::collections::BTreeMap;

/// Patients of one question that are compared.
const COMPARED_MAX: usize = 100;

/// Who was found.
pub struct Candidates {
    /// By id.
    pub patients: BTreeMap<String, Bytes>,
    /// There were more than are compared.
    pub is_cut: bool,
}

impl Candidates {
    /// Asks for them.
    ///
    /// # Errors
    /// `BadRequest` where too little is told to ask for anyone; those of searches.
    pub async fn find(session: Session<'_>, wanted: &Person) -> Result<Candidates, Error> {
        let questions = questions(wanted);
        if questions.is_empty() {
            let text =
                "too little is told of the patient: send an identifier, a telecom, or a name and a birthDate";
            return Err(Error::new(Code::BadRequest, text).as_issue("required"));
        }
        let pages = try_join_all(questions.into_iter().map(|question| ask(session, question))).await?;
        let is_cut = pages.iter().any(|(_, more)| *more);
        Ok(Candidates { patients: pages.into_iter().flat_map(|(found, _)| found).collect(), is_cut })
    }
}

type Question = Vec<(&'static str, String)>;

/// One for each thing that few have in common: an identifier; a telecom; the date of birth and a family name; the date of birth and a given
/// name; without a date of birth, a family name and a given name.
fn questions(wanted: &Person) -> Vec<Question> {
    let any = |values: Vec<String>| (!values.is_empty()).then(|| values.join(","));
    let identifiers = any(wanted.identifiers.iter().map(|(system, value)| token(system, value)).collect());
    let telecoms = any(wanted.telecoms.iter().map(|telecom| escape(&telecom.written)).collect());
    let names = |of: fn(&super::person::Name) -> Vec<&String>| {
        let all = wanted.names.iter().flat_map(of).filter(|name| !name.trim().is_empty());
        any(all.map(|name| escape(name)).collect())
    };
    let families = names(|name| vec![&name.written.0]);
    let given = names(|name| name.written.1.iter().collect());
    let births = wanted.birth.map(|birth| {
        let dates = [Some(birth), birth.swapped()].into_iter().flatten();
        dates.map(Date::text).collect::<Vec<_>>().join(",")
    });
    let mut questions: Vec<Question> = vec![];
    questions.extend(identifiers.map(|values| vec![("identifier", values)]));
    questions.extend(telecoms.map(|values| vec![("telecom", values)]));
    match births {
        Some(births) => {
            questions
                .extend(families.map(|families| vec![("birthdate", births.clone()), ("family", families)]));
            questions.extend(given.map(|given| vec![("birthdate", births), ("given", given)]));
        }
        None => questions.extend(
            families.zip(given).map(|(families, given)| vec![("family", families), ("given", given)]),
        ),
    }
    questions
}

fn token(system: &str, value: &str) -> String {
    match system {
        "" => escape(value),
        system => format!("{}|{}", escape(system), escape(value)),
    }
}

async fn ask(session: Session<'_>, question: Question) -> Result<(Vec<(String, Bytes)>, bool), Error> {
    let pair = |name: &str, value: String| SearchParameter { name: name.to_owned(), value };
    let mut parameters: Vec<SearchParameter> =
        question.into_iter().map(|(name, value)| pair(name, value)).collect();
    parameters.push(pair("_count", COMPARED_MAX.to_string()));
    parameters.push(pair("_total", "none".to_owned()));
    let request =
        SearchRequest { resource_type: "Patient".to_owned(), parameters, strict: true, ..Default::default() };
    let page = crate::interaction::search(session, request).await?;
    let found = page.entries.into_iter().map(|entry| (entry.id, entry.body));
    Ok((found.collect(), !page.next_cursor.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::{Document, Limits};

    fn asked(patient: &'static str) -> Vec<String> {
        let document = Document::parse(patient, &Limits::default()).unwrap();
        let told = |question: Question| {
            let pairs = question.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join("&")
        };
        questions(&Person::read(document.root())).into_iter().map(told).collect()
    }

    #[test]
    fn what_is_asked_depends_on_what_is_told() {
        assert_eq!(asked(r#"{"name":[{"family":"A"}]}"#), [""; 0]);
        assert_eq!(asked(r#"{"birthDate":"1980-02-03","gender":"male"}"#), [""; 0]);
        assert_eq!(asked(r#"{"name":[{"family":"A","given":["B"]}]}"#), ["family=A&given=B"]);
        assert_eq!(
            asked(
                r#"{"name":[{"family":"A, B","given":["C","D"]}],"birthDate":"1980-02-03","identifier":[{"system":"s","value":"1|2"}]}"#
            ),
            [
                "identifier=s|1\\|2",
                "birthdate=1980-02-03,1980-03-02&family=A\\, B",
                "birthdate=1980-02-03,1980-03-02&given=C,D"
            ]
        );
    }
}
