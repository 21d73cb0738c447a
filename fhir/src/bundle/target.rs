//! What the url of an entry's request points at.

use crate::{definitions::ResourceType, percent};
use std::borrow::Cow;

/// The interaction a url names together with its method: <https://hl7.org/fhir/R4/http.html#general>. Names and ids are
/// percent-decoded, and unchecked: whether the type exists and the id is valid is for the interaction to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `Patient`
    Type { resource_type: String },
    /// `Patient/1`
    Instance { resource_type: String, id: String },
    /// `Patient/1/_history/2`
    Version { resource_type: String, id: String, version_id: String },
    /// `Patient?name=x`, `Patient/_search?name=x`; over all types `?name=x`. The query is not decoded.
    Search { resource_type: Option<String>, query: String },
    /// `Patient/1/_history`, `Patient/_history`, `_history`
    History { resource_type: Option<String>, id: Option<String> },
    /// `$name`, `Patient/$name`, `Patient/1/$name`, `Patient/1/_history/2/$name`, with a query that is not decoded; what
    /// is not in the path is empty: <https://hl7.org/fhir/R4/operations.html>
    Operation { resource_type: String, id: String, version_id: String, name: String, query: String },
    /// `metadata`
    Metadata,
}

/// The url is none of the forms of [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a url of an entry; use Type, Type/id, Type?query, Type/id/_history/version, Type/id/_history, \
     Type/_history, _history, metadata or a path of an operation, such as Type/$name, in UTF-8 where it is \
     percent-encoded"
)]
pub struct InvalidTarget(pub String);

impl Target {
    /// Reads a url relative to the service base. A leading slash and a base (`http://host/fhir/Patient/1`,
    /// `/fhir/Patient/1`) are tolerated: everything before the first known type is taken as the base.
    pub fn parse(url: &str) -> Result<Self, InvalidTarget> {
        let (path, query) = match url.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (url, None),
        };
        let segments = segments(path);
        let target = segments.and_then(|segments| {
            let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
            Self::of(&segments, query)
        });
        target.ok_or_else(|| InvalidTarget(url.chars().take(200).collect()))
    }

    /// The same for what only reads, where reads, histories and the capabilities take parameters, too: the second is their query, which
    /// is not decoded, empty where there is none or the target has it itself.
    pub fn parse_read(url: &str) -> Result<(Self, &str), InvalidTarget> {
        let invalid = match Self::parse(url) {
            Ok(target) => return Ok((target, "")),
            Err(invalid) => invalid,
        };
        let Some((path, query)) = url.split_once('?') else { return Err(invalid) };
        match Self::parse(path) {
            Ok(
                target @ (Target::Instance { .. }
                | Target::Version { .. }
                | Target::History { .. }
                | Target::Metadata),
            ) => Ok((target, query)),
            _ => Err(invalid),
        }
    }

    fn of(segments: &[&str], query: Option<&str>) -> Option<Self> {
        let own = |text: &str| text.to_owned();
        if let Some((name, path)) = segments.split_last().filter(|(name, _)| name.starts_with('$')) {
            return Self::operation(name, path, query.unwrap_or_default());
        }
        let target = match *segments {
            [] | ["_search"] => Target::Search { resource_type: None, query: own(query?) },
            [first, ..] if first.is_empty() || first.starts_with('$') => return None,
            ["metadata"] => Target::Metadata,
            ["_history"] => Target::History { resource_type: None, id: None },
            [name] if query.is_none() => Target::Type { resource_type: own(name) },
            [name] | [name, "_search"] => {
                Target::Search { resource_type: Some(own(name)), query: own(query.unwrap_or_default()) }
            }
            [name, "_history"] => Target::History { resource_type: Some(own(name)), id: None },
            [name, id] if !id.starts_with('$') => Target::Instance { resource_type: own(name), id: own(id) },
            [name, id, "_history"] => Target::History { resource_type: Some(own(name)), id: Some(own(id)) },
            [name, id, "_history", version] => {
                Target::Version { resource_type: own(name), id: own(id), version_id: own(version) }
            }
            _ => return None,
        };
        // A parameter that would be dropped silently is refused instead.
        let takes_query = matches!(target, Target::Search { .. });
        (takes_query || query.is_none_or(str::is_empty)).then_some(target)
    }
}

impl Target {
    fn operation(name: &str, path: &[&str], query: &str) -> Option<Self> {
        let [resource_type, id, version_id] = match *path {
            [] => [""; 3],
            [resource_type] => [resource_type, "", ""],
            [resource_type, id] => [resource_type, id, ""],
            [resource_type, id, "_history", version_id] => [resource_type, id, version_id],
            _ => return None,
        };
        if path.iter().any(|segment| segment.is_empty() || segment.starts_with('$')) {
            return None;
        }
        Some(Target::Operation {
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            version_id: version_id.to_owned(),
            name: name.to_owned(),
            query: query.to_owned(),
        })
    }
}

