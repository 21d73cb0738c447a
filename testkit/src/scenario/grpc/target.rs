//! Which call a REST request is.

use super::super::Sent;
use anyhow::{Context, bail};
use client::api;

#[derive(Debug, PartialEq)]
pub(super) enum Target {
    Create {
        resource_type: String,
    },
    Read {
        resource_type: String,
        id: String,
    },
    VRead {
        resource_type: String,
        id: String,
        version: String,
    },
    /// With an empty id, as of the two that follow: of the one that matches the parameters.
    Update {
        resource_type: String,
        id: String,
        criteria: String,
    },
    Patch {
        resource_type: String,
        id: String,
        criteria: String,
    },
    Delete {
        resource_type: String,
        id: String,
        criteria: String,
    },
    /// Empty strings: of a type, of everything.
    History {
        resource_type: String,
        id: String,
    },
    Transaction,
    Search {
        resource_type: String,
        compartment: Option<(String, String)>,
    },
    Operation(api::OperationRequest),
    Capabilities,
}

/// Of the query, and of the body of a search by POST.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

/// Where a link of [`super::shape`] has the cursor, as REST's has.
pub(super) const CURSOR: &str = "_cursor";

pub(super) fn of(sent: &Sent) -> anyhow::Result<(Target, Parameters)> {
    let url = reqwest::Url::parse(&format!("http://base/{}", sent.path.trim_start_matches('/')))?;
    let mut parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let segments: Vec<String> = url
        .path_segments()
        .context("no path")?
        .filter(|segment| !segment.is_empty())
        .map(|segment| form_decoded(&segment.replace('+', "%2B")))
        .collect::<anyhow::Result<_>>()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let owned = str::to_owned;
    if let Some(request) = operation(sent, &segments) {
        return Ok((Target::Operation(request), Parameters(parameters)));
    }
    let target = match (sent.method.as_str(), segments.as_slice()) {
        ("GET", ["metadata"]) => Target::Capabilities,
        ("GET", ["_history"]) => Target::History { resource_type: String::new(), id: String::new() },
        ("GET", [kind, "_history"]) => Target::History { resource_type: owned(kind), id: String::new() },
        ("GET", [kind, id, "_history"]) => Target::History { resource_type: owned(kind), id: owned(id) },
        ("GET", [kind, id, "_history", version]) => {
            Target::VRead { resource_type: owned(kind), id: owned(id), version: owned(version) }
        }
        ("POST", [path @ .., "_search"]) => {
            let form = std::str::from_utf8(sent.body.as_deref().unwrap_or_default())?;
            let form = reqwest::Url::parse(&format!("http://base/?{form}"))?;
            parameters.extend(form.query_pairs().into_owned());
            search(path)?
        }
        ("POST", []) => Target::Transaction,
        ("POST", [kind]) => Target::Create { resource_type: owned(kind) },
        ("GET", [kind, id]) => Target::Read { resource_type: owned(kind), id: owned(id) },
        ("PUT", [kind, id]) => {
            Target::Update { resource_type: owned(kind), id: owned(id), criteria: String::new() }
        }
        ("PUT", [kind]) => {
            let criteria = owned(url.query().unwrap_or_default());
            Target::Update { resource_type: owned(kind), id: String::new(), criteria }
        }
        ("PATCH", [kind, id]) => {
            Target::Patch { resource_type: owned(kind), id: owned(id), criteria: String::new() }
        }
        ("PATCH", [kind]) => {
            let criteria = owned(url.query().unwrap_or_default());
            Target::Patch { resource_type: owned(kind), id: String::new(), criteria }
        }
        ("DELETE", [kind, id]) => {
            Target::Delete { resource_type: owned(kind), id: owned(id), criteria: String::new() }
        }
        ("DELETE", [kind]) => {
            let criteria = owned(url.query().unwrap_or_default());
            Target::Delete { resource_type: owned(kind), id: String::new(), criteria }
        }
        ("GET", path) => search(path)?,
        _ => bail!("no call does {} {}: mark the step `only: rest`", sent.method, sent.path),
    };
    Ok((target, Parameters(parameters)))
}

/// A path that ends in `$name`; whether it is one of the levels there are, the server says.
fn operation(sent: &Sent, segments: &[&str]) -> Option<api::OperationRequest> {
    let (name, target) = segments.split_last().filter(|(name, _)| name.starts_with('$'))?;
    let [resource_type, id, version_id] = match *target {
        [] => [""; 3],
        [kind] => [kind, "", ""],
        [kind, id] => [kind, id, ""],
        [kind, id, "_history", version] => [kind, id, version],
        _ => return None,
    };
    Some(api::OperationRequest {
        name: (*name).to_owned(),
        resource_type: resource_type.to_owned(),
        id: id.to_owned(),
        version_id: version_id.to_owned(),
        parameters: Vec::new(),
        body: sent.body.clone().unwrap_or_default().into(),
        read_only: sent.method == "GET",
    })
}

