//! `$meta`, `$meta-add` and `$meta-delete`: <https://hl7.org/fhir/R4/resource-operations.html>. Profiles, tags and security labels of one resource;
//! a change of them is a version like any other.

use super::{
    Invocation, Scope,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::interaction::{conditional::{unless_overtaken, until_first}, patch};
use bytes::Bytes;
use futures::FutureExt;
use proto::{
    Code, Error,
    api::v1::{PatchKind, PatchRequest},
};
use serde_json::{Map, Value, json};

pub(super) const DEFINITIONS: &[Definition] = &[META, ADD, DELETE];

const META: Definition = Definition {
    name: "meta",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-meta",
    system: false,
    types: Types::All,
    on_type: false,
    on_instance: true,
    affects_state: false,
    parameters: &[],
    unsupported: &[],
    bare: None,
    run: |invocation| async move { Ok(answer(&stored(&invocation).await?["meta"])) }.boxed(),
};

const ADD: Definition = Definition {
    name: "meta-add",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
    affects_state: true,
    parameters: &[Parameter::one("meta", Kind::Complex)],
    run: |invocation| change(invocation, add).boxed(),
    ..META
};

const DELETE: Definition = Definition {
    name: "meta-delete",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-meta-delete",
    run: |invocation| change(invocation, remove).boxed(),
    ..ADD
};

/// The lists of a Meta that may be changed; what tells two of their items apart.
const LISTS: [(&str, &[&str]); 3] =
    [("profile", &[]), ("tag", &["/system", "/code"]), ("security", &["/system", "/code"])];

/// The list with these items, too.
fn add(mut list: Vec<Value>, items: &[Value], by: &[&str]) -> Vec<Value> {
    for item in items {
        if !list.iter().any(|one| is_same(one, item, by)) {
            list.push(item.clone());
        }
    }
    list
}

/// The list without these items.
fn remove(mut list: Vec<Value>, items: &[Value], by: &[&str]) -> Vec<Value> {
    list.retain(|one| !items.iter().any(|item| is_same(one, item, by)));
    list
}

fn is_same(one: &Value, other: &Value, by: &[&str]) -> bool {
    match by {
        [] => one == other,
        by => by.iter().all(|path| one.pointer(path) == other.pointer(path)),
    }
}

type Change = fn(Vec<Value>, &[Value], &[&str]) -> Vec<Value>;

/// Changes the version that was read; where another writer came in between, the next one.
async fn change(invocation: Invocation, change: Change) -> Result<Bytes, Error> {
    let Scope::Instance { resource_type, id, version_id } = &invocation.scope else {
        return Err(Error::new(Code::BadRequest, "the labels of one resource are changed: name its id"));
    };
    if !version_id.is_empty() {
        let text = "the labels of the current version are changed, older ones stay as they were";
        return Err(Error::new(Code::BadRequest, text));
    }
    let given = given(&invocation)?;
    let attempt = || async {
        let stored = stored(&invocation).await?;
        let version = stored.pointer("/meta/versionId").and_then(Value::as_str).unwrap_or_default();
        let Some(patch) = changed(&stored["meta"], &given, change) else {
            return Ok(Some(answer(&stored["meta"])));
        };
        let request = PatchRequest {
            resource_type: resource_type.name().to_owned(),
            id: id.clone(),
            kind: PatchKind::Merge as i32,
            body: json!({ "meta": patch }).to_string().into(),
            if_match: version.to_owned(),
            ..Default::default()
        };
        let written = unless_overtaken(patch::patch(invocation.caller.session(), request).await)?;
        written.map(|written| Ok(answer(&read(&written.body)?["meta"]))).transpose()
    };
    until_first(invocation.caller.session(), attempt).await
}

/// A merge patch of the lists that change; `None`: none does.
fn changed(meta: &Value, given: &Value, change: Change) -> Option<Map<String, Value>> {
    let mut patch = Map::new();
    let list = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    for (name, by) in LISTS {
        let (old, items) = (list(meta, name), list(given, name));
        let new = change(old.clone(), &items, by);
        if new != old {
            // No array of FHIR's is empty.
            patch.insert(name.to_owned(), if new.is_empty() { Value::Null } else { new.into() });
        }
    }
    (!patch.is_empty()).then_some(patch)
}

fn given(invocation: &Invocation) -> Result<Value, Error> {
    let parameters = read(invocation.input.parameters.source())?;
    let all = parameters["parameter"].as_array().into_iter().flatten();
    let meta = all.filter(|parameter| parameter["name"] == "meta").find_map(|parameter| parameter.get("valueMeta"));
    meta.filter(|meta| meta.is_object()).cloned().ok_or_else(|| {
        let text = "send a Parameters with a parameter 'meta' whose valueMeta has the profiles, tags and security labels";
        Error::new(Code::BadParameter, text).as_issue("required")
    })
}

async fn stored(invocation: &Invocation) -> Result<Value, Error> {
    read(invocation.stored().await?.source())
}

fn read(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::new(Code::Internal, error.to_string()))
}

fn answer(meta: &Value) -> Bytes {
    json!({ "resourceType": "Parameters", "parameter": [{ "name": "return", "valueMeta": meta }] }).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_apart_by_system_and_code() {
        let meta = json!({ "versionId": "3", "tag": [{ "system": "s", "code": "a", "display": "A" }], "profile": ["p"] });
        let given = json!({ "tag": [{ "system": "s", "code": "a" }, { "code": "a" }], "profile": ["p", "q"] });
        let added = changed(&meta, &given, add).unwrap();
        let tags = json!([{ "system": "s", "code": "a", "display": "A" }, { "code": "a" }]);
        assert_eq!(Value::from(added), json!({ "tag": tags, "profile": ["p", "q"] }));
        let removed = changed(&meta, &given, remove).unwrap();
        assert_eq!(Value::from(removed), json!({ "tag": null, "profile": null }));
        assert_eq!(changed(&meta, &json!({ "tag": [{ "code": "a" }], "security": [] }), remove), None);
        assert_eq!(changed(&meta, &json!({ "tag": [{ "system": "s", "code": "a" }] }), add), None);
    }
}
