//! Patches: a byte that says which language, the resource, a zero byte, the patch.

use fhir::json::{Document, Limits};
use fhir::patch::{self, Kind, Patch};

/// Panics when a patch does, or when its result is no JSON or another resource.
pub fn check(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else { return };
    let Some(end) = rest.iter().position(|&byte| byte == 0) else { return };
    let (resource, body) = (&rest[..end], rest[end + 1..].to_vec());
    let Ok(resource) = Document::parse(resource.to_vec(), &Limits::default()) else { return };
    let kind = [Kind::Json, Kind::Merge, Kind::FhirPath][usize::from(kind % 3)];
    let Ok(patch) = Patch::read(kind, body, &patch::Limits::default()) else { return };
    let Ok(patched) = patch.apply(&resource) else { return };
    let patched = Document::parse(patched, &Limits::default()).expect("a patched resource is JSON");
    // Whatever was patched, the difference is found or refused.
    let _ = patch::diff(&resource, &patched, &patch::Limits::default());
    for name in ["resourceType", "id"] {
        let of = |document: &Document| document.root().get(name).map(|node| node.raw().to_vec());
        assert_eq!(of(&resource), of(&patched), "{name} changed");
    }
}
