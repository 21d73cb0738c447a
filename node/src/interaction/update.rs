//! <https://hl7.org/fhir/R4/http.html#update>

use super::{One, attempt_one, contended, dedup};
use crate::{
    compartment::Intent,
    draft::{self, Parsed},
    engine::Inner,
    place,
    service::Context,
    writer::Plan,
};
use proto::{
    Code, Error, ResourceId,
    api::v1::{UpdateRequest, WriteResponse},
};

pub async fn update(node: &Inner, context: &Context, request: UpdateRequest) -> Result<WriteResponse, Error> {
    let id = draft::resource_id(&request.id)?;
    let parsed = draft::parse_as(request.body, &request.resource_type, &node.options)?;
    check_id(&parsed, id)?;
    let told: [&[u8]; 6] = [
        b"update",
        request.resource_type.as_bytes(),
        request.id.as_bytes(),
        request.if_match.as_bytes(),
        request.if_none_match.as_bytes(),
        parsed.document.source(),
    ];
    let home = parsed.compartment(context.tenant, id).slot;
    let dedup = dedup(node, context.tenant, &request.idempotency_key, home, &told)?;
    let (if_match, must_be_new) = preconditions(&request.if_match, &request.if_none_match)?;
    let draft = parsed.draft(node, context.tenant)?;
    for _ in 0..node.options.write_attempts_max {
        let intent = Intent::Update { draft: draft.clone(), if_match, must_be_new };
        let step = place::update_step(node, context.tenant, &parsed, id, intent).await?;
        let (dedup, share) = (dedup.clone(), context.share.clone());
        let plan = Plan { tenant: context.tenant, steps: vec![step], dedup, share, holds: vec![] };
        if let One::Answer(answer) = attempt_one(node, plan).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}

/// The body of an update must carry the id of the URL.
pub(crate) fn check_id(parsed: &Parsed, id: ResourceId) -> Result<(), Error> {
    let name = parsed.resource_type.name();
    match parsed.id {
        Some(found) if found == id => Ok(()),
        Some(found) => Err(Error::new(
            Code::BadRequest,
            format!("the body's id is '{found}', the request's is '{id}': they must be the same"),
        )
        .at(format!("{name}.id"))),
        None => Err(Error::new(
            Code::BadRequest,
            format!("an update needs the id in the body: add \"id\": \"{id}\""),
        )
        .as_issue("required")
        .at(format!("{name}.id"))),
    }
}

/// `If-Match` and `If-None-Match` of a write, as a header, a message or an entry of a bundle has them.
///
/// # Errors
/// `BadRequest` for what is no single tag; `VersionConflict` for the tag of a version that no resource here ever has.
pub(crate) fn preconditions(if_match: &str, if_none_match: &str) -> Result<(Option<u64>, bool), Error> {
    let version = match if_match {
        "" => None,
        text => Some(expected(text)?),
    };
    match if_none_match {
        "" => Ok((version, false)),
        "*" => Ok((version, true)),
        other => Err(Error::new(
            Code::BadRequest,
            format!("If-None-Match is '{other}'; on a write only '*' has a meaning"),
        )),
    }
}

/// The version that a tag names: `W/"3"`, `"3"`, or the bare `3` that clients send.
fn expected(text: &str) -> Result<u64, Error> {
    let opaque = text.trim();
    let opaque = opaque.strip_prefix("W/").unwrap_or(opaque);
    let quoted = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let tag = match quoted {
        Some(tag) => Some(tag).filter(|tag| !tag.contains('"')),
        None => Some(opaque).filter(|tag| !tag.is_empty() && !tag.contains(['"', ',', '*', ' '])),
    };
    let tag = tag.ok_or_else(|| {
        let text = format!("If-Match is '{text}'; a write depends on one version, such as W/\"3\"");
        Error::new(Code::BadRequest, text)
    })?;
    draft::version_id(tag).ok_or_else(|| {
        let text = format!(
            "If-Match names version '{tag}', and the versions of this server are numbers from 1; read the resource again and repeat the change"
        );
        Error::new(Code::VersionConflict, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_version_or_one_that_never_is() {
        for same in ["W/\"3\"", "\"3\"", "3", "W/3", " W/\"3\" "] {
            assert_eq!(preconditions(same, "").unwrap(), (Some(3), false), "{same}");
        }
        for never in
            ["W/\"abc\"", "abc", "\"\"", "W/\"0\"", "03", "+3", "-1", "18446744073709551616", "\"a,b\""]
        {
            assert_eq!(preconditions(never, "").unwrap_err().code, Code::VersionConflict, "{never}");
        }
        for bad in ["*", "W/\"1\", W/\"2\"", "1, 2", "W/", "\"1", "1\""] {
            assert_eq!(preconditions(bad, "").unwrap_err().code, Code::BadRequest, "{bad}");
        }
        assert_eq!(preconditions("", "*").unwrap(), (None, true));
        assert_eq!(preconditions("", "W/\"1\"").unwrap_err().code, Code::BadRequest);
    }
}
