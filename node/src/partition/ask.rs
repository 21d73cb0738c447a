//! Questions to another node, and what comes of them.

use bytes::Bytes;
use cluster::Cluster;
use prost::Message;
use proto::{Code, Error, internal::v1 as wire};
use std::io;

/// What asking twice may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// Nothing: it only reads, or says what stands.
    Harmless,
    /// Something is written again.
    Writes,
}

/// Asks a node. The question is under way when this returns.
///
/// # Errors
/// The other node's own. `Unavailable` where it was certainly not carried out, or does no harm twice; else `OutcomeUnknown`.
pub fn ask<A: Message + Default>(
    cluster: &Cluster,
    node: u64,
    request: &wire::Request,
    twice: Twice,
) -> impl Future<Output = Result<A, Error>> + Send + use<A> {
    let asked = ask_aged(cluster, node, request, twice);
    async move { asked.await.map(|(answer, _)| answer) }
}

/// The same, with how old the answer is, in milliseconds: 0 where it may not be of a moment that has passed.
///
/// # Errors
/// As [`ask`].
pub fn ask_aged<A: Message + Default>(
    cluster: &Cluster,
    node: u64,
    request: &wire::Request,
    twice: Twice,
) -> impl Future<Output = Result<(A, u64), Error>> + Send + use<A> {
    let asked = cluster.ask(node, request.encode_to_vec().into());
    async move { read(asked.await.map_err(|error| lost(node, twice, &error))?) }
}

/// The same of what does no harm twice: the outer error says that there was no answer.
pub fn reach<A: Message + Default>(
    cluster: &Cluster,
    node: u64,
    request: &wire::Request,
) -> impl Future<Output = Result<Result<A, Error>, Error>> + Send + use<A> {
    let asked = cluster.ask(node, request.encode_to_vec().into());
    async move {
        let answer = read(asked.await.map_err(|error| lost(node, Twice::Harmless, &error))?);
        Ok(answer.map(|(answer, _)| answer))
    }
}

/// A question without a caller's context.
pub fn question(call: &str, message: &impl Message) -> wire::Request {
    wire::Request { call: call.to_owned(), body: message.encode_to_vec().into(), ..wire::Request::default() }
}

/// The connection broke.
fn lost(node: u64, twice: Twice, error: &io::Error) -> Error {
    if twice == Twice::Harmless || error.kind() == io::ErrorKind::NotConnected {
        return Error::new(Code::Unavailable, format!("node {node} cannot be asked: {error}"));
    }
    let text = format!(
        "the connection to node {node} was lost ({error}); read what the request was to write, or send it again under the \
         idempotency key that it had"
    );
    Error::new(Code::OutcomeUnknown, text)
}

fn read<A: Message + Default>(answer: Bytes) -> Result<(A, u64), Error> {
    let response = wire::Response::decode(answer).map_err(|error| unreadable(&error))?;
    match response.outcome {
        Some(wire::response::Outcome::Body(body)) => {
            let answer = A::decode(body).map_err(|error| unreadable(&error))?;
            Ok((answer, response.age_ms))
        }
        Some(wire::response::Outcome::Error(detail)) => Err(Error::of_detail(detail)),
        None => Err(Error::new(
            Code::Internal,
            "another node's answer is of a kind that this version does not know",
        )),
    }
}

/// Another node's message is of no form that this version knows.
pub fn unreadable(error: &prost::DecodeError) -> Error {
    Error::new(Code::Internal, format!("another node's message cannot be read: {error}"))
}

/// A part of another node's message is missing.
pub fn incomplete(part: &str) -> Error {
    Error::new(Code::Internal, format!("another node's message is incomplete: {part}"))
}
