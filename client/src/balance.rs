//! Of several endpoints, in which order they are called.

/// Which of several endpoints gets a call. In both cases one that did not answer is left alone for a moment, which
/// doubles from 100 ms to 5 s, and a retry goes to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// One endpoint, the first given, until it does not answer; then the next one, and so on.
    #[default]
    Failover,
    /// Each call goes to the next endpoint.
    RoundRobin,
}
