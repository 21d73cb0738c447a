//! Being one of many resources that another search found, or referring to one: what joins of many come to. Too many to be terms.

use super::condition::Condition;
use super::index::{Lookup, Place};
use super::reference;
use crate::resource_set::ResourceSet;
use fhir::index::Value;
use proto::id::{ResourceId, TenantId, TypeCode};
use std::sync::Arc;

/// The condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Among {
    /// Whose resources these are.
    pub tenant: TenantId,
    /// These.
    pub set: Arc<ResourceSet>,
}

impl Among {
    /// Whether a resource is one of them.
    pub fn has(&self, type_code: TypeCode, id: &ResourceId) -> bool {
        self.set.has(self.tenant, type_code, id.as_str())
    }
}

impl Condition for Among {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        reference::target(self.tenant, &value).is_some_and(|hash| self.set.contains(hash))
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        let text = "what others are found by changes with them, so it is no criterion";
        Err(proto::Error::new(proto::Code::BadParameter, text).as_issue("not-supported"))
    }

    /// They are found by a column of their own.
    fn lookup(&self, _: Place) -> Lookup {
        Lookup::None
    }
}
