//! <https://hl7.org/fhir/R4/http.html#search>: by type, in a compartment, over all types; by GET and by POST.

use super::{
    call::{Call, Shared},
    format::{self, Format},
    payload::Form,
    response::{Reply, json},
};
use crate::{
    link::{Cursors, Links},
    pages,
    service::FhirService,
};
use axum::extract::{Path, State};
use http::StatusCode;
use proto::{
    Error,
    api::v1::{SearchParameter, SearchRequest},
};

/// What is searched, from the path.
struct Target {
    request: SearchRequest,
    /// Below the base, such as `/Patient/x/Observation`.
    path: String,
}

pub(super) async fn system<S: FhirService>(State(shared): State<Shared<S>>, call: Call) -> Reply {
    answer(shared, call, Target::system()).await
}

pub(super) async fn system_form<S: FhirService>(
    State(shared): State<Shared<S>>,
    call: Call,
    form: Form,
) -> Reply {
    answer(shared, call.with(form)?, Target::system()).await
}

pub(super) async fn of_type<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
) -> Reply {
    answer(shared, call, Target::of_type(resource_type)).await
}

pub(super) async fn of_type_form<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
    form: Form,
) -> Reply {
    answer(shared, call.with(form)?, Target::of_type(resource_type)).await
}

pub(super) async fn compartment<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(path): Path<(String, String, String)>,
    call: Call,
) -> Reply {
    answer(shared, call, Target::compartment(path)).await
}

pub(super) async fn compartment_form<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(path): Path<(String, String, String)>,
    call: Call,
    form: Form,
) -> Reply {
    answer(shared, call.with(form)?, Target::compartment(path)).await
}

impl Call {
    /// Parameters of the URL first, then those of the form, whose `_format` and `_pretty` win.
    fn with(mut self, form: Form) -> Result<Call, Error> {
        let mut parameters = form.0;
        let presentation: Vec<_> =
            parameters.iter().filter(|(name, _)| format::is_presentation(name)).cloned().collect();
        if !presentation.is_empty() {
            self.format = Format::negotiate(&self.headers, &mut parameters)?;
            self.presentation = presentation;
        }
        self.parameters.append(&mut parameters);
        Ok(self)
    }
}

impl Target {
    fn system() -> Target {
        Target { request: SearchRequest::default(), path: String::new() }
    }

    fn of_type(resource_type: String) -> Target {
        let path = format!("/{resource_type}");
        Target { request: SearchRequest { resource_type, ..SearchRequest::default() }, path }
    }

    /// `*` stands for every type: <https://hl7.org/fhir/R4/search.html#searchcontexts>.
    fn compartment((compartment_type, compartment_id, target): (String, String, String)) -> Target {
        let path = format!("/{compartment_type}/{compartment_id}/{target}");
        let resource_type = if target == "*" { String::new() } else { target };
        let request =
            SearchRequest { resource_type, compartment_type, compartment_id, ..SearchRequest::default() };
        Target { request, path }
    }
}

async fn answer<S: FhirService>(shared: Shared<S>, mut call: Call, target: Target) -> Reply {
    // What is asked below it is this server's.
    call.context.base = Some(call.base.as_str().into());
    let mut request = target.request;
    request.strict = call.prefer.strict;
    for (name, value) in &call.parameters {
        match name.as_str() {
            "_cursor" => request.cursor = value.clone(),
            _ => request.parameters.push(SearchParameter { name: name.clone(), value: value.clone() }),
        }
    }
    let cursor = request.cursor.clone();
    let page = shared.service.search(&call.context, request).await?;
    let used = page.used.iter().map(|used| (used.name.as_str(), used.value.as_str()));
    let path = format!("{}{}", call.base, target.path);
    let cursors = Cursors { own: &cursor, previous: &page.previous_cursor, next: &page.next_cursor };
    let links = Links::new(&path, used.chain(call.presentation()), cursors)?;
    Ok(json(&call, StatusCode::OK, pages::searchset(Some(&call.base), &links, &page)))
}
