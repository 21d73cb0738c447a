//! A request that came to a node which does not lead goes to the one that does, one step and no further: who is asked by another
//! node answers, or says that it does not lead.

use super::patience::{LEADER, Place, unreadable};
use super::{Call, Node};
use crate::{observe::Trace, session::Context};
use bytes::Bytes;
use prost::Message;
use proto::{Code, Error, TenantId, internal::v1 as wire};
use std::{io, time::Duration};
use tokio::time::timeout;

/// A request without a deadline has this.
const DEADLINE: Duration = Duration::from_secs(60);

impl Node {
    pub(super) fn place(&self) -> Place {
        let cluster = &self.engine.cluster;
        if cluster.leads_all() {
            return Place::Here;
        }
        let other = cluster.chief().filter(|chief| *chief != cluster.node_id());
        other.map_or(Place::Nowhere, Place::At)
    }

    /// Has the node carry the request out.
    pub(super) async fn forward<A: Message + Default>(
        &self,
        node: u64,
        context: &Context,
        call: Call,
        request: &impl Message,
    ) -> Result<A, Error> {
        let left =
            context.deadline.map_or(DEADLINE, |deadline| deadline.duration_since(std::time::Instant::now()));
        let message = wire::Request {
            call: call.label().to_owned(),
            tenant: context.tenant.0,
            request_id: context.request_id.to_string(),
            trace: context.trace.map(|trace| trace.to_string()).unwrap_or_default(),
            base: context.base.as_deref().unwrap_or_default().to_owned(),
            deadline_ms: left.as_millis() as u64,
            body: request.encode_to_vec().into(),
        };
        let asked = self.engine.cluster.ask(node, message.encode_to_vec().into());
        let late =
            || Err(Error::new(Code::Timeout, "the node that leads did not answer before the deadline"));
        let Ok(answer) = timeout(left, asked).await else { return late() };
        let answer = answer.map_err(|error| lost(call, &error))?;
        read(answer)
    }

    /// Asks another node something of its own, which does no harm twice.
    pub(super) async fn ask_another<A: Message + Default>(
        &self,
        node: u64,
        call: &str,
        body: Bytes,
    ) -> Result<A, Error> {
        let message = wire::Request { call: call.to_owned(), body, ..wire::Request::default() };
        let asked = self.engine.cluster.ask(node, message.encode_to_vec().into());
        let gone =
            |error: String| Error::new(Code::Unavailable, format!("node {node} cannot be asked: {error}"));
        let answer = timeout(LEADER, asked).await.map_err(|late| gone(late.to_string()))?;
        read(answer.map_err(|error| gone(error.to_string()))?)
    }

    /// Carries out what came from another node.
    pub(crate) async fn answer(&self, request: Bytes) -> Bytes {
        let response = match self.answered(request).await {
            Ok(body) => wire::response::Outcome::Body(body),
            Err(error) => wire::response::Outcome::Error(error.to_detail()),
        };
        wire::Response { outcome: Some(response) }.encode_to_vec().into()
    }

    async fn answered(&self, request: Bytes) -> Result<Bytes, Error> {
        let bytes = request.len();
        let request = wire::Request::decode(request).map_err(|error| unreadable(&error))?;
        if let Some(answer) = self.administer(&request.call, request.body.clone()).await {
            return answer;
        }
        if !self.engine.cluster.leads_all() {
            return Err(Error::new(Code::Unavailable, "the node that was asked does not lead"));
        }
        let share = self.engine.options.bounds.share();
        share.take(bytes)?;
        let deadline = (request.deadline_ms > 0).then(|| Duration::from_millis(request.deadline_ms));
        let context = Context {
            tenant: TenantId(request.tenant),
            request_id: request.request_id.as_str().into(),
            trace: Trace::accept(Some(request.trace.as_bytes())),
            deadline: deadline.map(|left| std::time::Instant::now() + left),
            base: (!request.base.is_empty()).then(|| request.base.as_str().into()),
            share,
        };
        let done = self.carry_out(&context, &request.call, request.body);
        match timeout(deadline.unwrap_or(DEADLINE), done).await {
            Ok(done) => done,
            Err(_) => {
                Err(Error::new(Code::Timeout, "the deadline of the request passed at the node that leads"))
            }
        }
    }
}

/// The connection broke. What only reads can be asked again; what writes may have been done.
fn lost(call: Call, error: &io::Error) -> Error {
    let reads = matches!(call, Call::Read | Call::VRead | Call::History | Call::Search | Call::Capabilities);
    if reads || error.kind() == io::ErrorKind::NotConnected {
        return Error::new(Code::Unavailable, format!("the node that leads cannot be reached: {error}"));
    }
    let text = format!(
        "the connection to the node that leads was lost ({error}); read what the request was to write, or send it again under \
         the idempotency key that it had"
    );
    Error::new(Code::OutcomeUnknown, text)
}

fn read<A: Message + Default>(answer: Bytes) -> Result<A, Error> {
    let response = wire::Response::decode(answer).map_err(|error| unreadable(&error))?;
    match response.outcome {
        Some(wire::response::Outcome::Body(body)) => A::decode(body).map_err(|error| unreadable(&error)),
        Some(wire::response::Outcome::Error(detail)) => Err(Error::of_detail(detail)),
        None => Err(Error::new(
            Code::Internal,
            "another node's answer is of a kind that this version does not know",
        )),
    }
}
