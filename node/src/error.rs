//! From the errors of the layers below to the one table of codes.

use proto::{Code, Error};

/// A full disk is the operator's, the rest is a defect.
pub fn storage(error: storage::Error) -> Error {
    match error {
        storage::Error::Full(_) => Error::new(
            Code::StorageFull,
            "the disk is full: nothing was written; free some space and send the request again",
        ),
        other => {
            tracing::error!(error = %other, "storage failed");
            Error::new(Code::Internal, "the storage failed; the server's log says why")
        }
    }
}

/// Why a proposal did not come back applied.
pub fn propose(error: cluster::ProposeError) -> Error {
    use cluster::ProposeError;
    match error {
        ProposeError::Overloaded => Error::new(
            Code::Overloaded,
            "too many writes wait for this partition's log; send it again after a moment",
        ),
        ProposeError::StorageFull => Error::new(
            Code::StorageFull,
            "the disk is full: nothing was written; free some space and send the request again",
        ),
        other => {
            Error::new(Code::Unavailable, format!("the write was not confirmed: {other}; send it again"))
        }
    }
}
