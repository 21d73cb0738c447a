//! From the errors of the layers below to the one table of codes.

use proto::{Code, Error};

/// What the system lacks is the operator's, the rest is a defect.
pub fn storage(error: storage::Error) -> Error {
    match error {
        storage::Error::Short { what, .. } => short(what),
        other => {
            tracing::error!(error = %other, "storage failed");
            Error::new(Code::Internal, "the storage failed; the server's log says why")
        }
    }
}

/// Nothing was done, and it passes.
fn short(what: storage::Shortage) -> Error {
    use storage::Shortage;
    let code = match what {
        Shortage::Disk | Shortage::Quota => Code::StorageFull,
        Shortage::Descriptors | Shortage::SystemDescriptors | Shortage::Memory => Code::Unavailable,
    };
    Error::new(code, format!("{what}; nothing was written: send the request again after that"))
}

/// Why a proposal did not come back applied.
pub fn propose(error: cluster::ProposeError) -> Error {
    use cluster::ProposeError;
    match error {
        ProposeError::Overloaded => Error::new(
            Code::Overloaded,
            "too many writes wait for the log (raft.proposals_max, raft.proposal_bytes_max); send it again after a moment",
        ),
        ProposeError::Short(what) => short(what),
        ProposeError::Malformed(reason) => {
            tracing::error!(reason, "a command was made that cannot be applied");
            Error::new(Code::Internal, "the write could not be made; the server's log says why")
        }
        ProposeError::Unknown(why) => Error::new(
            Code::OutcomeUnknown,
            format!(
                "the write may or may not have been applied: {why}; read what it was to write, or send it again under \
                 the idempotency key that it had"
            ),
        ),
        ProposeError::Unavailable(reason) => Error::new(
            Code::Failed,
            format!("the partition has failed until the node is started again: {reason}"),
        ),
        other => Error::new(Code::Unavailable, format!("the write was not applied: {other}")),
    }
}

/// All attempts at a write were stale.
pub fn contended() -> Error {
    Error::new(
        Code::Conflict,
        "other writers of the same resources came first every time; send the request again",
    )
}

/// Whose data it was about is deleted.
pub fn tenant_ended() -> Error {
    Error::new(Code::NotFound, "the tenant was deleted; `salamander tenant list` shows those that are there")
}
