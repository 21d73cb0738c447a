//! Searches that includes make.

use super::{
    super::{besides::Pages, bodies::Show},
    known::{Known, Place},
};
use fhir::definitions::ResourceType;
use futures::{StreamExt, TryStreamExt, stream};
use proto::{
    Error,
    api::v1::{SearchParameter, SearchRequest},
};
use search::{Hit, Limits};

/// Searches of one page that are under way at once.
const AT_ONCE: usize = 4;
/// Values of one of them, where a search may have so many.
const VALUES_MAX: usize = 100;

/// Resources of these types that have one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub types: Vec<ResourceType>,
    pub parameter: Box<str>,
    /// Comma-separated.
    pub values: String,
}

impl Question {
    /// As many as it takes to ask for all these values, each written as a search writes it.
    pub fn of(
        types: &[ResourceType],
        parameter: &str,
        values: impl Iterator<Item = String>,
        limits: &Limits,
    ) -> Vec<Question> {
        let values_max = limits.values_max.min(VALUES_MAX);
        // The types that are named take some of it, too.
        let bytes_max = limits.value_bytes_max.min(limits.bytes_max / 2);
        let mut questions: Vec<Question> = Vec::new();
        let mut left = 0;
        for value in values {
            match questions.last_mut() {
                Some(last) if left > 0 && last.values.len() + value.len() < bytes_max => {
                    last.values.push(',');
                    last.values.push_str(&value);
                    left -= 1;
                }
                _ => {
                    questions.push(Question {
                        types: types.to_vec(),
                        parameter: parameter.into(),
                        values: value,
                    });
                    left = values_max.saturating_sub(1);
                }
            }
        }
        questions
    }

    fn request(self) -> SearchRequest {
        let pair = |name: &str, value: String| SearchParameter { name: name.to_owned(), value };
        let names: Vec<&str> = self.types.iter().map(|t| t.name()).collect();
        let (resource_type, mut parameters) = match names.as_slice() {
            [one] => ((*one).to_owned(), Vec::new()),
            several => (String::new(), vec![pair("_type", several.join(","))]),
        };
        parameters.push(pair(&self.parameter, self.values));
        SearchRequest { resource_type, parameters, strict: true, ..SearchRequest::default() }
    }
}

/// What matches them and is not on the page, in their order.
///
/// # Errors
/// `TooCostly` where that is more than may still come; those of searches.
pub async fn new_hits(show: Show<'_>, questions: Vec<Question>, known: &Known) -> Result<Vec<Hit>, Error> {
    let mut answers = stream::iter(questions).map(|question| hits(show, question, known)).buffered(AT_ONCE);
    let mut new: Vec<Hit> = Vec::new();
    while let Some(mut hits) = answers.try_next().await? {
        new.append(&mut hits);
        known.admit(new.len())?;
    }
    Ok(new)
}

async fn hits(show: Show<'_>, question: Question, known: &Known) -> Result<Vec<Hit>, Error> {
    let mut pages = Pages::of(show.session, &question.request()).await?;
    let mut hits: Vec<Hit> = Vec::new();
    while let Some(page) = pages.next().await? {
        hits.extend(page.into_iter().filter(|hit| place(hit).is_none_or(|one| !known.has(&one))));
        known.admit(hits.len())?;
    }
    Ok(hits)
}

fn place(hit: &Hit) -> Option<Place> {
    let resource_type = ResourceType::from_code(hit.key.type_code.0)?;
    Some(Place { resource_type, id: hit.key.id, version: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&str], limits: &Limits) -> Vec<String> {
        let values = values.iter().map(|value| (*value).to_owned());
        let questions = Question::of(&[ResourceType::PATIENT], "link", values, limits);
        questions.into_iter().map(|question| question.values).collect()
    }

    #[test]
    fn as_few_as_the_limits_allow() {
        let limits = Limits { values_max: 2, value_bytes_max: 10, ..Limits::default() };
        assert!(asked(&[], &limits).is_empty());
        assert_eq!(asked(&["a", "b", "c"], &limits), ["a,b", "c"]);
        assert_eq!(asked(&["aaaaaa", "bbbb", "c"], &limits), ["aaaaaa", "bbbb,c"]);
        assert_eq!(asked(&["longer-than-that"], &limits), ["longer-than-that"]);
        let many = vec!["a"; 2 * VALUES_MAX + 1];
        assert_eq!(asked(&many, &Limits::default()).len(), 3);
        assert_eq!(asked(&many, &Limits { values_max: 1, ..Limits::default() }).len(), many.len());
    }

    #[test]
    fn several_types_are_named_by_type() {
        let question = |types: &[ResourceType]| Question {
            types: types.to_vec(),
            parameter: "link".into(),
            values: "a".to_owned(),
        };
        let one = question(&[ResourceType::PATIENT]).request();
        assert_eq!((one.resource_type.as_str(), one.parameters.len()), ("Patient", 1));
        let two = question(&[ResourceType::PATIENT, ResourceType::BUNDLE]).request();
        assert_eq!((two.resource_type.as_str(), two.parameters[0].value.as_str()), ("", "Patient,Bundle"));
    }
}
