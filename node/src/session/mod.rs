//! A caller's way to the data: who asks, and the verbs of the partitions that hold what is asked for. Nothing above this
//! room reaches a row, an actor or the index but through a [`Session`]: what a caller may see and where it lives is decided
//! here.
//!
//! | file | is |
//! |---|---|
//! | [`context`] | who asks, until when |
//! | [`look`] | one resource, wherever it lives and moves meanwhile |
//! | [`place`] | `Type/id` → keys; the steps of a write |
//! | [`write`] | carries a plan out; answers kept under idempotency keys |
//! | [`reservation`] | the right to decide about criteria |
//! | [`moment`] | several partitions at one moment |
//! | [`everywhere`] | the same where other nodes hold some of them |
//! | [`definitions`] | what is stored there that this node's questions rest on |
//! | [`parameters`] | search parameters that are not FHIR's own |
//! | [`find`] | searches, and the rows of their hits |
//! | [`stale`] | reads of a moment that has passed |
//! | [`patience`] | what a request has while nobody leads |

mod context;
mod definitions;
mod everywhere;
mod find;
mod look;
mod moment;
mod parameters;
mod patience;
pub mod place;
mod reservation;
mod stale;
mod write;

pub use context::Context;
pub use definitions::DEFINITIONS;
pub use everywhere::{Everywhere, LOOK, MOMENT};
pub use find::Search;
pub use look::{Current, Look, Newest, Numbered};
pub use parameters::redefined;
pub use patience::Patience;
pub use reservation::Reservation;
pub use stale::Stale;
pub use write::One;

use crate::{
    bounds::Share,
    clock::Clock,
    conformance::Definitions,
    draft::{self, Draft, Parsed},
    engine::{Engine, Options, OwnBases, ReferenceCache},
};
use bytes::Bytes;
use fhir::{definitions::ResourceType, json::Node, validation::Issues};
use proto::{Error, ResourceId, TenantId};
use std::sync::Arc;

/// What a caller does with a node. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Session<'s> {
    engine: &'s Engine,
    context: &'s Context,
}

/// A session that outlives the call it came with.
#[derive(Clone)]
pub struct Owned {
    engine: Arc<Engine>,
    context: Context,
}

impl Owned {
    /// To be worked with.
    pub fn session(&self) -> Session<'_> {
        Session::new(&self.engine, &self.context)
    }
}

impl<'s> Session<'s> {
    /// Of the caller that comes with `context`.
    pub fn new(engine: &'s Engine, context: &'s Context) -> Session<'s> {
        Session { engine, context }
    }

    /// For work that goes on without the call it came with. It holds what the request holds.
    pub fn owned(self) -> Owned {
        Owned { engine: self.engine.handle(), context: self.context.clone() }
    }

    /// Who asks.
    pub fn context(self) -> &'s Context {
        self.context
    }

    /// Whose data is asked for.
    pub fn tenant(self) -> TenantId {
        self.context.tenant
    }

    /// What the node was opened with.
    pub fn options(self) -> &'s Options {
        &self.engine.options
    }

    /// What links and fullUrls start with; `None`: they are relative.
    pub fn base(self) -> Option<&'s str> {
        let configured = self.options().base_url.as_deref().filter(|_| self.tenant() == TenantId::DEFAULT);
        self.context.base.as_deref().or(configured).map(|base| base.trim_end_matches('/'))
    }

    /// What stands below one of these is of the same tenant.
    pub fn bases(self) -> Arc<OwnBases> {
        self.engine.bases_of(self.tenant())
    }

    /// A body, parsed as one resource.
    ///
    /// # Errors
    /// What is none.
    pub fn parse(self, body: Bytes) -> Result<Parsed, Error> {
        draft::parse(body, self.options(), self.bases().bases())
    }

    /// The same of the type that the request names.
    ///
    /// # Errors
    /// What is none of them.
    pub fn parse_as(self, body: Bytes, resource_type: &str) -> Result<Parsed, Error> {
        draft::parse_as(body, resource_type, self.options(), self.bases().bases())
    }

    /// The patient whose compartment a body belongs to.
    pub fn patient_of(self, resource: Node<'_>, resource_type: ResourceType) -> Option<ResourceId> {
        draft::patient_of(resource, resource_type, &self.options().extract(self.bases().bases()))
    }

    /// The answer, unless whose data it is of was deleted meanwhile, and the half of it is gone.
    ///
    /// # Errors
    /// `NotFound` then.
    pub fn unless_ended<T>(self, answer: Result<T, Error>) -> Result<T, Error> {
        match self.engine.has_tenant(self.tenant()) {
            true => answer,
            false => Err(crate::error::tenant_ended()),
        }
    }

    /// What time it is.
    pub fn clock(self) -> &'s Clock {
        &self.engine.clock
    }

    /// The tenant's definitions.
    pub fn definitions(self) -> Arc<Definitions> {
        self.engine.conformance.of(self.tenant())
    }

    /// Conditional references that were resolved before; `None` where this node does not hear of all that changes.
    pub fn references(self) -> Option<&'s ReferenceCache> {
        let references = &self.engine.references;
        if self.searches_alone() {
            return Some(references);
        }
        references.clear();
        None
    }

    /// A parsed body as an actor takes it, once it passed what `validation.level` asks of writes.
    ///
    /// # Errors
    /// `Invalid` with every finding.
    pub fn draft(self, parsed: &Parsed) -> Result<Draft, Error> {
        parsed.draft(self.engine, self.tenant())
    }

    /// What searches know a resource by that is about to be stored.
    ///
    /// # Errors
    /// `Invalid` where it is no resource.
    pub fn values(self, resource: Node<'_>) -> Result<Bytes, Error> {
        crate::draft::values(self.engine, self.tenant(), resource).map(|(values, _)| values)
    }

    /// All there is to say about a resource, whatever the level of writes is; also against `profile`.
    pub fn judge(self, resource: Node<'_>, profile: Option<&str>) -> Issues {
        self.definitions().judge(resource, profile.as_slice(), self.clock().now_ms())
    }

    /// Has all that was acknowledged anywhere be known here: for what rests on what this node keeps of the rows, such as
    /// definitions and resolved references.
    ///
    /// # Errors
    /// `Unavailable` while a partition has no leader.
    pub async fn catch_up(self) -> Result<(), Error> {
        if self.is_alone() {
            return Ok(());
        }
        let partitions = self.engine.all_of(self.engine.partitions()).await?;
        if partitions.iter().all(|partition| partition.replica().is_some()) {
            self.engine.conformance.stored().rest_on_others(&[]);
            return Ok(());
        }
        // It does not hear of all that changes.
        self.engine.references.clear();
        Box::pin(self.learn_definitions(&partitions)).await
    }

    /// Runs what takes long on a thread of its own, which counts `share` as held until it ends.
    ///
    /// # Errors
    /// Those of `work`; `Internal` where it panics.
    pub async fn compute<T: Send + 'static>(
        self,
        share: Share,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.engine.threads.run(share, work).await
    }
}
