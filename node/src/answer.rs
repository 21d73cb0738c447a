//! The answers to a write, as they are kept for an idempotency key. Bodies are left out: they are the stored versions.

use bytes::Bytes;
use prost::Message;
use proto::{
    Code, Error,
    api::v1::WriteResponse,
    log::v1::{Answer, Answers},
};

/// To the bytes of a dedup row.
pub fn encode(responses: &[WriteResponse]) -> Bytes {
    let kept = |response: &WriteResponse| Answer {
        outcome: response.outcome as u32,
        resource_type: response.resource_type.clone(),
        id: response.id.clone(),
        version_id: response.version_id.clone(),
        last_updated_ms: response.last_updated_ms,
        count: response.count,
    };
    Answers { writes: responses.iter().map(kept).collect() }.encode_to_vec().into()
}

/// From the bytes of a dedup row.
///
/// # Errors
/// `Internal` where the row is none.
pub fn decode(bytes: &[u8]) -> Result<Vec<WriteResponse>, Error> {
    let answers = Answers::decode(bytes)
        .map_err(|error| Error::new(Code::Internal, format!("a stored answer cannot be read: {error}")))?;
    let told = |answer: Answer| WriteResponse {
        outcome: answer.outcome as i32,
        resource_type: answer.resource_type,
        id: answer.id,
        version_id: answer.version_id,
        last_updated_ms: answer.last_updated_ms,
        body: Bytes::new(),
        count: answer.count,
    };
    Ok(answers.writes.into_iter().map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::api::v1::Outcome;

    /// As rows have them since the first version.
    #[test]
    fn the_stored_form_stays_and_has_no_body() {
        let answer = WriteResponse {
            outcome: Outcome::Created as i32,
            resource_type: "Patient".to_owned(),
            id: "a".to_owned(),
            version_id: "7".to_owned(),
            last_updated_ms: 300,
            body: Bytes::from_static(b"{}"),
            count: 0,
        };
        let stored = encode(std::slice::from_ref(&answer));
        assert_eq!(&stored[..], b"\x0a\x14\x08\x01\x12\x07Patient\x1a\x01a\x22\x017\x28\xac\x02");
        assert_eq!(decode(&stored).unwrap(), [WriteResponse { body: Bytes::new(), ..answer }]);
        assert_eq!(decode(b"\xff").unwrap_err().code, Code::Internal);
    }
}