/// The segments after the base, each decoded by itself; `None`: one of them is no text.
fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    let after_host = match path.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    let based = after_host.len() != path.len() || path.starts_with('/');
    let trimmed = after_host.trim_start_matches('/');
    let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
    let decoded =
        trimmed.split('/').filter(|_| !trimmed.is_empty()).map(|one| percent::decode(one.as_bytes()));
    let mut all = decoded.collect::<Result<Vec<_>, _>>().ok()?;
    if !based {
        return Some(all);
    }
    let known = |segment: &Cow<'_, str>| {
        let own = matches!(&**segment, "metadata" | "_history" | "_search") || segment.starts_with('$');
        own || ResourceType::from_name(segment).is_some()
    };
    let start = all.iter().position(known).unwrap_or(0);
    Some(all.split_off(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(resource_type: &str, id: &str) -> Target {
        Target::Instance { resource_type: resource_type.into(), id: id.into() }
    }

    #[test]
    fn reads_all_forms() {
        let patient = || "Patient".to_owned();
        let cases = [
            ("Patient", Target::Type { resource_type: patient() }),
            ("/Patient", Target::Type { resource_type: patient() }),
            ("Patient/1", instance("Patient", "1")),
            ("Patient/1/", instance("Patient", "1")),
            ("/fhir/Patient/1", instance("Patient", "1")),
            ("http://host:8080/some/fhir/Patient/1", instance("Patient", "1")),
            ("https://host/Patient/Patient", instance("Patient", "Patient")),
            ("Nonsense/1", instance("Nonsense", "1")),
            ("Patient/1/_history", Target::History { resource_type: Some(patient()), id: Some("1".into()) }),
            ("Patient/_history", Target::History { resource_type: Some(patient()), id: None }),
            ("_history", Target::History { resource_type: None, id: None }),
            ("metadata", Target::Metadata),
            ("/metadata", Target::Metadata),
            ("http://host/fhir/metadata", Target::Metadata),
            (
                "Patient?a=b&c=d/e",
                Target::Search { resource_type: Some(patient()), query: "a=b&c=d/e".into() },
            ),
            ("Patient/_search?a=b", Target::Search { resource_type: Some(patient()), query: "a=b".into() }),
            ("?_type=Patient", Target::Search { resource_type: None, query: "_type=Patient".into() }),
            (
                "http://host/fhir/Patient?x=1",
                Target::Search { resource_type: Some(patient()), query: "x=1".into() },
            ),
        ];
        for (url, target) in cases {
            assert_eq!(Target::parse(url), Ok(target), "{url}");
        }
        let version = Target::Version { resource_type: patient(), id: "1".into(), version_id: "2".into() };
        assert_eq!(Target::parse("Patient/1/_history/2"), Ok(version));
    }

    #[test]
    fn decodes_paths_and_leaves_queries_encoded() {
        assert_eq!(Target::parse("Patient/a%2Db"), Ok(instance("Patient", "a-b")));
        assert_eq!(Target::parse("http://h/a%20b/%50atient/a"), Ok(instance("Patient", "a")));
        // As of a path of HTTP: an encoded slash or question mark is none of the path's own.
        assert_eq!(Target::parse("Patient/a%2Fb%3Fc"), Ok(instance("Patient", "a/b?c")));
        let search = Target::Search { resource_type: Some("Patient".into()), query: "a=%41".into() };
        assert_eq!(Target::parse("%50atient?a=%41"), Ok(search));
        let validate = Target::parse("Patient/%24validate");
        assert!(matches!(validate, Ok(Target::Operation { name, .. }) if name == "$validate"));
        assert!(Target::parse("Patient/%ff").is_err());
    }

    #[test]
    fn reads_operations() {
        let of = |url| match Target::parse(url) {
            Ok(Target::Operation { resource_type, id, version_id, name, query }) => {
                [resource_type, id, version_id, name, query]
            }
            other => panic!("{url}: {other:?}"),
        };
        assert_eq!(of("$versions"), ["", "", "", "$versions", ""]);
        assert_eq!(of("/fhir/$versions"), ["", "", "", "$versions", ""]);
        assert_eq!(of("ValueSet/$expand?url=a/b"), ["ValueSet", "", "", "$expand", "url=a/b"]);
        assert_eq!(of("http://h/fhir/Patient/1/$validate"), ["Patient", "1", "", "$validate", ""]);
        assert_eq!(of("Patient/1/_history/2/$validate"), ["Patient", "1", "2", "$validate", ""]);
    }

    #[test]
    fn reads_have_parameters() {
        assert_eq!(
            Target::parse_read("Patient/1?_summary=true"),
            Ok((instance("Patient", "1"), "_summary=true"))
        );
        assert_eq!(Target::parse_read("Patient/1"), Ok((instance("Patient", "1"), "")));
        assert_eq!(Target::parse_read("metadata?_elements=id"), Ok((Target::Metadata, "_elements=id")));
        let history = Target::History { resource_type: Some("Patient".into()), id: None };
        assert_eq!(Target::parse_read("Patient/_history?_count=2"), Ok((history, "_count=2")));
        let search = Target::Search { resource_type: Some("Patient".into()), query: "_count=2".into() };
        assert_eq!(Target::parse_read("Patient?_count=2"), Ok((search, "")));
        assert!(
            Target::parse_read("Patient/1/2?x=y").is_err() && Target::parse_read("Patient//1?x=y").is_err()
        );
    }

    #[test]
    fn refuses_the_rest() {
        for url in [
            "",
            "/",
            "Patient//1",
            "Patient//$match",
            "Patient/1/2/3/$everything",
            "Patient/$a/$b",
            "Patient/1/Observation",
            "Patient/1?x=y",
            "metadata?x=y",
            "Patient/1/_history?_count=2",
            "http://host",
        ] {
            assert!(Target::parse(url).is_err(), "{url}: {:?}", Target::parse(url));
        }
    }
}
