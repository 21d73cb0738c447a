//! What the resources of a run hold, so that every version tells which write made it, and on top of which others.

use serde_json::{Value, json};

/// Identifier systems: of the write that made a version, of the resource, of the group it belongs to.
pub const OP: &str = "urn:chaos:op";
pub const KEY: &str = "urn:chaos:key";
pub const GROUP: &str = "urn:chaos:group";

/// The content of one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The write that made it.
    pub op: String,
    /// The same in all versions of a resource.
    pub key: String,
    pub group: Option<String>,
    /// The writes since the last one that set everything: it, and each patch after it.
    pub trail: Vec<String>,
    /// An Observation's patient, such as `Patient/a`.
    pub subject: Option<String>,
    pub value: Option<i64>,
}

/// A change to the version that is there, whichever it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    pub subject: Option<String>,
    /// The value that must be there, and the one to put in its place.
    pub value: Option<(i64, i64)>,
}

impl Content {
    /// Of a write that sets everything.
    pub fn new(op: &str, key: &str) -> Content {
        Content { op: op.to_owned(), key: key.to_owned(), trail: vec![op.to_owned()], ..Content::default() }
    }

    /// The resource of that type; without an id where the server gives it.
    pub fn body(&self, kind: &str, id: Option<&str>) -> Value {
        let mut identifiers =
            vec![json!({"system": OP, "value": self.op}), json!({"system": KEY, "value": self.key})];
        identifiers.extend(self.group.iter().map(|group| json!({"system": GROUP, "value": group})));
        let trail: Vec<_> = self.trail.iter().map(|op| json!({"text": op})).collect();
        let mut body = json!({"resourceType": kind, "identifier": identifiers});
        if let Some(id) = id {
            body["id"] = id.into();
        }
        body[trail_of(kind)] = trail.into();
        if let Some(value) = self.value {
            body[value_of(kind)] = value.into();
        }
        if kind == "Observation" {
            body["status"] = "final".into();
            body["code"] = json!({"text": "chaos"});
        }
        if let Some(subject) = &self.subject {
            body["subject"] = json!({"reference": subject});
        }
        body
    }

    /// What [`Content::body`] and [`Patch::body`] put into a resource.
    pub fn of(body: &Value) -> Content {
        let kind = body["resourceType"].as_str().unwrap_or_default();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let identifiers = list(&body["identifier"]);
        let identifier = |system: &str| {
            let found = identifiers.iter().find(|identifier| identifier["system"] == system);
            found.and_then(|identifier| text(&identifier["value"]))
        };
        Content {
            op: identifier(OP).unwrap_or_default(),
            key: identifier(KEY).unwrap_or_default(),
            group: identifier(GROUP),
            trail: list(&body[trail_of(kind)]).iter().filter_map(|entry| text(&entry["text"])).collect(),
            subject: text(&body["subject"]["reference"]),
            value: body[value_of(kind)].as_i64(),
        }
    }
}

impl Patch {
    /// As a JSON Patch of a resource of that type.
    pub fn body(&self, kind: &str, op: &str) -> Value {
        let mut steps = vec![
            json!({"op": "replace", "path": "/identifier/0/value", "value": op}),
            json!({"op": "add", "path": format!("/{}/-", trail_of(kind)), "value": {"text": op}}),
        ];
        if let Some((expected, value)) = self.value {
            let path = format!("/{}", value_of(kind));
            steps.insert(0, json!({"op": "test", "path": path, "value": expected}));
            steps.push(json!({"op": "replace", "path": path, "value": value}));
        }
        if let Some(subject) = &self.subject {
            steps.push(json!({"op": "replace", "path": "/subject/reference", "value": subject}));
        }
        steps.into()
    }

    /// What the write `op` makes of `before`.
    pub fn apply(&self, op: &str, before: &Content) -> Content {
        let mut after = before.clone();
        after.op = op.to_owned();
        after.trail.push(op.to_owned());
        after.subject = self.subject.clone().or(after.subject);
        after.value = self.value.map(|(_, value)| value).or(after.value);
        after
    }
}

fn trail_of(kind: &str) -> &'static str {
    match kind {
        "Patient" => "name",
        _ => "note",
    }
}

fn value_of(kind: &str) -> &'static str {
    match kind {
        "Patient" => "multipleBirthInteger",
        _ => "valueInteger",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_what_it_was_made_of() {
        let content = Content {
            group: Some("g".to_owned()),
            subject: Some("Patient/a".to_owned()),
            value: Some(-7),
            ..Content::new("o1", "k")
        };
        assert_eq!(Content::of(&content.body("Observation", Some("x"))), content);
        let patient = Content { subject: None, ..content };
        assert_eq!(Content::of(&patient.body("Patient", None)), patient);
    }

    #[test]
    fn a_patch_appends_itself() {
        let before = Content { value: Some(1), ..Content::new("o1", "k") };
        let patch = Patch { subject: None, value: Some((1, 2)) };
        let after = patch.apply("o2", &before);
        assert_eq!((after.trail.join(" "), after.op.as_str(), after.value), ("o1 o2".into(), "o2", Some(2)));
        assert_eq!(patch.body("Patient", "o2")[0]["op"], "test");
    }
}
