//! The answers to a write, as they are kept for an idempotency key. Bodies are left out: they are the stored versions.

use bytes::Bytes;
use prost::Message;
use proto::{Code, Error, api::v1::WriteResponse};

/// Stored with the dedup row; fields are only ever added.
#[derive(Clone, PartialEq, Message)]
struct Answers {
    #[prost(message, repeated, tag = "1")]
    writes: Vec<WriteResponse>,
}

/// To the bytes of a dedup row.
pub fn encode(responses: &[WriteResponse]) -> Bytes {
    let bare = |response: &WriteResponse| WriteResponse { body: Bytes::new(), ..response.clone() };
    Answers { writes: responses.iter().map(bare).collect() }.encode_to_vec().into()
}

/// From the bytes of a dedup row.
pub fn decode(bytes: &[u8]) -> Result<Vec<WriteResponse>, Error> {
    let answers = Answers::decode(bytes)
        .map_err(|error| Error::new(Code::Internal, format!("a stored answer cannot be read: {error}")))?;
    Ok(answers.writes)
}
