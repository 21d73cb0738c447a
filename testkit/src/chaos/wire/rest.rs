//! Over REST.

use super::{Call, Entry, Reply, Target, name_of, parts, version_of};
use crate::chaos::{
    content::Content,
    instant,
    record::{Level, Row},
};
use proto::{Code, error::Applied};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use std::{fmt::Write as _, time::Duration};

#[derive(Clone)]
pub(super) struct Rest {
    client: reqwest::Client,
    base: String,
}

/// Longer than the server's own.
const TIMEOUT: Duration = Duration::from_secs(40);

impl Rest {
    pub(super) fn new(base: &str) -> anyhow::Result<Rest> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        Ok(Rest { client, base: base.trim_end_matches('/').to_owned() })
    }

    pub(super) async fn send(&self, call: &Call, key: Option<&str>) -> Reply {
        let mut request = self.request(call);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Reply::Refused(None, format!("{error:?}")),
            Err(error) => return Reply::Unknown(format!("{error:?}")),
        };
        let head = Head::of(&answer);
        match answer.bytes().await {
            Ok(body) => read(call, &head, &body),
            Err(error) => Reply::Unknown(format!("{error:?}")),
        }
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let at = |method: Method, path: &str| {
            self.client.request(method, format!("{}/{path}", self.base).trim_end_matches('/'))
        };
        let json = |request: RequestBuilder, body: &str| {
            request.header("content-type", "application/fhir+json").body(body.to_owned())
        };
        let matching = |request: RequestBuilder, version: &Option<u64>| match version {
            Some(version) => request.header("if-match", format!("W/\"{version}\"")),
            None => request,
        };
        match call {
            Call::Put { name, body, if_match, only_new } => {
                let request = matching(json(at(Method::PUT, name), body), if_match);
                if *only_new { request.header("if-none-match", "*") } else { request }
            }
            Call::Patch { target, body, if_match } => {
                let path = match target {
                    Target::Name(name) => name.clone(),
                    Target::Criteria { kind, criteria } => format!("{kind}?{criteria}"),
                };
                let request = at(Method::PATCH, &path).header("content-type", "application/json-patch+json");
                matching(request.body(body.clone()), if_match)
            }
            Call::Delete { name } => at(Method::DELETE, name),
            Call::Create { kind, body, criteria } => {
                let request = json(at(Method::POST, kind), body);
                match criteria {
                    Some(criteria) => request.header("if-none-exist", criteria),
                    None => request,
                }
            }
            Call::Bundle { body } => json(at(Method::POST, ""), body),
            Call::Read { name } => at(Method::GET, name),
            Call::VRead { name, version } => at(Method::GET, &format!("{name}/_history/{version}")),
            Call::Search { more: Some(url), .. } | Call::History { more: Some(url), .. } => {
                self.client.get(url)
            }
            Call::Search { kind, query, .. } => {
                let pairs: Vec<_> =
                    query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
                at(Method::GET, &format!("{kind}?{}", pairs.join("&")))
            }
            Call::History { level, count, since_ms, .. } => {
                let mut path = match level {
                    Level::System => format!("_history?_count={count}"),
                    Level::Type(kind) => format!("{kind}/_history?_count={count}"),
                    Level::Instance(name) => format!("{name}/_history?_count={count}"),
                };
                if *since_ms > 0 {
                    let _ = write!(path, "&_since={}", escaped(&instant::text(*since_ms)));
                }
                at(Method::GET, &path)
            }
        }
    }
}

struct Head {
    status: u16,
    version: u64,
    location: String,
}

impl Head {
    fn of(answer: &Response) -> Head {
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Head {
            status: answer.status().as_u16(),
            version: version_of(header("etag")),
            location: header("location").to_owned(),
        }
    }
}

fn read(call: &Call, head: &Head, body: &[u8]) -> Reply {
    let json: Value = match (body.is_empty(), serde_json::from_slice(body)) {
        (true, _) => Value::Null,
        (false, Ok(json)) => json,
        (false, Err(error)) => return Reply::Unknown(format!("{}: not JSON: {error}", head.status)),
    };
    if head.status >= 300 {
        return refused(head.status, &json);
    }
    match call {
        Call::Put { name, .. } | Call::Delete { name } | Call::Patch { target: Target::Name(name), .. } => {
            Reply::Written { name: name.clone(), version: head.version, created: head.status == 201 }
        }
        Call::Patch { .. } => {
            let text = |name: &str| json[name].as_str().unwrap_or_default();
            let name = format!("{}/{}", text("resourceType"), text("id"));
            Reply::Written { name, version: head.version, created: false }
        }
        Call::Create { .. } => {
            let name = name_of(&head.location);
            Reply::Written { name, version: head.version, created: head.status == 201 }
        }
        Call::Bundle { .. } => Reply::Bundle(parts(&json)),
        Call::Read { .. } | Call::VRead { .. } => {
            Reply::Entries { entries: vec![resource(&json)], total: None, more: None }
        }
        Call::Search { .. } | Call::History { .. } => list(&json),
    }
}

/// By the code in the outcome's details, which every error of the server has.
fn refused(status: u16, json: &Value) -> Reply {
    let issue = &json["issue"][0];
    let name = issue["details"]["coding"][0]["code"].as_str().unwrap_or_default();
    let text = format!("{status} {name}: {}", issue["diagnostics"].as_str().unwrap_or_default());
    match Code::from_name(name) {
        Some(code) if code.applied() == Applied::No => Reply::Refused(Some(code), text),
        _ => Reply::Unknown(text),
    }
}

fn list(json: &Value) -> Reply {
    let entries = json["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let links = json["link"].as_array().map(Vec::as_slice).unwrap_or_default();
    let next = links.iter().find(|link| link["relation"] == "next");
    Reply::Entries {
        entries: entries.iter().map(entry).collect(),
        total: json["total"].as_u64(),
        more: next.and_then(|link| link["url"].as_str()).map(str::to_owned),
    }
}

fn entry(entry: &Value) -> Entry {
    let response = &entry["response"];
    if response.is_null() {
        return resource(&entry["resource"]);
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = Row {
        of: name_of(&text(&entry["fullUrl"])),
        version: version_of(&text(&response["etag"])),
        updated_ms: instant::millis(&text(&response["lastModified"])),
    };
    let deleted = entry["request"]["method"] == "DELETE";
    Entry { row, content: (!deleted).then(|| Content::of(&entry["resource"])) }
}

fn resource(json: &Value) -> Entry {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = Row {
        of: format!("{}/{}", text(&json["resourceType"]), text(&json["id"])),
        version: text(&json["meta"]["versionId"]).parse().unwrap_or_default(),
        updated_ms: instant::millis(&text(&json["meta"]["lastUpdated"])),
    };
    Entry { row, content: Some(Content::of(json)) }
}

/// Percent-encoded, as a value of a query.
pub(super) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b',' => {
                out.push(byte as char)
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}
