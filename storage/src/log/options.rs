//! Sizes of the log, and what it does when something is lacking.

/// What an append gets that meets a [`crate::Shortage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Its callback waits until nothing is lacking any more.
    Wait,
    /// An error at once; entries before it stay, later appends are tried anew.
    Fail,
}

/// Sizes of the log.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A segment file. 64 MiB: small beside the data, and big enough that a new one is rare.
    pub segment_bytes: u64,
    /// The first segment of an empty log. 4 MiB, so that a new node does not wait for 64 MiB of zeros.
    pub first_segment_bytes: u64,
    /// A batch takes no further operation beyond this. 4 MiB: some milliseconds of writing.
    pub batch_bytes: usize,
    /// Durable entries kept in memory for readers near the tail.
    pub recent_bytes: u64,
    /// Free files kept for use again.
    pub spares: usize,
    /// What happens while the system lacks something.
    pub when_full: WhenFull,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            segment_bytes: 64 << 20,
            first_segment_bytes: 4 << 20,
            batch_bytes: 4 << 20,
            recent_bytes: 32 << 20,
            spares: 2,
            when_full: WhenFull::Wait,
        }
    }
}
