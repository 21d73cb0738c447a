//! The media types of patches: <https://hl7.org/fhir/R4/http.html#patch>.

use proto::{Code, Error, api::v1::PatchKind};

/// The language of a patch of that media type; its parameters do not count. FHIR's own types hold a FHIRPath Patch.
///
/// # Errors
/// `UnsupportedMedia` for everything else, XML Patch among it.
pub fn patch_kind(media_type: &str) -> Result<PatchKind, Error> {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/fhir+json"
        | "application/json"
        | "text/json"
        | "application/fhir+xml"
        | "application/xml"
        | "text/xml" => Ok(PatchKind::Fhirpath),
        "application/xml-patch+xml" => Err(refused("XML Patch is not offered")),
        other => Err(refused(&format!("'{}' is no patch", other.chars().take(80).collect::<String>()))),
    }
}

/// The same where the body says more than its type: as JSON or as FHIR's, common clients send what a Parameters resource is not. An array
/// is a JSON Patch then, and an object a merge patch; what is no JSON is for the parser of a FHIRPath Patch to tell.
pub fn kind_by_content(media_type: &str, body: &[u8]) -> Result<PatchKind, Error> {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(rename = "resourceType")]
        resource_type: Option<String>,
    }
    let kind = patch_kind(media_type)?;
    let name = media_type.split(';').next().unwrap_or_default().trim_end();
    let is_json = name.len() >= 4 && name.as_bytes()[name.len() - 4..].eq_ignore_ascii_case(b"json");
    if kind != PatchKind::Fhirpath || !is_json {
        return Ok(kind);
    }
    if body.trim_ascii_start().starts_with(b"[") {
        return Ok(PatchKind::Json);
    }
    let head = serde_json::from_slice(body).ok();
    let is_other = head.is_some_and(|head: Head| head.resource_type.as_deref() != Some("Parameters"));
    Ok(if is_other { PatchKind::Merge } else { PatchKind::Fhirpath })
}

fn refused(why: &str) -> Error {
    Error::new(
        Code::UnsupportedMedia,
        format!(
            "{why}; send application/json-patch+json, application/merge-patch+json, or a FHIRPath Patch (Parameters) as application/fhir+json"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        assert_eq!(patch_kind("application/json-patch+json; charset=utf-8"), Ok(PatchKind::Json));
        assert_eq!(patch_kind("Application/Merge-Patch+JSON"), Ok(PatchKind::Merge));
        assert_eq!(patch_kind("application/fhir+json"), Ok(PatchKind::Fhirpath));
        for refused in ["application/xml-patch+xml", "text/plain", ""] {
            assert_eq!(patch_kind(refused).unwrap_err().code, Code::UnsupportedMedia, "{refused}");
        }
    }

    #[test]
    fn bodies_tell_what_plain_json_is() {
        let kinds = |body: &str| {
            ["application/json", "application/fhir+json; charset=utf-8", "Text/json", "application/fhir+xml"]
                .map(|media_type| kind_by_content(media_type, body.as_bytes()).unwrap())
        };
        let all = |kind| [kind, kind, kind, PatchKind::Fhirpath];
        assert_eq!(kinds(r#" [{"op":"test","path":"/a","value":{"b":[1]}}]"#), all(PatchKind::Json));
        assert_eq!(kinds(r#"{"gender":null,"note":"Parameters"}"#), all(PatchKind::Merge));
        assert_eq!(kinds(r#"{"gender":null,"resourceType":"Patient"}"#), all(PatchKind::Merge));
        assert_eq!(kinds(r#"{"parameter":[],"resourceType":"Parameters"}"#), all(PatchKind::Fhirpath));
        for broken in ["", "{", "7", r#"{"resourceType":7}"#] {
            assert_eq!(kinds(broken), all(PatchKind::Fhirpath), "{broken}");
        }
        let named = kind_by_content("application/merge-patch+json", b"[]");
        assert_eq!(named, Ok(PatchKind::Merge));
    }
}
