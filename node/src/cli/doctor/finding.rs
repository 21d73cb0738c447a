//! What a look found.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Well,
    /// A node starts, and is slow or near a limit.
    Poor,
    /// No node starts, or it will end.
    Bad,
}

/// One look.
#[derive(Debug)]
pub(super) struct Finding {
    what: &'static str,
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

impl Finding {
    pub(super) fn new(what: &'static str, verdict: Verdict, text: impl Into<String>) -> Finding {
        Finding { what, verdict, text: text.into() }
    }

    /// It could not even be looked at, or a start would fail so.
    pub(super) fn bad(what: &'static str, error: &anyhow::Error) -> Finding {
        Finding::new(what, Verdict::Bad, format!("{error:#}"))
    }
}

/// A line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Well => "well",
            Verdict::Poor => "poor",
            Verdict::Bad => "BAD",
        };
        write!(f, "{verdict:<5} {:<10} {}", self.what, self.text)
    }
}
