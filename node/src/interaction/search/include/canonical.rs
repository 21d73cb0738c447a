//! Canonical references: <https://hl7.org/fhir/R4/references.html#canonical>. They name a resource by its `url`, and by its
//! business version where they have one; without one every version of it that is stored is meant.

use fhir::{
    definitions::{ParamId, ParamKind, ResourceType, search_parameter},
    index::{Value, Values},
};
use std::sync::LazyLock;

/// The search parameter that has a resource's own URL.
pub const URL: &str = "url";

const URL_ID: ParamId = ParamId::from_code(URL).expect("a search parameter");
const VERSION_ID: ParamId = ParamId::from_code("version").expect("a search parameter");

/// The types that such references may name: they have a URL and a business version.
static TYPES: LazyLock<Vec<ResourceType>> = LazyLock::new(|| {
    let has = |t, code, kind| search_parameter(t, code).is_some_and(|one| one.kind == kind);
    let is_one = |t: &ResourceType| has(*t, URL, ParamKind::Uri) && has(*t, "version", ParamKind::Token);
    ResourceType::all().filter(is_one).collect()
});

/// Those of `targets` that are among them.
pub fn types(targets: &[ResourceType]) -> impl Iterator<Item = ResourceType> {
    targets.iter().copied().filter(|target| TYPES.contains(target))
}

/// The URLs of the resource with these index values.
pub fn urls<'v>(values: &Values<'v>) -> impl Iterator<Item = &'v str> + use<'v> {
    values.of(URL_ID).filter_map(|value| match value {
        Value::Uri(url) => Some(url),
        _ => None,
    })
}

/// Whether it is the one that a reference to its URL with that version means.
pub fn is_meant(values: &Values<'_>, version: Option<&str>) -> bool {
    let is_it = |value| matches!(value, Value::Token { code, .. } if code == version);
    version.is_none() || values.of(VERSION_ID).any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_url_and_a_version() {
        let named = |name: &str| ResourceType::from_name(name).unwrap();
        let all =
            ["Questionnaire", "Library", "ValueSet", "StructureDefinition", "PlanDefinition"].map(named);
        assert_eq!(types(&all).collect::<Vec<_>>(), all);
        let others = ["Patient", "Device", "Contract", "Subscription"].map(named);
        assert_eq!(types(&others).count(), 0);
    }
}
