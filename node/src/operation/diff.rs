//! `$diff`: what changed between two versions of a resource, or what two resources differ in, as the FHIRPath Patch
//! (<https://hl7.org/fhir/R4/fhirpatch.html>) that makes the second of the first.
//!
//! HL7 defines no such operation; parameters are named as in other servers: on an instance `fromVersion` (without it, the version before);
//! on the system `from` and `to`, each `Type/id` or `Type/id/_history/version`. What the server assigns (id, version, time) is no
//! difference.

use super::{
    Invocation, Scope,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::{
    draft,
    interaction::{self, part},
    session::Session,
};
use bytes::Bytes;
use fhir::{
    index::{ReferenceText, parse_reference},
    json::{Document, Node},
    patch::{self, Class, Limits},
    resource::{last_updated_of, stored, version_id_of},
};
use futures::FutureExt;
use proto::{
    Code, Error,
    api::v1::{ReadRequest, VReadRequest},
};

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "diff",
    url: "urn:salamander:OperationDefinition-diff",
    system: true,
    types: Types::All,
    on_type: false,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("from", Kind::URI),
        Parameter::one("to", Kind::URI),
        Parameter::one("fromVersion", Kind::STRING),
    ],
    unsupported: &[],
    bare: None,
    run: |invocation| diff(invocation).boxed(),
};

async fn diff(invocation: Invocation) -> Result<Bytes, Error> {
    let session = invocation.caller.session();
    let (before, after) = match &invocation.scope {
        Scope::Instance { .. } => versions(&invocation).await?,
        _ => (named(&invocation, "from").await?, named(&invocation, "to").await?),
    };
    let limits = session.options().patch.clone();
    let compare = move || difference(&before, &after, &limits);
    session.compute(session.context().share.clone(), compare).await
}

/// The patch that makes `after` of `before`.
fn difference(before: &Document, after: &Document, limits: &Limits) -> Result<Bytes, Error> {
    let root = before.root();
    let id = root.get("id").and_then(Node::as_str).unwrap_or_default();
    let version = version_id_of(root).unwrap_or_default();
    let updated = last_updated_of(root).unwrap_or_default();
    let after = part::document(stored(after.root(), &id, version, updated).into())?;
    let found = patch::diff(before, &after, limits);
    found.map(Bytes::from).map_err(|error| {
        let code = match error.class() {
            Class::TooLarge => Code::TooCostly,
            _ => Code::Invalid,
        };
        Error::new(code, format!("the two cannot be compared: {error}"))
    })
}

/// The one asked of, and the version that `fromVersion` names or that came before it.
async fn versions(invocation: &Invocation) -> Result<(Document, Document), Error> {
    let input = &invocation.input;
    if input.text("from").is_some() || input.text("to").is_some() {
        let text =
            "versions of one resource are compared here, by 'fromVersion'; 'from' and 'to' are for /$diff";
        return Err(Error::new(Code::BadParameter, text).as_issue("value"));
    }
    let Scope::Instance { resource_type, id, .. } = &invocation.scope else {
        return Err(Error::new(Code::BadRequest, "name the resource whose versions are compared"));
    };
    let after = invocation.stored().await?;
    let version = match input.text("fromVersion") {
        Some(version) => version.into_owned(),
        None => {
            let before = version_id_of(after.root()).unwrap_or_default().saturating_sub(1);
            if before == 0 {
                let text = format!("{resource_type}/{id} has one version alone: nothing came before it");
                return Err(Error::new(Code::BadRequest, text));
            }
            before.to_string()
        }
    };
    let before = read(invocation.caller.session(), resource_type.name(), id, &version).await?;
    Ok((before, after))
}

/// The resource that a parameter names.
async fn named(invocation: &Invocation, name: &str) -> Result<Document, Error> {
    if invocation.input.text("fromVersion").is_some() {
        let text = "'fromVersion' is for Type/id/$diff; name both by 'from' and 'to'";
        return Err(Error::new(Code::BadParameter, text).as_issue("value"));
    }
    let session = invocation.caller.session();
    let Some(text) = invocation.input.text(name) else {
        let text = format!(
            "name what is compared by 'from' and 'to', such as Patient/1/_history/2: there is no '{name}'"
        );
        return Err(Error::new(Code::BadParameter, text).as_issue("required"));
    };
    match parse_reference(&text, session.bases().bases()) {
        ReferenceText::Local { resource_type, id, version } => {
            read(session, resource_type.name(), id, version.unwrap_or_default()).await
        }
        _ => {
            let text: String = text.chars().take(200).collect();
            let text =
                format!("'{name}' is '{text}'; it is Type/id or Type/id/_history/version of this server");
            Err(Error::new(Code::BadParameter, text).as_issue("value"))
        }
    }
}

async fn read(
    session: Session<'_>,
    resource_type: &str,
    id: &str,
    version_id: &str,
) -> Result<Document, Error> {
    let (resource_type, id) = (resource_type.to_owned(), id.to_owned());
    let found = match version_id {
        "" => interaction::read(session, ReadRequest { resource_type, id, ..Default::default() }).await?,
        version_id => {
            let version_id = version_id.to_owned();
            interaction::vread(session, VReadRequest { resource_type, id, version_id, ..Default::default() })
                .await?
        }
    };
    session.context().share.take(2 * found.body.len())?;
    draft::document(found.body, &session.options().json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::patch::{Kind, Patch};
    use serde_json::Value;

    fn document(text: &str) -> Document {
        part::document(Bytes::copy_from_slice(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_patch_makes_the_second_of_the_first_but_for_what_the_server_assigns() {
        let one = document(
            r#"{"resourceType":"Patient","id":"a","meta":{"versionId":"3","lastUpdated":"2024-01-01T00:00:00.000Z","tag":[{"code":"x"}]},
                "name":[{"family":"A","given":["B","C"]}],"active":true}"#,
        );
        let other = document(
            r#"{"resourceType":"Patient","id":"b","meta":{"versionId":"1","lastUpdated":"2025-01-01T00:00:00.000Z"},
                "name":[{"family":"A","given":["C"]},{"text":"D"}],"birthDate":"1980-01-01"}"#,
        );
        for (before, after) in [(&one, &other), (&other, &one)] {
            let found = difference(before, after, &Limits::default()).unwrap();
            let patch = Patch::read(Kind::FhirPath, found, &Limits::default()).unwrap();
            let patched: Value = serde_json::from_slice(&patch.apply(before).unwrap()).unwrap();
            let (mut patched, mut wanted) =
                (patched, serde_json::from_slice::<Value>(after.source()).unwrap());
            for resource in [&mut patched, &mut wanted] {
                resource["id"] = Value::Null;
                resource["meta"]["versionId"] = Value::Null;
                resource["meta"]["lastUpdated"] = Value::Null;
            }
            assert_eq!(patched, wanted);
        }
        let same = difference(&one, &one, &Limits::default()).unwrap();
        assert_eq!(same, r#"{"resourceType":"Parameters"}"#);
        let group = document(r#"{"resourceType":"Group","id":"a"}"#);
        assert_eq!(difference(&one, &group, &Limits::default()).unwrap_err().code, Code::Invalid);
    }
}
