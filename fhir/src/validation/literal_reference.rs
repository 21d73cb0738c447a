//! What the text of a literal reference tells (<https://hl7.org/fhir/R4/references.html#literal>).

use crate::definitions::ResourceType;

/// The resource type a literal reference names: of `Patient/1`, `http://a/Patient/1/_history/2` and `Patient?a=b`.
pub(super) fn named_type(reference: &str) -> Option<ResourceType> {
    if let Some((path, _)) = reference.split_once('?') {
        return ResourceType::from_name(path.rsplit('/').next()?);
    }
    let mut parts = reference.rsplit('/');
    let mut last = parts.next()?;
    let mut before = parts.next()?;
    if before == "_history" {
        last = parts.next()?;
        before = parts.next()?;
    }
    let is_id =
        !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    ResourceType::from_name(before).filter(|_| is_id)
}

#[cfg(test)]
mod tests {
    use super::named_type;

    #[test]
    fn types_named_by_references() {
        let name = |text| named_type(text).map(ResourceType::name);
        use crate::definitions::ResourceType;
        for text in ["Patient/1", "http://a/fhir/Patient/1", "Patient/1/_history/2", "Patient?identifier=a|b"]
        {
            assert_eq!(name(text), Some("Patient"), "{text}");
        }
        for text in
            ["", "#a", "urn:uuid:a", "http://a/b/c", "Patient", "Patient/", "patient/1", "Patient/a b"]
        {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
