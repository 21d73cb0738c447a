//! The end of a process whose node failed for good.

/// The log or a partition failed for good: what the process ends with is told apart from every other end.
#[derive(Debug, thiserror::Error)]
#[error("{0}; the process ends to be started again (node.on_failure)")]
pub(super) struct Failed(pub String);

impl Failed {
    /// EX_IOERR of sysexits.h.
    pub(super) const EXIT_STATUS: u8 = 74;
}
