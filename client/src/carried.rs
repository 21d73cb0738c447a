//! What goes along with the calls of a handle: metadata, a deadline, interceptors.

use crate::{Attempt, Error, Interceptor, Result, hedge::Hedge};
use proto::{TenantId, metadata};
use std::{fmt, sync::Arc, time::Duration};
use tonic::metadata::MetadataMap;

/// Shared by the clones of a [`crate::Client`].
#[derive(Clone, Default)]
pub(crate) struct Carried {
    pub(crate) metadata: MetadataMap,
    /// Of all attempts of a call together.
    pub(crate) deadline: Option<Duration>,
    /// Writes of which the caller gave no key go out without one.
    pub(crate) without_keys: bool,
    /// Calls that name no resource of their own go where this one is at home: its type and id.
    pub(crate) near: Option<(String, String)>,
    pub(crate) hedge: Option<Arc<Hedge>>,
    /// Hears how old answers are.
    pub(crate) told_age: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
    pub(crate) interceptors: Vec<Arc<dyn Interceptor>>,
}

impl Carried {
    /// `None`: one whose number is not known here.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        match self.metadata.get(metadata::TENANT) {
            Some(name) if name.as_bytes() != b"default" => None,
            _ => Some(TenantId::DEFAULT),
        }
    }

    /// The metadata of one attempt.
    pub(crate) fn before(&self, attempt: Attempt<'_>) -> Result<MetadataMap> {
        let mut metadata = self.metadata.clone();
        for interceptor in &self.interceptors {
            interceptor.before(attempt, &mut metadata).map_err(Error::Intercepted)?;
        }
        Ok(metadata)
    }

    pub(crate) fn after(&self, attempt: Attempt<'_>, error: Option<&Error>, took: Duration) {
        for interceptor in self.interceptors.iter().rev() {
            interceptor.after(attempt, error, took);
        }
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secret.
        let keys: Vec<_> = self.metadata.as_ref().keys().collect();
        let interceptors = self.interceptors.len();
        f.debug_struct("Carried")
            .field("metadata", &keys)
            .field("deadline", &self.deadline)
            .field("without_keys", &self.without_keys)
            .field("near", &self.near)
            .field("hedge", &self.hedge)
            .field("interceptors", &interceptors)
            .finish()
    }
}
