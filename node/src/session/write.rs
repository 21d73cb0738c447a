//! Carries plans out, and keeps the answers given under idempotency keys.

use super::{Numbered, Session};
use crate::{
    compartment::{Dedup, fingerprint},
    draft,
    error::contended,
    writer::{self, Attempt, Hold, Plan, Step},
};
use bytes::Bytes;
use proto::{
    Code, CompartmentKey, Error, Slot,
    api::v1::{Outcome, WriteResponse},
};

/// The longest idempotency key.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;

/// What one attempt at a plan of one step came to.
pub enum One {
    Answer(WriteResponse),
    /// Locate and try again.
    Stale,
    /// Try again with a step that moves it there.
    Moves(CompartmentKey),
}

impl Session<'_> {
    /// The dedup part of a plan. `home` and `request`, all that says what to do, follow from the request alone.
    ///
    /// # Errors
    /// `BadRequest` for a key that is too long; `KeyReused` for one that came with another request.
    pub fn dedup(self, key: &str, home: Slot, request: &[&[u8]]) -> Result<Option<Dedup>, Error> {
        if key.is_empty() {
            return Ok(None);
        }
        if key.len() > IDEMPOTENCY_KEY_BYTES_MAX {
            return Err(Error::new(
                Code::BadRequest,
                format!(
                    "the idempotency key has {} bytes; at most {IDEMPOTENCY_KEY_BYTES_MAX} are allowed",
                    key.len()
                ),
            ));
        }
        let retention_ms = self.options().dedup_retention.as_millis() as u64;
        let (key, fingerprint) = (key.as_bytes().into(), fingerprint(request));
        let dedup = Dedup { key, home, fingerprint, retention_ms, found: vec![] };
        self.engine.keys.check(self.tenant(), &dedup)?;
        Ok(Some(dedup))
    }

    /// One attempt at a plan of one step.
    pub async fn attempt_one(self, step: Step, dedup: Option<&Dedup>) -> Result<One, Error> {
        let plan = self.plan(vec![step], dedup.cloned(), vec![]);
        Ok(match self.attempt(plan).await? {
            Attempt::Done(answers) => answers.into_iter().next().map_or(One::Stale, One::Answer),
            Attempt::Repeated(answers) => self.repeated(answers).await?.map_or(One::Stale, One::Answer),
            Attempt::Stale | Attempt::Lost => One::Stale,
            Attempt::Moves(moves) => One::Moves(moves.to),
        })
    }

    /// The answer this very request got before under its idempotency key.
    pub async fn answered_before(self, dedup: Option<&Dedup>) -> Result<Option<WriteResponse>, Error> {
        match writer::answered_before(self.engine, self.tenant(), dedup).await? {
            Some(answers) => self.repeated(answers).await,
            None => Ok(None),
        }
    }

    /// The answer of a request that wrote nothing, kept under its idempotency key.
    pub async fn kept(self, dedup: Option<&Dedup>, answer: WriteResponse) -> Result<WriteResponse, Error> {
        match writer::keep(self.engine, self.tenant(), dedup, vec![answer]).await? {
            Attempt::Done(answers) => answers.into_iter().next().ok_or_else(contended),
            Attempt::Repeated(answers) => self.repeated(answers).await?.ok_or_else(contended),
            _ => Err(contended()),
        }
    }

    /// The answer of a request of one write that was kept under its idempotency key. Its body is not: it is the stored version.
    async fn repeated(self, answers: Vec<WriteResponse>) -> Result<Option<WriteResponse>, Error> {
        let Some(mut answer) = answers.into_iter().next() else { return Ok(None) };
        if answer.outcome != Outcome::Deleted as i32 && !answer.version_id.is_empty() {
            answer.body = self.body_of(&answer).await?;
        }
        Ok(Some(answer))
    }

    /// The plan of these steps, for this caller.
    pub fn plan(self, steps: Vec<Step>, dedup: Option<Dedup>, holds: Vec<Hold>) -> Plan {
        Plan { tenant: self.tenant(), steps, dedup, share: self.context.share.clone(), holds }
    }

    /// Carries a plan out, once.
    ///
    /// # Errors
    /// Those of the decisions; `OutcomeUnknown` where it may have been applied.
    pub async fn attempt(self, plan: Plan) -> Result<Attempt, Error> {
        let defines = plan.steps.iter().any(|step| step.op.resource_type == "SearchParameter");
        let attempt = writer::attempt(self.engine, plan).await?;
        if defines && matches!(attempt, Attempt::Done(_) | Attempt::Repeated(_)) {
            // Boxed: it is rare, and every write would carry its future along.
            let agreed = Box::pin(self.agree_on_parameters()).await;
            agreed.map_err(|error| {
                let text = format!(
                    "the search parameter is stored, and takes effect later: {}",
                    error.diagnostics()
                );
                Error::new(Code::OutcomeUnknown, text)
            })?;
        }
        Ok(attempt)
    }

    /// The answers given before under the idempotency key, bodies left out. To be asked first where the request's own way to
    /// the key's row depends on what it finds, such as a search.
    ///
    /// # Errors
    /// `KeyReused`: the key came with another request.
    pub async fn all_answered_before(
        self,
        dedup: Option<&Dedup>,
    ) -> Result<Option<Vec<WriteResponse>>, Error> {
        writer::answered_before(self.engine, self.tenant(), dedup).await
    }

    /// The body of a version that was written.
    async fn body_of(self, answer: &WriteResponse) -> Result<Bytes, Error> {
        let resource_type = draft::known_type(&answer.resource_type)?;
        let number = Numbered(draft::version_id(&answer.version_id).unwrap_or(0));
        let found = self.look(resource_type, draft::resource_id(&answer.id)?, &number).await?;
        Ok(found.map(|version| version.body).unwrap_or_default())
    }
}
