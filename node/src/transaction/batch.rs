//! A batch: every entry by itself, several at once, answers in the order of the entries.

use super::{answering::Answering, entry, request::Request};
use crate::session::Session;
use bytes::Bytes;
use fhir::bundle::{Bundle, Entry, ResponseEntry};
use futures::{StreamExt, stream};

pub async fn run(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    idempotency_key: &str,
    answering: &Answering,
) -> Vec<ResponseEntry> {
    let numbered = bundle.entries.iter().enumerate();
    // Collected: the stream's closure must not borrow from the bundle.
    let requests: Vec<Request> =
        numbered.map(|(number, entry)| request(entry, number, idempotency_key)).collect();
    let answers = stream::iter(requests).map(|request| entry::answer(session, request, answering));
    answers.buffered(session.options().batch_concurrency).collect().await
}

/// The entry on its own; its body is a slice of the bundle's bytes.
pub fn request(entry: &Entry<'_>, number: usize, idempotency_key: &str) -> Request {
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
    let body = |node: fhir::json::Node<'_>| node.document().source().slice(node.span());
    Request {
        method: entry.method,
        url: entry.url.to_string(),
        if_match: text(&entry.if_match),
        if_none_match: text(&entry.if_none_match),
        if_none_exist: text(&entry.if_none_exist),
        body: entry.resource.map_or_else(Bytes::new, body),
        idempotency_key: match idempotency_key {
            "" => String::new(),
            key => format!("{key}#{number}"),
        },
    }
}