fn search(path: &[&str]) -> anyhow::Result<Target> {
    let (resource_type, compartment) = match path {
        [] => (String::new(), None),
        [kind] => ((*kind).to_owned(), None),
        [compartment, id, kind] => {
            let kind = if *kind == "*" { "" } else { kind };
            (kind.to_owned(), Some(((*compartment).to_owned(), (*id).to_owned())))
        }
        _ => bail!("no search has the path {path:?}"),
    };
    Ok(Target::Search { resource_type, compartment })
}

fn form_decoded(text: &str) -> anyhow::Result<String> {
    let url = reqwest::Url::parse(&format!("http://base/?x={text}"))?;
    Ok(url.query_pairs().next().context("empty")?.1.into_owned())
}

/// The language of a patch of that media type; `Unspecified` where there is none.
pub(super) fn patch_kind(media_type: &str) -> api::PatchKind {
    match media_type.split(';').next().unwrap_or_default() {
        "application/json-patch+json" => api::PatchKind::Json,
        "application/merge-patch+json" => api::PatchKind::Merge,
        "application/fhir+json" => api::PatchKind::Fhirpath,
        _ => api::PatchKind::Unspecified,
    }
}

/// What the header `Prefer` asks entries to be answered with.
pub(super) fn entry_return(prefer: &str) -> api::EntryReturn {
    match prefer {
        "return=minimal" => api::EntryReturn::Minimal,
        "return=representation" => api::EntryReturn::Representation,
        "return=OperationOutcome" => api::EntryReturn::OperationOutcome,
        _ => api::EntryReturn::Unspecified,
    }
}

impl Parameters {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn history(mut self, resource_type: String, id: String) -> api::HistoryRequest {
        let count = self.take("_count").and_then(|count| count.parse().ok()).unwrap_or_default();
        let cursor = self.take(CURSOR).unwrap_or_default();
        let (summary, elements) = self.part();
        api::HistoryRequest { resource_type, id, count, since_ms: 0, cursor, summary, elements }
    }

    /// `_summary` and `_elements`.
    pub(super) fn part(&mut self) -> (String, String) {
        (self.take("_summary").unwrap_or_default(), self.take("_elements").unwrap_or_default())
    }

    pub(super) fn operation(self, request: api::OperationRequest) -> api::OperationRequest {
        api::OperationRequest { parameters: self.all(), ..request }
    }

    fn all(self) -> Vec<api::SearchParameter> {
        self.0.into_iter().map(|(name, value)| api::SearchParameter { name, value }).collect()
    }

    pub(super) fn search(
        mut self,
        resource_type: String,
        compartment: Option<(String, String)>,
        strict: bool,
    ) -> api::SearchRequest {
        let cursor = self.take(CURSOR).unwrap_or_default();
        let parameters = self.all();
        let (compartment_type, compartment_id) = compartment.unwrap_or_default();
        api::SearchRequest { resource_type, parameters, cursor, strict, compartment_type, compartment_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(method: &str, path: &str) -> Target {
        let sent = Sent { method: method.into(), path: path.into(), headers: Default::default(), body: None };
        of(&sent).unwrap().0
    }

    #[test]
    fn routes() {
        let text = str::to_owned;
        assert_eq!(target("POST", ""), Target::Transaction);
        assert_eq!(target("GET", "metadata"), Target::Capabilities);
        assert_eq!(
            target("GET", "Patient/a%20b"),
            Target::Read { resource_type: text("Patient"), id: text("a b") }
        );
        assert_eq!(target("GET", "_history"), Target::History { resource_type: text(""), id: text("") });
        let compartment = Some((text("Patient"), text("x")));
        let expected = Target::Search { resource_type: text("Observation"), compartment };
        assert_eq!(target("GET", "Patient/x/Observation?code=y"), expected);
        assert_eq!(target("POST", "Patient/x/Observation/_search"), expected);
        let Target::Operation(asked) = target("GET", "ValueSet/x/$expand?count=1") else {
            panic!("no operation")
        };
        let got = (asked.name.as_str(), asked.resource_type.as_str(), asked.id.as_str(), asked.read_only);
        assert_eq!(got, ("$expand", "ValueSet", "x", true));
    }
}
