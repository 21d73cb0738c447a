//! Reference texts taken apart.

use crate::definitions::ResourceType;

/// What the text of a `Reference.reference` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceText<'t> {
    /// `Type/id`, also below this server's own base URL, with or without `/_history/version`.
    Local { resource_type: ResourceType, id: &'t str, version: Option<&'t str> },
    /// `#id`: a resource contained in the same resource (`#` alone: the container).
    Contained(&'t str),
    /// Anything else: another server's resource, `urn:uuid:…`, a canonical. The type if the URL ends in `Type/id`.
    Url { url: &'t str, resource_type: Option<ResourceType> },
    /// A search (`Patient?identifier=…`), to be resolved before the resource is stored.
    Conditional(&'t str),
}

/// This server's FHIR base URLs, without slashes at their ends: what is referred to below one of them is on this server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bases<'b> {
    /// The one that its links have, or by which a request came.
    pub own: Option<&'b str>,
    /// By which it is known besides.
    pub further: &'b [String],
}

impl<'b> Bases<'b> {
    /// Just one, if any.
    pub const fn of(own: Option<&'b str>) -> Self {
        Bases { own, further: &[] }
    }

    /// What stands below one of them.
    fn path(self, url: &str) -> Option<&str> {
        let mut all = self.own.into_iter().chain(self.further.iter().map(String::as_str));
        all.find_map(|base| url.strip_prefix(base)?.strip_prefix('/'))
    }
}

/// Takes a reference apart.
pub fn parse_reference<'t>(text: &'t str, bases: Bases<'_>) -> ReferenceText<'t> {
    if let Some(id) = text.strip_prefix('#') {
        return ReferenceText::Contained(id);
    }
    let path = bases.path(text).unwrap_or(text);
    if let Some(local) = local(path) {
        return local;
    }
    if path.split_once('?').is_some_and(|(name, _)| ResourceType::from_name(name).is_some()) {
        return ReferenceText::Conditional(path);
    }
    let unversioned = split_version(text).0;
    let mut parts = unversioned.rsplit('/');
    let resource_type = match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(name), Some(_)) if is_id(id) => ResourceType::from_name(name),
        _ => None,
    };
    ReferenceText::Url { url: text, resource_type }
}

fn local(path: &str) -> Option<ReferenceText<'_>> {
    let (name, rest) = path.split_once('/')?;
    let resource_type = ResourceType::from_name(name)?;
    let (id, version) = split_version(rest);
    (is_id(id) && version.is_none_or(is_id)).then_some(ReferenceText::Local { resource_type, id, version })
}

/// What stands before the last `/_history/` and after it. Few texts have an underscore, and looking for one byte is
/// quicker than looking for ten.
pub(super) fn split_version(text: &str) -> (&str, Option<&str>) {
    for underscore in memchr::memrchr_iter(b'_', text.as_bytes()) {
        if let Some(version) = text[underscore..].strip_prefix("_history/")
            && let Some(url) = text[..underscore].strip_suffix('/')
        {
            return (url, Some(version));
        }
    }
    (text, None)
}

/// <https://hl7.org/fhir/R4/datatypes.html#id>
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReferenceText::*;

    #[test]
    fn every_form() {
        let resource_type = ResourceType::PATIENT;
        let further = ["https://outside".to_owned(), "http://here/fhir/old".to_owned()];
        let bases = Bases { own: Some("http://here/fhir"), further: &further };
        for (text, parsed) in [
            ("Patient/1", Local { resource_type, id: "1", version: None }),
            ("Patient/1/_history/2", Local { resource_type, id: "1", version: Some("2") }),
            ("http://here/fhir/Patient/1", Local { resource_type, id: "1", version: None }),
            ("https://outside/Patient/1/_history/2", Local { resource_type, id: "1", version: Some("2") }),
            (
                "https://outsider/Patient/1",
                Url { url: "https://outsider/Patient/1", resource_type: Some(resource_type) },
            ),
            (
                "http://there/Patient/1",
                Url { url: "http://there/Patient/1", resource_type: Some(resource_type) },
            ),
            (
                "http://there/Patient/1/_history/2",
                Url { url: "http://there/Patient/1/_history/2", resource_type: Some(resource_type) },
            ),
            ("http://here/fhirPatient/1", Url { url: "http://here/fhirPatient/1", resource_type: None }),
            (
                "urn:uuid:6ff7d7a1-0000-4000-8000-000000000000",
                Url { url: "urn:uuid:6ff7d7a1-0000-4000-8000-000000000000", resource_type: None },
            ),
            ("#p1", Contained("p1")),
            ("Patient?identifier=x|1", Conditional("Patient?identifier=x|1")),
            ("Patient/", Url { url: "Patient/", resource_type: None }),
            ("Patient/a b", Url { url: "Patient/a b", resource_type: None }),
            ("Nothing/1", Url { url: "Nothing/1", resource_type: None }),
            ("", Url { url: "", resource_type: None }),
        ] {
            assert_eq!(parse_reference(text, bases), parsed, "{text}");
        }
    }
}
