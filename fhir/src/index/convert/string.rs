//! <https://hl7.org/fhir/R4/search.html#string>

use super::super::collector::Collector;
use super::Convert;
use crate::definitions::names::{self, NameId};
use crate::json::Node;

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    Some(match type_name {
        "HumanName" => human_name,
        "Address" => address,
        "string" | "uri" => plain,
        _ => return None,
    })
}

fn plain(value: Node<'_>, out: &mut Collector<'_, '_>) {
    match value.as_str() {
        Some(exact) => out.add_string(&exact),
        None => out.note(value, "not a text"),
    }
}

fn human_name(value: Node<'_>, out: &mut Collector<'_, '_>) {
    const PARTS: [NameId; 5] = named([b"family", b"given", b"prefix", b"suffix", b"text"]);
    parts(value, &PARTS, out);
}

fn address(value: Node<'_>, out: &mut Collector<'_, '_>) {
    const PARTS: [NameId; 7] =
        named([b"line", b"city", b"district", b"state", b"postalCode", b"country", b"text"]);
    parts(value, &PARTS, out);
}

/// Each part is a value of its own: a search may match any of them.
fn parts(value: Node<'_>, names: &[NameId], out: &mut Collector<'_, '_>) {
    for (key, part) in value.members().filter(|(key, _)| names.contains(&key.name_id())) {
        match key.name_id() {
            _ if part.as_str().is_some() => plain(part, out),
            _ => part.items().filter(|item| item.as_str().is_some()).for_each(|item| plain(item, out)),
        }
    }
}

const fn named<const N: usize>(texts: [&[u8]; N]) -> [NameId; N] {
    let mut ids = [NameId::UNKNOWN; N];
    let mut at = 0;
    while at < N {
        ids[at] = names::lookup(texts[at]);
        at += 1;
    }
    ids
}
