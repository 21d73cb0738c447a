//! <https://hl7.org/fhir/R4/http.html#history>

use super::{
    call::{Call, Shared},
    query,
    response::{Reply, json},
};
use crate::{
    pages,
    service::{FhirService, history_request},
};
use axum::extract::{Path, State};
use http::StatusCode;

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
    let request = history_request(resource_type, id, &call.parameters, call.prefer.strict)?;
    let page = shared.service.history(&call.context, request).await?;
    let parameters = [&call.parameters[..], &call.presentation].concat();
    let links = pages::Links {
        self_: Some(link(&url, &parameters, None)),
        next: (!page.next_cursor.is_empty()).then(|| link(&url, &parameters, Some(&page.next_cursor))),
    };
    Ok(json(&call, StatusCode::OK, pages::history(Some(&call.base), &links, &page)))
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
