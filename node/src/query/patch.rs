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

/// What is no FHIRPath Patch came as one: often another patch under `application/json`.
pub fn no_parameters() -> Error {
    refused("as plain JSON a patch is a Parameters resource, and the body is none")
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
}
