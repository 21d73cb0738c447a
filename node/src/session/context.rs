//! Who asks.

use super::Stale;
use crate::{bounds::Share, observe::Trace};
use proto::TenantId;
use std::{sync::Arc, time::Instant};

/// Who asks, and until when. Comes with every call; identity and scopes join here with the security issue.
#[derive(Clone, Debug)]
pub struct Context {
    /// Every key and every route starts with the tenant.
    pub tenant: TenantId,
    /// From `X-Request-Id` or made by the adapter; goes into the log lines and back to the caller.
    pub request_id: Arc<str>,
    /// The caller's trace (`traceparent`), where there is one; goes into the log lines and back to the caller.
    pub trace: Option<Trace>,
    /// After this the answer is of no use to the caller. `None`: the configured request timeout alone.
    pub deadline: Option<Instant>,
    /// The absolute base under which the caller reached the server, for links in answers; where it is not known the
    /// configured one counts.
    pub base: Option<Arc<str>>,
    /// How old what is read may be; `None`: current. Reads alone come with it.
    pub stale: Option<Stale>,
    /// What the request holds of the node's bounds; who works on for it when the caller is gone keeps a clone.
    pub share: Share,
}
