//! One entry on its own: what a batch does with each, and a transaction with its reads.

use super::{
    answering::Answering,
    patch,
    request::{Request, named, unsupported},
};
use crate::{
    capabilities, interaction,
    link::{Cursors, Links, path},
    operation as operations, pages,
    query::history_request,
    query::parameters,
    session::Session,
};
use bytes::Bytes;
use fhir::{
    bundle::{InvalidTarget, Method, ResponseEntry, Target},
    resource::instant,
};
use proto::{
    Code, Error,
    api::v1::{
        CapabilitiesRequest, CreateRequest, DeleteRequest, OperationRequest, ReadRequest, SearchParameter,
        SearchRequest, UpdateRequest, VReadRequest,
    },
};

/// Carries one entry out, if there is room for its answer; an error is an answer, too.
pub async fn answer(session: Session<'_>, request: Request, answering: &Answering) -> ResponseEntry {
    // What else is posted has a bare type as its url; the `$` may be percent-encoded.
    let is_operation = request.method == Method::Post && request.url.contains(['$', '%']);
    let answered = match answering.room.admit(request.method, is_operation) {
        Ok(()) => patiently(session, request, answering).await,
        Err(full) => Err(full),
    };
    let answer = answered.unwrap_or_else(|error| failed(&error));
    answering.room.take(&answer);
    answer
}

/// As the request on its own would, an entry waits out that nobody leads.
async fn patiently(
    session: Session<'_>,
    request: Request,
    answering: &Answering,
) -> Result<ResponseEntry, Error> {
    loop {
        let answer = run(session, request.clone(), answering).await;
        if let Some(answer) = answering.patience.with(answer).await {
            return answer;
        }
    }
}

async fn run(session: Session<'_>, request: Request, answering: &Answering) -> Result<ResponseEntry, Error> {
    let invalid = |error: InvalidTarget| Error::new(Code::BadRequest, error.to_string());
    let method = request.method;
    if let Method::Get | Method::Head = method {
        let (target, query) = Target::parse_read(&request.url).map_err(invalid)?;
        let mut answer = get(session, target, &parameters(query)?).await?;
        if method == Method::Head {
            answer.resource = None;
        }
        return Ok(answer);
    }
    let answer = match (method, Target::parse(&request.url).map_err(invalid)?) {
        (Method::Post, target @ Target::Operation { .. }) => {
            return operation(session, target, request.body, false).await;
        }
        (Method::Post, Target::Type { resource_type }) => {
            let create = CreateRequest {
                resource_type,
                body: request.body,
                if_none_exist: request.if_none_exist,
                idempotency_key: request.idempotency_key,
            };
            interaction::create(session, create).await?
        }
        (Method::Put, target @ (Target::Instance { .. } | Target::Search { .. })) => {
            let (resource_type, id, criteria) = named(target, method, &request.url)?;
            let update = UpdateRequest {
                resource_type,
                id,
                criteria,
                body: request.body,
                if_match: request.if_match,
                if_none_match: request.if_none_match,
                idempotency_key: request.idempotency_key,
            };
            interaction::update(session, update).await?
        }
        (Method::Patch, target @ (Target::Instance { .. } | Target::Search { .. })) => {
            let patch = patch::request(target, request, &session.options().json)?;
            interaction::patch(session, patch).await?
        }
        (Method::Delete, target @ (Target::Instance { .. } | Target::Search { .. })) => {
            let (resource_type, id, criteria) = named(target, method, &request.url)?;
            let delete = DeleteRequest {
                resource_type,
                id,
                criteria,
                if_match: request.if_match,
                idempotency_key: request.idempotency_key,
            };
            interaction::delete(session, delete).await?
        }
        (method, _) => return Err(unsupported(method, &request.url)),
    };
    Ok(answering.written(session, method, &answer).await)
}

/// An operation, answered by its resource.
async fn operation(
    session: Session<'_>,
    target: Target,
    body: Bytes,
    read_only: bool,
) -> Result<ResponseEntry, Error> {
    let Target::Operation { resource_type, id, version_id, name, query } = target else {
        return Err(Error::new(Code::BadRequest, "the entry names no operation"));
    };
    if operations::answers_data(&name) {
        let text = format!(
            "the answer of {name} is no resource, so no Bundle can hold it: ask by a request of its own"
        );
        return Err(Error::new(Code::NotSupported, text));
    }
    let parameters = parameters(&query)?;
    let request = OperationRequest { name, resource_type, id, version_id, parameters, body, read_only };
    Ok(listed(operations::run(session, request).await?.body))
}

