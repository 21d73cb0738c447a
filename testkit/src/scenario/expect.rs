//! What an answer must be.

use super::{
    Got, pattern,
    text::{Variables, fill, fill_value},
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// One status, or a list of those allowed.
    status: Statuses,
    /// Patterns.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Everything in it must be in the body; arrays of the same length, item by item.
    body: Option<Value>,
    /// By JSON pointer.
    #[serde(default)]
    at: BTreeMap<String, At>,
    /// By JSON pointer: the very text of a value as it came, white space around it aside.
    #[serde(default)]
    exact: BTreeMap<String, String>,
    /// The number of items of arrays, by JSON pointer; an array that is not there has none.
    #[serde(default)]
    count: BTreeMap<String, usize>,
    /// The ids of the resources of a Bundle's entries (OperationOutcomes left out), in any order.
    ids: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Statuses {
    One(u16),
    Any(Vec<u16>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum At {
    Is(Value),
    Like(String),
    Present(bool),
}

impl Expect {
    /// All that is wrong, each as a line.
    pub(super) fn check(&self, got: &Got, variables: &Variables) -> anyhow::Result<Vec<String>> {
        let mut wrong = Vec::new();
        let allowed = match &self.status {
            Statuses::One(status) => vec![*status],
            Statuses::Any(statuses) => statuses.clone(),
        };
        if !allowed.contains(&got.status) {
            wrong.push(format!("status: expected {allowed:?}, got {}", got.status));
        }
        for (name, like) in &self.headers {
            let like = fill(like, variables)?;
            let value = got.headers.get(&name.to_ascii_lowercase());
            if value.is_none_or(|value| pattern::stars(&like, value).is_none()) {
                wrong.push(format!("header {name}: expected {like:?}, got {value:?}"));
            }
        }
        if let Some(body) = &self.body {
            subset(&fill_value(body, variables)?, &got.body, "", &mut wrong);
        }
        for (pointer, at) in &self.at {
            at.check(pointer, got.body.pointer(pointer), variables, &mut wrong)?;
        }
        for (pointer, text) in &self.exact {
            let (expected, found) = (fill(text, variables)?, got.raw.at(pointer));
            if found != Some(expected.as_str()) {
                wrong.push(format!("{pointer}: expected exactly {expected}, got {found:?}"));
            }
        }
        for (pointer, &expected) in &self.count {
            let found = got.body.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len);
            if found != expected {
                wrong.push(format!("{pointer}: expected {expected} items, got {found}"));
            }
        }
        if let Some(ids) = &self.ids {
            let mut expected =
                ids.iter().map(|id| fill(id, variables)).collect::<anyhow::Result<Vec<_>>>()?;
            let mut found = ids_of(&got.body);
            expected.sort();
            found.sort();
            if expected != found {
                wrong.push(format!("ids: expected {expected:?}, got {found:?}"));
            }
        }
        Ok(wrong)
    }
}

impl At {
    fn check(
        &self,
        pointer: &str,
        found: Option<&Value>,
        variables: &Variables,
        wrong: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        let (right, expected) = match self {
            At::Is(value) => {
                let value = fill_value(value, variables)?;
                (found == Some(&value), value.to_string())
            }
            At::Like(like) => {
                let like = fill(like, variables)?;
                let text = found.and_then(Value::as_str);
                (text.is_some_and(|text| pattern::stars(&like, text).is_some()), format!("like {like:?}"))
            }
            At::Present(present) => (found.is_some() == *present, format!("present: {present}")),
        };
        if !right {
            wrong.push(format!("{pointer}: expected {expected}, got {found:?}"));
        }
        Ok(())
    }
}

fn ids_of(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let resources = entries.iter().map(|entry| &entry["resource"]);
    let matches = resources.filter(|resource| resource["resourceType"] != "OperationOutcome");
    matches.filter_map(|resource| resource["id"].as_str().map(str::to_owned)).collect()
}

fn subset(expected: &Value, found: &Value, path: &str, wrong: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                subset(value, found.get(name).unwrap_or(&Value::Null), &format!("{path}/{name}"), wrong);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                subset(expected, found, &format!("{path}/{index}"), wrong);
            }
        }
        _ if expected == found => (),
        _ => wrong.push(format!("{path}: expected {expected}, got {found}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::raw::Raw, *};
    use serde_json::json;

    fn wrong(expect: Value, body: Value) -> usize {
        let expect: Expect = serde_json::from_value(expect).unwrap();
        let raw = Raw::whole(r#"{"a": {"b": [1.0, 2]}}"#.into());
        let got =
            Got { status: 200, headers: BTreeMap::from([("etag".into(), "W/\"1\"".into())]), body, raw };
        expect.check(&got, &BTreeMap::from([("v".into(), "1".into())])).unwrap().len()
    }

    #[test]
    fn each_kind_of_expectation_can_fail() {
        let body = json!({"a": {"b": [1, 2]}, "entry": [{"resource": {"resourceType": "P", "id": "x"}}]});
        let right = json!({
            "status": [200, 201], "headers": {"ETag": "W/\"${v}\""}, "body": {"a": {"b": [1, 2]}},
            "at": {"/a/b/0": {"is": 1}, "/c": {"present": false}, "/entry/0/resource/id": {"like": "*"}},
            "exact": {"/a/b/0": "1.0", "/a/b": "[1.0, 2]"}, "count": {"/a/b": 2, "/none": 0}, "ids": ["x"]
        });
        assert_eq!(wrong(right, body.clone()), 0);
        for expect in [
            json!({"status": 201}),
            json!({"status": 200, "headers": {"etag": "2"}}),
            json!({"status": 200, "headers": {"location": "*"}}),
            json!({"status": 200, "body": {"a": {"b": [1]}}}),
            json!({"status": 200, "body": {"z": 1}}),
            json!({"status": 200, "at": {"/a": {"present": false}}}),
            json!({"status": 200, "at": {"/a/b/0": {"is": 2}}}),
            json!({"status": 200, "exact": {"/a/b/0": "1"}}),
            json!({"status": 200, "exact": {"/a/c": "1"}}),
            json!({"status": 200, "count": {"/a/b": 1}}),
            json!({"status": 200, "ids": ["y"]}),
        ] {
            assert_eq!(wrong(expect.clone(), body.clone()), 1, "{expect}");
        }
    }
}
