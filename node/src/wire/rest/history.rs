//! <https://hl7.org/fhir/R4/http.html#history>

use super::{
    call::{Call, Shared},
    response::{Reply, json},
};
use crate::{
    link::{Cursors, Links},
    pages,
    query::history_request,
    service::FhirService,
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
    let path = path.join("/");
    let asked = history_request(resource_type, id, &call.parameters, call.prefer.strict)?;
    let cursor = asked.request.cursor.clone();
    let page = shared.service.history(&call.context, asked.request).await?;
    let used = asked.used.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let cursors = Cursors { own: &cursor, next: &page.next_cursor, previous: "" };
    let links = Links::new(&path, used.chain(call.presentation()), cursors)?;
    Ok(json(&call, StatusCode::OK, pages::history(Some(&call.base), &links, &page)))
}
