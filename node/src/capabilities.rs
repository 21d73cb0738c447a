//! <https://hl7.org/fhir/R4/http.html#capabilities>

use crate::{draft, interaction::part, operation, session::Session};
use fhir::{
    definitions::{ResourceType, SearchParameter},
    index::{FullText, custom::Set},
};
use proto::{
    Error,
    api::v1::{CapabilitiesRequest, CapabilitiesResponse},
};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The statement of this build, made once and the same for every caller whose tenant has no search parameters of its own, or the part
/// of it that is asked for.
///
/// # Errors
/// `BadParameter` for what is no part.
pub async fn run(session: Session<'_>, request: CapabilitiesRequest) -> Result<CapabilitiesResponse, Error> {
    static MADE: [OnceLock<bytes::Bytes>; 6] = [const { OnceLock::new() }; 6];
    let part = part::of(&request.summary, &request.elements)?;
    let (number, delete) = match session.options().conditional_delete_max {
        1 => (0, "single"),
        _ => (1, "multiple"),
    };
    let words = session.options().search_limits.full_text;
    let custom = session.parameters().filter(|set| set.entries().iter().any(|entry| entry.serves));
    let body = match custom {
        Some(set) => draft::aside(usize::MAX, || statement(Some(&set), words, delete).to_string().into()),
        None => {
            let made = &MADE[2 * words as usize + number];
            made.get_or_init(|| statement(None, words, delete).to_string().into()).clone()
        }
    };
    Ok(CapabilitiesResponse { body: part::take(&part, body)? })
}

/// `delete`: what of several matches a conditional delete does.
fn statement(custom: Option<&Set>, words: FullText, delete: &str) -> Value {
    let resources: Vec<Value> = ResourceType::all().map(|t| resource(custom, t, words, delete)).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": { "name": "Salamander", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "Salamander FHIR R4 data platform" },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
        "patchFormat": [
            "application/json-patch+json", "application/merge-patch+json", "application/fhir+json", "application/fhir+xml",
        ],
        "rest": [{
            "mode": "server",
            "documentation": "gRPC is the primary API (salamander.api.v1.Fhir); this REST facade offers the same interactions.",
            "resource": resources,
            "interaction": codes(&["transaction", "batch", "history-system", "search-system"]),
            "searchParam": [
                { "name": "_filter", "type": "special", "definition": "http://hl7.org/fhir/SearchParameter/filter" },
                { "name": "_list", "type": "string", "documentation": "Ids of Lists, in searches of one resource type." },
            ],
            "operation": operations(operation::of_system()),
        }],
    })
}

fn resource(custom: Option<&Set>, resource_type: ResourceType, words: FullText, delete: &str) -> Value {
    let parameters: Vec<Value> = Set::all(custom, resource_type)
        .filter(|parameter| search::query::is_offered(parameter, words))
        .map(|parameter| json!({ "name": parameter.code, "type": parameter.kind.code(), "definition": parameter.url() }))
        .collect();
    let mut resource = json!({
        "type": resource_type.name(),
        "profile": format!("http://hl7.org/fhir/StructureDefinition/{}", resource_type.name()),
        "interaction": codes(&[
            "create", "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "search-type",
        ]),
        "versioning": "versioned-update",
        "readHistory": true,
        "updateCreate": true,
        "conditionalCreate": true,
        "conditionalRead": "full-support",
        "conditionalUpdate": true,
        "conditionalDelete": delete,
        "referencePolicy": ["literal", "logical"],
        "searchParam": parameters,
        "searchRevInclude": revincludes(custom, resource_type),
    });
    let includes = includes(custom, resource_type);
    let operations = operations(operation::of_type(resource_type));
    // No array of FHIR's is empty.
    if !includes.is_empty() {
        resource["searchInclude"] = includes.into();
    }
    if !operations.is_empty() {
        resource["operation"] = operations.into();
    }
    resource
}

/// The references of the type that `_include` follows.
fn includes(custom: Option<&Set>, resource_type: ResourceType) -> Vec<String> {
    let named = |code: &str| format!("{resource_type}:{code}");
    let mut all: Vec<String> =
        followed(custom, resource_type).map(|parameter| named(&parameter.code)).collect();
    if !all.is_empty() {
        all.extend([named("*"), "*".to_owned()]);
    }
    all
}

/// The references to the type that `_revinclude` follows back.
fn revincludes(custom: Option<&Set>, resource_type: ResourceType) -> Vec<String> {
    let of = |source: ResourceType| {
        let to_it =
            followed(custom, source).filter(move |parameter| parameter.targets.contains(&resource_type));
        to_it.map(move |parameter| format!("{source}:{}", parameter.code))
    };
    ResourceType::all().flat_map(of).chain(["*".to_owned()]).collect()
}

fn followed(custom: Option<&Set>, resource_type: ResourceType) -> impl Iterator<Item = &SearchParameter> {
    Set::all(custom, resource_type).filter(|parameter| search::query::is_followed(parameter))
}

fn operations(all: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<Value> {
    all.map(|(name, definition)| json!({ "name": name, "definition": definition })).collect()
}

fn codes(codes: &[&str]) -> Vec<Value> {
    codes.iter().map(|code| json!({ "code": code })).collect()
}
