//! A request that came to a node which does not hold all partitions goes to one that does, one step and no further: who is asked
//! by another node answers, or says that it cannot. And what nodes ask of each other besides, by its name.

use super::{
    Call, Node,
    clocks::{self, CLOCK},
};
use crate::{
    engine::AT_WORK,
    interaction::patch::Patch,
    observe::Trace,
    partition::{self, Twice, ask, question, unreadable},
    session::Context,
    writer,
};
use bytes::Bytes;
use prost::Message;
use proto::{Code, Error, TenantId, internal::v1 as wire};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// A request without a deadline has this.
const DEADLINE: Duration = Duration::from_secs(60);
/// A question of a node's own has this: longer than an election.
const OWN: Duration = Duration::from_secs(10);

impl Node {
    /// Whether requests are carried out here.
    pub(super) fn serves(&self) -> bool {
        self.engine.cluster.is_alone() || self.engine.cluster.holds_all()
    }

    /// Has another node carry the request out: the first that can be asked.
    pub(super) async fn forward<A: Message + Default>(
        &self,
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
        let asked = async {
            let mut last = Error::new(Code::Unavailable, "no node that holds the data is known here yet");
            for node in self.engine.cluster.other_holders() {
                match ask(&self.engine.cluster, node, &message, twice(call)).await {
                    Err(error) if error.code == Code::Unavailable => last = error,
                    answer => return answer,
                }
            }
            Err(last)
        };
        let late = |_| Error::new(Code::Timeout, "no node that holds the data answered before the deadline");
        timeout(left, asked).await.map_err(late)?
    }

    /// Asks another node something of its own, which does no harm twice.
    pub(super) async fn ask_another<A: Message + Default>(
        &self,
        node: u64,
        call: &str,
        message: &impl Message,
    ) -> Result<A, Error> {
        let asked = ask(&self.engine.cluster, node, &question(call, message), Twice::Harmless);
        let late = |_| Error::new(Code::Unavailable, format!("node {node} does not answer"));
        timeout(OWN, asked).await.map_err(late)?
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
        if request.call == AT_WORK {
            let asked = wire::AtWorkRequest::decode(request.body).map_err(|error| unreadable(&error))?;
            return Ok(self.engine.tell_at_work(&asked));
        }
        if request.call == CLOCK {
            return Ok(clocks::answer(&self.engine));
        }
        if let Some(answer) = self.administer(&request.call, request.body.clone()).await {
            return answer;
        }
        let share = self.engine.options.bounds.share();
        share.take(bytes)?;
        if let Some(answer) =
            partition::answer(&self.engine.cluster, &request.call, request.body.clone()).await
        {
            return answer;
        }
        let deadline = (request.deadline_ms > 0).then(|| Duration::from_millis(request.deadline_ms));
        let context = Context {
            tenant: TenantId(request.tenant),
            request_id: request.request_id.as_str().into(),
            trace: Trace::accept(Some(request.trace.as_bytes())),
            deadline: deadline.map(|left| std::time::Instant::now() + left),
            base: (!request.base.is_empty()).then(|| request.base.as_str().into()),
            share,
        };
        if request.call == writer::WRITE {
            return self.write(&context, request.body).await;
        }
        if !self.serves() {
            return Err(Error::new(Code::Unavailable, "the node that was asked does not hold all data now"));
        }
        // Boxed: all calls are in it, and what other nodes ask most is none of them.
        let done = Box::pin(self.carry_out(&context, &request.call, request.body));
        match timeout(deadline.unwrap_or(DEADLINE), done).await {
            Ok(done) => done,
            Err(_) => Err(Error::new(
                Code::Timeout,
                "the deadline of the request passed at the node that was asked",
            )),
        }
    }

    /// A write of another node, whose compartment's actor is here.
    async fn write(&self, context: &Context, message: Bytes) -> Result<Bytes, Error> {
        context.share.take(2 * message.len())?;
        let session = self.ready_session(context).await?;
        let patch = |resource_type, kind, body| {
            Patch::read(session, resource_type, kind, body)
                .map(|patch| patch as Arc<dyn crate::compartment::Change>)
        };
        writer::write_here(&self.engine, context.tenant, context.share.clone(), message, &patch).await
    }
}

fn twice(call: Call) -> Twice {
    match call {
        Call::Read | Call::VRead | Call::History | Call::Search | Call::Capabilities => Twice::Harmless,
        _ => Twice::Writes,
    }
}
