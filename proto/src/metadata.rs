//! The keys of the metadata that goes with a call, beside those of gRPC and HTTP themselves. On both wires they are
//! headers.

use crate::{Code, Error};

/// Whose data the call is about: a tenant's name. Left out: `default`.
pub const TENANT: &str = "x-salamander-tenant";

/// Names the request in the answer and in the server's log: at most 128 visible ASCII characters. Left out: the server
/// makes one.
pub const REQUEST_ID: &str = "x-request-id";

/// `Bearer` and a token.
pub const TOKEN: &str = "authorization";

/// The trace that the call is a part of: <https://www.w3.org/TR/trace-context/>.
pub const TRACE: &str = "traceparent";

/// Of which cluster the caller takes the server to be, over gRPC: `MapResponse.cluster` as [`cluster`] writes it. A node of
/// another cluster carries nothing out.
pub const CLUSTER: &str = "x-salamander-cluster";

/// How old, in milliseconds, what a read, vread, history or search answers may be, so that it can be answered where no leader
/// can be asked. Left out: everything that was acknowledged before the call is in the answer.
pub const STALE: &str = "x-salamander-stale-ms";

/// In answers to [`STALE`]: everything is in it that was acknowledged so many milliseconds before the call.
pub const AGE: &str = "x-salamander-age-ms";

/// In answers over gRPC: the id of the node that leads the home partition of what the call was about, where that is not the
/// node that answers.
pub const LEADER: &str = "x-salamander-leader";

/// The value of [`CLUSTER`].
pub fn cluster(number: u64) -> String {
    format!("{number:016x}")
}

/// The refusal of a key that looks like one of these and is none: whoever misspells the tenant's would else read and write
/// another tenant's data without a word. `None` for every other key. `key` is in lower case.
pub fn misspelt(key: &str) -> Option<Error> {
    let alike = key.contains("salamander") || key.ends_with("-tenant");
    (alike && ![TENANT, STALE].contains(&key)).then(|| {
        let text =
            format!("there is no metadata key {key:?}; the tenant's is {TENANT:?}, and there is {STALE:?}");
        Error::new(Code::BadRequest, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_the_tenants_key_is_refused() {
        for bad in ["x-salamander-tennant", "salamander-tenant", "x-tenant", "x-slamander-tenant"] {
            assert!(misspelt(bad).unwrap().diagnostics().contains(TENANT), "{bad}");
        }
        for good in [TENANT, STALE, REQUEST_ID, TOKEN, TRACE, "user-agent", "x-tenant-id"] {
            assert_eq!(misspelt(good), None, "{good}");
        }
    }
}
