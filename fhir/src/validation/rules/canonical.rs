//! Canonical URLs: <https://hl7.org/fhir/R4/references.html#canonical>.

use super::{Rules, shown};
use crate::definitions::TypeId;
use crate::json::Node;
use crate::validation::Code;

/// Whether resources of that type are named by a canonical URL.
fn is_canonical(resource_type: &str) -> bool {
    let id = TypeId::from_path(resource_type);
    let has = |name, type_path| {
        let element = id.and_then(|id| id.element(name));
        element.is_some_and(|element| element.types.iter().any(|t| t.id.path() == type_path))
    };
    has("url", "uri") && has("version", "string") && has("status", "code")
}

/// The `url` of such a resource must be absolute, and a UUID in it well-formed.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>, resource_type: &str) {
    let Some(node) = resource.get("url") else { return };
    let Some(url) = node.as_str() else { return };
    if !is_canonical(resource_type) {
        return;
    }
    if !is_absolute(&url) {
        let text = format!("the canonical URL '{}' is relative; write it from its scheme on", shown(&url));
        return rules.error(node, Code::Value, text);
    }
    if url.strip_prefix("urn:uuid:").is_some_and(|uuid| !is_uuid(uuid)) {
        let text =
            format!("'{}' holds no UUID; write 32 lower-case hexadecimal digits as 8-4-4-4-12", shown(&url));
        rules.error(node, Code::Value, text);
    }
}

/// Whether a URI begins with a scheme (RFC 3986).
pub(super) fn is_absolute(uri: &str) -> bool {
    let Some((scheme, _)) = uri.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_relative() {
        assert!(is_absolute("http://a/b") && is_absolute("urn:oid:1.2"));
        assert!(
            !is_absolute("ValueSet/a") && !is_absolute("#a") && !is_absolute("c1") && !is_absolute("1a:b")
        );
    }

    #[test]
    fn uuids() {
        assert!(is_uuid("6a2ee390-978e-42c6-8f88-c17dff3bd8a0"));
        assert!(!is_uuid("6a2ee390-978e-42c6-8f88-c17dff3bd8a"));
        assert!(!is_uuid("6A2EE390-978e-42c6-8f88-c17dff3bd8a0"));
    }

    #[test]
    fn types_with_canonical_urls() {
        assert!(is_canonical("ValueSet") && is_canonical("StructureDefinition"));
        assert!(!is_canonical("Patient") && !is_canonical("Device") && !is_canonical("Nothing"));
    }
}
