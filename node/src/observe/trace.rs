//! W3C Trace Context: a caller's trace goes on through this node. <https://www.w3.org/TR/trace-context/>

use std::fmt;

/// The header and the key of the metadata.
pub const TRACEPARENT: &str = "traceparent";

/// The trace a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Of the whole trace.
    pub trace_id: u128,
    /// The caller's part of it.
    pub parent_id: u64,
    /// This node's part of it: the parent of whatever it asks of others.
    pub span_id: u64,
    pub flags: u8,
}

impl Trace {
    /// The trace of a header; `None` where there is none, or it is not one, as the specification says.
    pub fn accept(header: Option<&[u8]>) -> Option<Trace> {
        let text = std::str::from_utf8(header?).ok()?;
        let mut parts = text.splitn(5, '-');
        let version: u8 = hex(parts.next()?, 2)?;
        let trace_id: u128 = hex(parts.next()?, 32)?;
        let parent_id: u64 = hex(parts.next()?, 16)?;
        let flags: u8 = hex(parts.next()?, 2)?;
        // Later versions may add parts; this one has none.
        let fits = version != 0xff && (version > 0 || parts.next().is_none());
        let span_id = rand::random_range(1..=u64::MAX);
        (fits && trace_id != 0 && parent_id != 0).then_some(Trace { trace_id, parent_id, span_id, flags })
    }

    /// The trace's id as it is written in logs.
    pub fn id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The header to pass on, with this node as the parent.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// Lower-case digits, exactly as many.
fn hex<T: TryFrom<u128>>(text: &str, digits: usize) -> Option<T> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = text.len() == digits && text.bytes().all(lower);
    u128::from_str_radix(text, 16).ok().filter(|_| fits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_under_this_nodes_own_span() {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = Trace::accept(Some(given.as_bytes())).unwrap();
        assert_eq!(trace.id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(trace.parent_id, 0xb7ad_6b71_6920_3331);
        let passed_on = trace.to_string();
        assert!(passed_on.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && passed_on.ends_with("-01"));
        assert_ne!(passed_on, given);
        let next = Trace::accept(Some(passed_on.as_bytes())).unwrap();
        assert_eq!((next.trace_id, next.parent_id), (trace.trace_id, trace.span_id));
    }

    #[test]
    fn what_is_none_is_ignored_and_a_later_version_is_read() {
        let later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
        assert!(Trace::accept(Some(later.as_bytes())).is_some());
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Trace::accept(Some(bad.as_bytes())), None, "{bad}");
        }
        assert_eq!(Trace::accept(None), None);
    }
}
