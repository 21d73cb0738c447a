//! The part of a resource that a read, a history or a search asks for: <https://hl7.org/fhir/R4/search.html#summary>.

use bytes::Bytes;
use fhir::{
    json::{Document, Limits},
    projection::{self, Projection},
};
use proto::{Code, Error, api::v1::SearchParameter};

/// From the values of `_summary` and `_elements`; empty is not given.
///
/// # Errors
/// `BadParameter` for what is no part.
pub fn of(summary: &str, elements: &str) -> Result<Projection, Error> {
    let unusable =
        |error: projection::Error| Error::new(Code::BadParameter, error.to_string()).as_issue("value");
    Projection::parse(summary, elements).map_err(unusable)
}

/// The same of a search, whose `_summary=count` asks for no resource at all.
///
/// # Errors
/// `BadParameter` for what is no part.
pub fn of_search(parameters: &[SearchParameter]) -> Result<Projection, Error> {
    let values = |name: &str| {
        let given = parameters.iter().filter(|parameter| parameter.name == name);
        given.map(|parameter| parameter.value.as_str()).collect::<Vec<_>>().join(",")
    };
    match values("_summary") {
        count if count == "count" => Ok(Projection::Whole),
        summary => of(&summary, &values("_elements")),
    }
}

/// The same of what comes with the matches of a search. `_summary` is about every resource of the answer, while the names of
/// `_elements` are elements of the type that is searched: of another type nothing would be left, so that is for matches alone.
///
/// # Errors
/// `BadParameter` for what is no part.
pub fn of_included(parameters: &[SearchParameter]) -> Result<Projection, Error> {
    let is_of_matches = |parameter: &&SearchParameter| parameter.name != "_elements";
    of_search(&parameters.iter().filter(is_of_matches).cloned().collect::<Vec<_>>())
}

/// That part of a stored body; an empty body stays empty.
///
/// # Errors
/// `Internal` where what is stored is no JSON.
pub fn take(part: &Projection, body: Bytes) -> Result<Bytes, Error> {
    if part.is_whole() || body.is_empty() {
        return Ok(body);
    }
    Ok(part.of(document(body)?.root()).into())
}

/// A stored body, parsed.
///
/// # Errors
/// `Internal` where what is stored is no JSON.
pub fn document(body: Bytes) -> Result<Document, Error> {
    // It was within the limits when it was stored; those may have been lowered since.
    let limits = Limits { depth_max: 512, bytes_max: usize::MAX };
    Document::parse(body, &limits)
        .map_err(|error| Error::new(Code::Internal, format!("a stored resource is no JSON: {error}")))
}
