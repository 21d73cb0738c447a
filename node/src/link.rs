//! Addresses of the pages of a search or a history.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proto::{Code, Error};

/// Left as they are in links, for the reader's sake: none has a meaning in a query but in FHIR's values.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'/')
    .remove(b',')
    .remove(b'$');

/// Appends `name=value` after `?` or `&`.
pub fn append(url: &mut String, name: &str, value: &str) {
    url.push(if url.contains('?') { '&' } else { '?' });
    url.extend(utf8_percent_encode(name, ESCAPED));
    url.push('=');
    url.extend(utf8_percent_encode(value, ESCAPED));
}

/// The path of the default tenant's resources, below which FHIR's are.
pub const FHIR: &str = "/fhir";

/// The base of a tenant's resources beside `base`, which is the default one's: `/t/NAME` comes before the `/fhir` that it ends with; where it
/// ends otherwise, `/t/NAME/fhir` behind all of it.
pub fn of_tenant(base: &str, name: &str) -> String {
    format!("{}/t/{name}{FHIR}", base.strip_suffix(FHIR).unwrap_or(base))
}

/// What stands below the base; relative where that is not known.
pub fn path(base: Option<&str>, segments: &[&str]) -> String {
    let segments = base.iter().chain(segments).copied();
    segments.filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/")
}

/// The page itself and others; without a base they are relative to it.
#[derive(Debug, Default)]
pub struct Links {
    pub self_: String,
    /// On every page but the first.
    pub first: Option<String>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// Of a page itself and of those beside it; empty where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursors<'c> {
    pub own: &'c str,
    pub previous: &'c str,
    pub next: &'c str,
}

/// The longest link: a form takes more than a URL can. HTTP libraries stop at 65,534 bytes, and the head of a request has
/// other lines too.
const LINK_BYTES_MAX: usize = 48 << 10;

impl Links {
    /// To `path` with the parameters that were used and how the answer is to look, as the specification wants self links
    /// (<https://hl7.org/fhir/R4/search.html#conformance>).
    ///
    /// # Errors
    /// `TooCostly` where a next page could not be asked for by its link.
    pub fn new<'p>(
        path: &str,
        parameters: impl Iterator<Item = (&'p str, &'p str)>,
        cursors: Cursors<'_>,
    ) -> Result<Links, Error> {
        let mut url = path.to_owned();
        for (name, value) in parameters {
            append(&mut url, name, value);
        }
        let at = |cursor: &str| {
            let mut url = url.clone();
            if !cursor.is_empty() {
                append(&mut url, "_cursor", cursor);
            }
            url
        };
        let to = |cursor: &str| (!cursor.is_empty()).then(|| at(cursor));
        let next = to(cursors.next);
        if next.as_ref().is_some_and(|next| next.len() > LINK_BYTES_MAX) {
            let text = format!(
                "there are more pages, and a link with these parameters has over {LINK_BYTES_MAX} bytes: ask for all in one page by _count, or for less at once"
            );
            return Err(Error::new(Code::TooCostly, text));
        }
        let first = (!cursors.own.is_empty()).then(|| at(""));
        Ok(Links { self_: at(cursors.own), first, previous: to(cursors.previous), next })
    }
}
