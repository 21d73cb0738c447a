//! The places of a resource that can name another entry: <https://hl7.org/fhir/R4/http.html#trules>.

use super::narrative;
use crate::{
    definitions::{
        ResourceType, TypeId, TypeKind,
        names::{NameId, lookup},
    },
    json::{Kind, Node},
};
use std::{borrow::Cow, ops::Range, sync::LazyLock};

const REFERENCE: NameId = lookup(b"reference");
const DIV: NameId = lookup(b"div");

/// In what sort of element a reference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `Reference.reference`
    Reference,
    /// An element of type uri, url, oid or uuid.
    Uri,
    /// `href` or `src` in a Narrative.
    Narrative,
}

/// A text that may name another resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'d> {
    pub place: Place,
    /// Escapes resolved.
    pub text: Cow<'d, str>,
    /// Where it stands in the document, without the quotes.
    pub span: Range<usize>,
}

impl Reference<'_> {
    /// Whether this is `Type?criteria`, to be resolved by a search.
    pub fn is_conditional(&self) -> bool {
        self.place == Place::Reference
            && self.text.split_once('?').is_some_and(|(name, _)| ResourceType::from_name(name).is_some())
    }

    /// Whether this names something by `urn:uuid:` or `urn:oid:`: in a transaction, another entry.
    pub fn is_placeholder(&self) -> bool {
        is_placeholder(&self.text)
    }
}

/// All of them in document order: `Reference.reference`; elements of type uri, url, oid and uuid whose value is a
/// `urn:uuid:` or `urn:oid:`; `href` and `src` in the narrative. Contained resources are searched too.
pub fn references(resource: Node<'_>) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    collect(resource, &mut found);
    found
}

/// The conditional references (`Practitioner?identifier=a|b`) of a resource in document order, repeated ones repeated.
pub fn conditional_references(resource: Node<'_>) -> Vec<Cow<'_, str>> {
    references(resource)
        .into_iter()
        .filter(Reference::is_conditional)
        .map(|reference| reference.text)
        .collect()
}

/// Recursion is bounded by the depth of the document.
fn collect<'d>(object: Node<'d>, found: &mut Vec<Reference<'d>>) {
    for (key, value) in object.members() {
        match value.kind() {
            Kind::Object => collect(value, found),
            Kind::String => collect_string(key.name_id(), value, found),
            Kind::Array => {
                for item in value.items() {
                    match item.kind() {
                        Kind::Object => collect(item, found),
                        Kind::String => collect_string(key.name_id(), item, found),
                        // FHIR has no arrays in arrays, so nothing in them is a reference.
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn collect_string<'d>(name: NameId, value: Node<'d>, found: &mut Vec<Reference<'d>>) {
    if name == DIV {
        return narrative::urls(value, &mut |url, span| {
            found.push(Reference { place: Place::Narrative, text: Cow::Borrowed(url), span });
        });
    }
    // Cheap first: only few texts of a resource begin like this.
    if name != REFERENCE && !(value.raw().starts_with(b"\"urn:") && URIS.contains(name)) {
        return;
    }
    let Some(text) = value.as_str() else { return };
    let place = if name == REFERENCE { Place::Reference } else { Place::Uri };
    if place == Place::Reference || is_placeholder(&text) {
        let span = value.span();
        found.push(Reference { place, text, span: span.start + 1..span.end - 1 });
    }
}

fn is_placeholder(text: &str) -> bool {
    text.starts_with("urn:uuid:") || text.starts_with("urn:oid:")
}

/// The element names that have one of the types uri, url, oid and uuid somewhere in R4. `Identifier.value` is not one
/// of them: a business identifier is never rewritten.
static URIS: LazyLock<Names> = LazyLock::new(Names::of_uris);

struct Names(Vec<bool>);

impl Names {
    fn of_uris() -> Names {
        let mut names = Names(vec![false; usize::from(NameId::LIMIT)]);
        let definitions = TypeId::all().map(TypeId::definition);
        // A primitive type's own `value` is no member of a JSON object.
        for definition in definitions.filter(|definition| definition.kind != TypeKind::Primitive) {
            for element in &definition.elements {
                for (choice, allowed) in element.types.iter().enumerate() {
                    if matches!(allowed.id.path(), "uri" | "url" | "oid" | "uuid") {
                        names.0[usize::from(element.json_name(choice).0)] = true;
                    }
                }
            }
        }
        names.0[usize::from(NameId::UNKNOWN.0)] = false;
        names
    }

    fn contains(&self, name: NameId) -> bool {
        self.0.get(usize::from(name.0)).copied().unwrap_or(false)
    }
}
