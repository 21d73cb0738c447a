//! <https://hl7.org/fhir/R4/http.html#history>

use super::{
    bundle,
    call::{Call, Shared},
    query,
    response::{Reply, json},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use http::StatusCode;
use jiff::{Timestamp, civil};
use proto::{Code, Error, api::v1::HistoryRequest};

pub(super) async fn system<S: FhirService>(State(shared): State<Shared<S>>, call: Call) -> Reply {
    answer(shared, call, String::new(), String::new()).await
}

pub(super) async fn of_type<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
) -> Reply {
    answer(shared, call, resource_type, String::new()).await
}

pub(super) async fn instance<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
) -> Reply {
    answer(shared, call, resource_type, id).await
}

async fn answer<S: FhirService>(shared: Shared<S>, call: Call, resource_type: String, id: String) -> Reply {
    let path = [call.base.as_str(), &resource_type, &id, "_history"];
    let path: Vec<&str> = path.into_iter().filter(|segment| !segment.is_empty()).collect();
    let url = path.join("/");
    let request = request(&call, resource_type, id)?;
    let page = shared.service.history(&call.context, request).await?;
    let links = bundle::Links {
        self_: link(&url, &call.parameters, None),
        next: (!page.next_cursor.is_empty()).then(|| link(&url, &call.parameters, Some(&page.next_cursor))),
    };
    Ok(json(&call, StatusCode::OK, bundle::history(&call.base, &links, &page)))
}

fn request(call: &Call, resource_type: String, id: String) -> Result<HistoryRequest, Error> {
    let mut request = HistoryRequest { resource_type, id, ..HistoryRequest::default() };
    for (name, value) in &call.parameters {
        match name.as_str() {
            "_count" => request.count = count(value)?,
            "_since" => request.since_ms = since(value)?,
            "_cursor" => request.cursor = value.clone(),
            "_summary" => request.summary = value.clone(),
            "_elements" => request.elements = call.parameter("_elements"),
            other if call.prefer.strict => {
                let text = format!(
                    "the history parameter {other:?} is not known; _count, _since, _summary and _elements are"
                );
                return Err(Error::new(Code::BadParameter, text));
            }
            _ => {}
        }
    }
    Ok(request)
}

fn count(value: &str) -> Result<u32, Error> {
    let bad =
        || Error::new(Code::BadParameter, format!("_count is {value:?}; it must be a whole number above 0"));
    value.parse().ok().filter(|count| *count > 0).ok_or_else(bad)
}

/// An instant, or a day (UTC). A plus sign that was not percent-encoded has become a space.
fn since(value: &str) -> Result<u64, Error> {
    let text = value.replace(' ', "+");
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let day: civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    });
    let ms = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    ms.ok_or_else(|| {
        Error::new(
            Code::BadParameter,
            format!("_since is {value:?}; it must be an instant such as 2026-11-21T00:00:00Z"),
        )
    })
}

/// The address of a page: the given parameters, and the cursor in the place of the one given.
fn link(url: &str, parameters: &[(String, String)], cursor: Option<&str>) -> String {
    let mut link = url.to_owned();
    for (name, value) in parameters.iter().filter(|(name, _)| cursor.is_none() || name != "_cursor") {
        query::append(&mut link, name, value);
    }
    if let Some(cursor) = cursor {
        query::append(&mut link, "_cursor", cursor);
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_days() {
        assert_eq!(since("1970-01-01T00:00:01Z").unwrap(), 1000);
        assert_eq!(since("1970-01-01T01:00:01 01:00").unwrap(), 1000);
        assert_eq!(since("1970-01-02").unwrap(), 86_400_000);
        assert_eq!(since("soon").unwrap_err().code, Code::BadParameter);
        assert_eq!(count("0").unwrap_err().code, Code::BadParameter);
    }
}