/// `query`: the parameters of a read or a history.
async fn get(
    session: Session<'_>,
    target: Target,
    query: &[SearchParameter],
) -> Result<ResponseEntry, Error> {
    match target {
        Target::Instance { resource_type, id } => {
            let [summary, elements] = part(query)?;
            let read =
                interaction::read(session, ReadRequest { resource_type, id, summary, elements }).await?;
            Ok(found(&read.version_id, read.last_updated_ms, read.body))
        }
        Target::Version { resource_type, id, version_id } => {
            let [summary, elements] = part(query)?;
            let request = VReadRequest { resource_type, id, version_id, summary, elements };
            let read = interaction::vread(session, request).await?;
            Ok(found(&read.version_id, read.last_updated_ms, read.body))
        }
        Target::Search { resource_type, query } => {
            search(session, resource_type.unwrap_or_default(), parameters(&query)?).await
        }
        Target::Type { resource_type } => search(session, resource_type, Vec::new()).await,
        Target::History { resource_type, id } => {
            let (resource_type, id) = (resource_type.unwrap_or_default(), id.unwrap_or_default());
            let pairs: Vec<_> = query.iter().map(|one| (one.name.clone(), one.value.clone())).collect();
            let asked = history_request(resource_type, id, &pairs, false)?;
            let path = path(session.base(), &[&asked.request.resource_type, &asked.request.id, "_history"]);
            let cursor = asked.request.cursor.clone();
            let page = interaction::history(session, asked.request).await?;
            let used = asked.used.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let cursors = Cursors { own: &cursor, next: &page.next_cursor, previous: "" };
            let links = Links::new(&path, used, cursors)?;
            Ok(listed(pages::history(session.base(), &links, &page)))
        }
        Target::Metadata => {
            let [summary, elements] = part(query)?;
            let statement = capabilities::run(session, CapabilitiesRequest { summary, elements }).await?;
            Ok(listed(statement.body))
        }
        target @ Target::Operation { .. } => operation(session, target, Bytes::new(), true).await,
    }
}

async fn search(
    session: Session<'_>,
    resource_type: String,
    mut parameters: Vec<SearchParameter>,
) -> Result<ResponseEntry, Error> {
    let path = path(session.base(), &[&resource_type]);
    let given = parameters.extract_if(.., |parameter| parameter.name == "_cursor").last();
    let cursor = given.map(|parameter| parameter.value).unwrap_or_default();
    let request = SearchRequest { resource_type, parameters, cursor: cursor.clone(), ..Default::default() };
    let page = interaction::search(session, request).await?;
    let used = page.used.iter().map(|used| (used.name.as_str(), used.value.as_str()));
    let cursors = Cursors { own: &cursor, previous: &page.previous_cursor, next: &page.next_cursor };
    let links = Links::new(&path, used, cursors)?;
    Ok(listed(pages::searchset(session.base(), &links, &page)))
}

/// `_summary` and `_elements` of a read. How the answer is written is the bundle's matter.
///
/// # Errors
/// `BadParameter` for any other parameter.
fn part(query: &[SearchParameter]) -> Result<[String; 2], Error> {
    let mut part = [String::new(), String::new()];
    for SearchParameter { name, value } in query {
        match name.as_str() {
            "_summary" => part[0].clone_from(value),
            "_elements" => part[1].clone_from(value),
            "_format" | "_pretty" => {}
            other => {
                let text = format!("{other:?} is no parameter of a read; _summary and _elements are");
                return Err(Error::new(Code::BadParameter, text));
            }
        }
    }
    Ok(part)
}

fn listed(resource: Bytes) -> ResponseEntry {
    ResponseEntry { status: "200 OK".to_owned(), resource: Some(resource), ..Default::default() }
}

fn found(version_id: &str, last_updated_ms: u64, body: Bytes) -> ResponseEntry {
    ResponseEntry {
        status: "200 OK".to_owned(),
        etag: Some(format!("W/\"{version_id}\"")),
        last_modified: Some(instant(last_updated_ms)),
        resource: Some(body),
        ..Default::default()
    }
}

/// The response part of an entry that failed.
pub fn failed(error: &Error) -> ResponseEntry {
    ResponseEntry {
        status: status_line(error.code.http()),
        outcome: Some(crate::outcome::of(error)),
        ..Default::default()
    }
}

fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("{status} {}", reason.unwrap_or_default()).trim_end().to_owned()
}
