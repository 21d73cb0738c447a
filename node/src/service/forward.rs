//! A request about a resource whose home partition is not here goes to who leads that, and any to another node where nothing is
//! here, one step and no further: who is asked by another node answers, or says that it cannot. And what nodes ask of each
//! other besides, by its name.

use super::{
    Call, Node,
    clocks::{self, CLOCK},
    routing::{self, DOOR},
};
use crate::{
    engine::{AT_WORK, TENANTS},
    interaction::{self, patch::Patch},
    observe::Trace,
    partition::{self, Twice, ask, ask_aged, incomplete, question, unreadable},
    session::{Context, DEFINITIONS, LOOK, MOMENT, Session, Stale, place},
    writer,
};
use bytes::Bytes;
use fhir::definitions::ResourceType;
use prost::Message;
use proto::{
    Code, Error, PartitionId, ResourceId, TenantId,
    internal::v1::{self as wire, look_request::Look},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// A request without a deadline has this.
const DEADLINE: Duration = Duration::from_secs(60);
/// A question of a node's own has this: longer than an election.
const OWN: Duration = Duration::from_secs(10);

impl Node {
    /// Whether requests are carried out here: those about a resource whose home is not here go to who leads that.
    pub(super) fn serves(&self, context: &Context, home: Option<PartitionId>) -> bool {
        let cluster = &self.engine.cluster;
        match home {
            _ if cluster.is_alone() => true,
            Some(home) => self.session(context).can_read(home),
            None => cluster.holds_any(),
        }
    }

    /// The partition that knows where the resource of that type and id lives, where the request names one.
    pub(super) fn home(&self, context: &Context, resource_type: &str, id: &str) -> Option<PartitionId> {
        let (resource_type, id) = (ResourceType::from_name(resource_type)?, ResourceId::parse(id).ok()?);
        Some(self.engine.partition_of(place::home(context.tenant, resource_type, id)))
    }

    /// Has another node carry the request out: the first that can be asked.
    pub(super) async fn forward<A: Message + Default>(
        &self,
        context: &Context,
        call: Call,
        home: Option<PartitionId>,
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
            stale_ms: context.stale.as_ref().map(|stale| stale.max().as_millis() as u64),
            body: request.encode_to_vec().into(),
        };
        let asked = async {
            let mut last = Error::new(Code::Unavailable, "no node that holds the data is known here yet");
            for node in self.engine.cluster.others_for(home) {
                match ask_aged(&self.engine.cluster, node, &message, twice(call)).await {
                    Err(error) if error.code == Code::Unavailable => {
                        last = error;
                        home.into_iter().for_each(|home| self.engine.cluster.correction(home, node)());
                    }
                    answer => {
                        let (answer, age_ms) = answer?;
                        context.stale.iter().for_each(|stale| stale.is_as_old_as(age_ms));
                        return Ok(answer);
                    }
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
        let mut age_ms = 0;
        let response = match self.answered(request, &mut age_ms).await {
            Ok(body) => wire::response::Outcome::Body(body),
            Err(error) => wire::response::Outcome::Error(error.to_detail()),
        };
        wire::Response { outcome: Some(response), age_ms }.encode_to_vec().into()
    }

    async fn answered(&self, request: Bytes, age_ms: &mut u64) -> Result<Bytes, Error> {
        let bytes = request.len();
        let request = wire::Request::decode(request).map_err(|error| unreadable(&error))?;
        if request.call == AT_WORK {
            let asked = wire::AtWorkRequest::decode(request.body).map_err(|error| unreadable(&error))?;
            return Ok(self.engine.tell_at_work(&asked));
        }
        if request.call == CLOCK {
            return Ok(clocks::answer(&self.engine));
        }
        if request.call == DOOR {
            return Ok(routing::answer(&self.engine));
        }
        if request.call == TENANTS {
            self.engine.learn().await?;
            return Ok(wire::TenantsAnswer {}.encode_to_vec().into());
        }
        if let Some(answer) = self.administer(&request.call, request.body.clone()).await {
            return answer;
        }
        // What is asked without a tenant is about partitions.
        if request.tenant != 0 {
            self.engine.must_have_tenant(TenantId(request.tenant)).await?;
        }
        let share = self.engine.options.bounds.share();
        share.take(bytes)?;
        let (tenant, asked) = (TenantId(request.tenant), (request.call.as_str(), request.body.clone()));
        if let Some(answer) = partition::answer(&self.engine.cluster, tenant, &share, asked).await {
            return answer;
        }
        let deadline = (request.deadline_ms > 0).then(|| Duration::from_millis(request.deadline_ms));
        let context = Context {
            tenant: TenantId(request.tenant),
            request_id: request.request_id.as_str().into(),
            trace: Trace::accept(Some(request.trace.as_bytes())),
            deadline: deadline.map(|left| std::time::Instant::now() + left),
            base: (!request.base.is_empty()).then(|| request.base.as_str().into()),
            stale: request.stale_ms.map(|ms| Stale::at_most(Duration::from_millis(ms))),
            share,
        };
        if request.call == writer::WRITE {
            return self.write(&context, request.body).await;
        }
        if let Some(answer) = self.look(&context, &request.call, request.body.clone()).await {
            return answer;
        }
        if !self.serves(&context, None) {
            return Err(Error::new(Code::Unavailable, "the node that was asked holds no data now"));
        }
        // Boxed: all calls are in it, and what other nodes ask most is none of them.
        let done = Box::pin(self.carry_out(&context, &request.call, request.body));
        let done = timeout(deadline.unwrap_or(DEADLINE), done).await;
        *age_ms = context.stale.as_ref().map_or(0, Stale::age_ms);
        match done {
            Ok(done) => done,
            Err(_) => Err(Error::new(
                Code::Timeout,
                "the deadline of the request passed at the node that was asked",
            )),
        }
    }

    /// A look of another node that holds some of the partitions; `None` where this is none.
    async fn look(&self, context: &Context, call: &str, message: Bytes) -> Option<Result<Bytes, Error>> {
        let session = self.session(context);
        match call {
            MOMENT => Some(Ok(session.tell_moment().encode_to_vec().into())),
            // Boxed: what other nodes ask most is none of them.
            LOOK => Some(Box::pin(self.look_here(session, message)).await),
            DEFINITIONS => Some(Box::pin(session.tell_definitions(message)).await),
            _ => None,
        }
    }

    async fn look_here(&self, session: Session<'_>, message: Bytes) -> Result<Bytes, Error> {
        let request = wire::LookRequest::decode(message).map_err(|error| unreadable(&error))?;
        let answer = match &request.look {
            Some(Look::Search(look)) => interaction::look_for_search(session, &request, look).await,
            Some(Look::Gather(look)) => interaction::gather_for_search(session, &request, look).await,
            Some(Look::History(look)) => interaction::look_for_history(session, &request, look).await,
            Some(Look::Positions(_)) => {
                let here = |only: &[PartitionId]| {
                    let applied = session.positions(only)?;
                    Ok(wire::LookAnswer { applied, ..Default::default() })
                };
                session.look_for(request.moment.as_ref(), &request.partitions, here).await
            }
            None => Err(incomplete("a look")),
        };
        Ok(answer?.encode_to_vec().into())
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
