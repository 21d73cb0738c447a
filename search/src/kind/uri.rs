//! https://hl7.org/fhir/R4/search.html#uri: exact and case-sensitive; `:below` and `:above` go by the path of a URL.

use super::condition::Condition;
use super::index::{Lookup, Place, exact, head, tag};
use super::offer::{Asked, Kind, Modifier, Name};
use super::problem::Problem;
use super::text::{quoted, unescape};
use fhir::index::Value;

/// What a uri takes.
pub const KIND: Kind<UriMatch> = Kind {
    name: "uri",
    plain: is,
    prefixes: &[],
    modifiers: &[
        Modifier { name: Name::Word("below"), read: below, negates: false, lists: None },
        Modifier { name: Name::Word("above"), read: above, negates: false, lists: None },
    ],
};

/// Longest URL that `:above` takes: it stands for each start of it.
const ABOVE_BYTES_MAX: usize = 1024;

/// Longest start that `:below` takes: of longer values the index keeps as much as that and a hash.
const BELOW_BYTES_MAX: usize = 256;

/// A condition on URIs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UriMatch {
    /// Exactly that one.
    Exact(String),
    /// It starts so.
    Below(String),
}

fn is(_: &Asked<'_>, part: &str, all: &mut Vec<UriMatch>) -> Result<(), Problem> {
    all.push(UriMatch::Exact(unescape(part)));
    Ok(())
}

fn below(_: &Asked<'_>, part: &str, all: &mut Vec<UriMatch>) -> Result<(), Problem> {
    all.push(UriMatch::Below(url("below", part, BELOW_BYTES_MAX)?));
    Ok(())
}

fn above(_: &Asked<'_>, part: &str, all: &mut Vec<UriMatch>) -> Result<(), Problem> {
    let url = url("above", part, ABOVE_BYTES_MAX)?;
    all.extend(starts(&url).map(UriMatch::Exact));
    Ok(())
}

/// What has a path.
fn url(modifier: &str, part: &str, bytes_max: usize) -> Result<String, Problem> {
    let url = unescape(part);
    if url.starts_with("urn:") {
        return Err(Problem::unusable("a URN has no path: ':below' and ':above' are for URLs"));
    }
    match url.len() > bytes_max {
        true => Err(Problem::unusable(format!("':{modifier}' takes at most {bytes_max} bytes"))),
        false => Ok(url),
    }
}

/// The URL and those that name the start of its path, with and without the last slash; never less than the host.
fn starts(url: &str) -> impl Iterator<Item = String> {
    let path = url.find("://").map_or(0, |at| at + 3);
    let slashes = url.match_indices('/').map(|(at, _)| at).filter(move |at| *at >= path);
    let starts = slashes.flat_map(|at| [at, at + 1]).filter(|end| *end < url.len());
    starts.chain([url.len()]).map(|end| url[..end].to_owned())
}

impl Condition for UriMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let (Value::Uri(uri) | Value::ReferenceUrl { url: uri, .. }) = value else { return false };
        match self {
            UriMatch::Exact(wanted) => uri == wanted,
            UriMatch::Below(start) => uri.starts_with(start.as_str()),
        }
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(match self {
            UriMatch::Exact(uri) => format!("={}", quoted(uri)),
            UriMatch::Below(uri) => format!("<{}", quoted(uri)),
        })
    }

    fn trace(&self) -> Option<&str> {
        match self {
            UriMatch::Exact(uri) => Some(uri),
            UriMatch::Below(_) => None,
        }
    }

    fn lookup(&self, place: Place) -> Lookup {
        match self {
            UriMatch::Exact(uri) => Lookup::Term(term(place, uri)),
            // Values too long for a term stand there by a start that is as long as `start` may be.
            UriMatch::Below(start) => Lookup::Prefixes([tag::URL, tag::SHORTENED | tag::URL].map(|kind| {
                let mut prefix = head(place, kind);
                prefix.extend_from_slice(start.as_bytes());
                prefix
            })),
        }
    }
}

/// The terms of a value.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    if let Value::Uri(uri) = *value {
        add(term(place, uri));
    }
}

/// The term of a URI, which that of a reference to another server is, too.
pub fn term(place: Place, uri: &str) -> Vec<u8> {
    exact(place, tag::URL, uri.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::starts;

    #[test]
    fn starts_of_a_url() {
        let all: Vec<_> = starts("http://a.org/x/y").collect();
        assert_eq!(
            all,
            ["http://a.org", "http://a.org/", "http://a.org/x", "http://a.org/x/", "http://a.org/x/y"]
        );
        assert_eq!(starts("http://a.org/").collect::<Vec<_>>(), ["http://a.org", "http://a.org/"]);
    }
}
