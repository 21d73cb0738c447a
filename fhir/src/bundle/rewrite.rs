//! References between entries become references to what the entries turned into.

use super::{
    Bundle, Entry,
    reference::{Place, Reference, references},
};
use crate::{
    definitions::ResourceType,
    json::{Node, write_escaped},
};

impl Bundle<'_> {
    /// The bytes of `resource`, an entry's own or one inside it, with every reference `resolve` knows replaced and all
    /// other bytes as received; `None` if nothing changes.
    ///
    /// `resolve` gets a fullUrl or a conditional reference and answers `Type/id`. What is asked, in this order:
    /// the text itself; the text without fragment (`#x`) and version (`/_history/2`), which are kept in the
    /// result; for a relative reference, the same under the base of the entry's fullUrl:
    /// <https://hl7.org/fhir/R4/bundle.html#references>.
    pub fn rewrite(
        &self,
        entry: &Entry<'_>,
        resource: Node<'_>,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Vec<u8>> {
        let base = entry.full_url.as_deref().and_then(base_of);
        let source = resource.document().source();
        let mut out = Vec::new();
        let mut from = resource.span().start;
        for Reference { place, text, span } in references(resource) {
            let base = base.filter(|_| place == Place::Reference);
            let Some(target) = resolved(&text, base, resolve).filter(|target| *target != text) else {
                continue;
            };
            if out.is_empty() {
                out.reserve_exact(resource.span().len() + 256);
            }
            out.extend_from_slice(&source[from..span.start]);
            write_escaped(&mut out, &target);
            from = span.end;
        }
        if out.is_empty() {
            return None;
        }
        out.extend_from_slice(&source[from..resource.span().end]);
        Some(out)
    }
}

fn resolved(text: &str, base: Option<&str>, resolve: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (identity, suffix) = split(text);
    let asked = |text: &str| resolve(text).map(|target| target + suffix);
    if let Some(target) = resolve(text) {
        return Some(target);
    }
    if !suffix.is_empty()
        && !identity.is_empty()
        && let Some(target) = asked(identity)
    {
        return Some(target);
    }
    let (name, _) = identity.split_once('/')?;
    ResourceType::from_name(name)?;
    asked(&format!("{}{identity}", base?))
}

/// Identity, and the fragment or version after it. The criteria of a conditional reference are a part of the identity.
fn split(text: &str) -> (&str, &str) {
    if text.contains('?') {
        return (text, "");
    }
    let at = text.find("/_history/").or_else(|| text.find('#')).unwrap_or(text.len());
    text.split_at(at)
}

/// `http://host/fhir/` of `http://host/fhir/Patient/1`; nothing for a `urn:`.
fn base_of(full_url: &str) -> Option<&str> {
    let (rest, id) = full_url.rsplit_once('/')?;
    let (base, name) = rest.rsplit_once('/')?;
    let restful = ResourceType::from_name(name).is_some() && !id.is_empty() && full_url.contains("://");
    restful.then(|| &full_url[..base.len() + 1])
}
