//! Splicing identity and meta into the bytes received.

use super::{
    envelope::{ID, LAST_UPDATED, META, RESOURCE_TYPE, VERSION_ID},
    instant::{INSTANT_LEN, instant_bytes},
};
use crate::json::{Kind, Node};
use smallvec::SmallVec;
use std::ops::Range;

/// A part of the source and what stands in its place.
struct Edit {
    /// In the source; empty for an insertion.
    at: Range<usize>,
    text: Text,
}

/// Long enough for a whole new meta, so that the stored bytes are the only allocation.
type Text = SmallVec<[u8; 128]>;

/// What the server assigns.
struct Assigned<'a> {
    id: &'a [u8],
    version: Digits,
    updated: [u8; INSTANT_LEN],
}

/// The resource as it is stored: the bytes it was received in, with `id`, `meta.versionId` and `meta.lastUpdated` set.
///
/// Each of the three replaces its old value where it stood. A missing id comes right after `resourceType`, a missing
/// meta after the id, missing members of meta in front of the others. All other bytes stay as they are, whitespace too.
/// `resource` is one that [`Envelope::read`](super::Envelope::read) accepted, `id` one that it would accept.
pub fn stored(resource: Node<'_>, id: &str, version: u64, last_updated_ms: u64) -> Vec<u8> {
    debug_assert_eq!(resource.kind(), Kind::Object);
    let span = resource.span();
    let assigned =
        Assigned { id: id.as_bytes(), version: Digits::of(version), updated: instant_bytes(last_updated_ms) };
    let mut edits = edits(resource, &assigned);
    edits.sort_by_key(|edit| edit.at.start);
    let added = edits.iter().map(|edit| edit.text.len()).sum::<usize>();
    let source = resource.document().source();
    let mut out = Vec::with_capacity(span.len() + added);
    let mut from = span.start;
    for edit in edits {
        out.extend_from_slice(&source[from..edit.at.start]);
        out.extend_from_slice(&edit.text);
        from = edit.at.end;
    }
    out.extend_from_slice(&source[from..span.end]);
    out
}

fn edits(resource: Node<'_>, assigned: &Assigned<'_>) -> SmallVec<[Edit; 4]> {
    let (mut type_end, mut id, mut meta) = (resource.span().start + 1, None, None);
    for (key, value) in resource.members() {
        match key.name_id() {
            RESOURCE_TYPE => type_end = value.span().end,
            ID => id = Some(value),
            META => meta = Some(value),
            _ => {}
        }
    }
    let mut edits = SmallVec::new();
    match id {
        None => edits.push(insert(type_end, &[b",\"id\":\"", assigned.id, b"\""])),
        Some(old) if old.as_str().is_some_and(|old| old.as_bytes() == assigned.id) => {}
        Some(old) => edits.push(replace(old, &[b"\"", assigned.id, b"\""])),
    }
    let (version, updated) = (assigned.version.as_bytes(), &assigned.updated[..]);
    let object: [&[u8]; 5] = [b"{\"versionId\":\"", version, b"\",\"lastUpdated\":\"", updated, b"\"}"];
    match meta {
        Some(meta) if meta.kind() == Kind::Object => meta_edits(meta, version, updated, &mut edits),
        Some(wrong) => edits.push(replace(wrong, &object)),
        None => {
            let mut edit = insert(id.map_or(type_end, |id| id.span().end), &[b",\"meta\":"]);
            edit.text.extend(text(&object));
            edits.push(edit);
        }
    }
    edits
}

fn meta_edits(meta: Node<'_>, version: &[u8], updated: &[u8], edits: &mut SmallVec<[Edit; 4]>) {
    let start = meta.span().start + 1;
    let comma: &[u8] = if meta.is_empty() { b"" } else { b"," };
    let member: &[u8] = b"\"versionId\":\"";
    let updated_member: &[u8] = b"\"lastUpdated\":\"";
    let (old_version, old_updated) = (meta.get_name(VERSION_ID), meta.get_name(LAST_UPDATED));
    match (old_version, old_updated) {
        (None, None) => {
            edits.push(insert(start, &[member, version, b"\",", updated_member, updated, b"\"", comma]));
        }
        (None, Some(_)) => edits.push(insert(start, &[member, version, b"\"", comma])),
        (Some(_), None) => edits.push(insert(start, &[updated_member, updated, b"\"", comma])),
        (Some(_), Some(_)) => {}
    }
    edits.extend(old_version.map(|old| replace(old, &[b"\"", version, b"\""])));
    edits.extend(old_updated.map(|old| replace(old, &[b"\"", updated, b"\""])));
}

fn insert(at: usize, parts: &[&[u8]]) -> Edit {
    Edit { at: at..at, text: text(parts) }
}

fn replace(node: Node<'_>, parts: &[&[u8]]) -> Edit {
    Edit { at: node.span(), text: text(parts) }
}

fn text(parts: &[&[u8]]) -> Text {
    let mut text = Text::new();
    parts.iter().for_each(|part| text.extend_from_slice(part));
    text
}

/// A number in decimal, without an allocation.
struct Digits {
    places: [u8; 20],
    from: usize,
}

impl Digits {
    fn of(mut number: u64) -> Self {
        let mut digits = Digits { places: [b'0'; 20], from: 20 };
        loop {
            digits.from -= 1;
            digits.places[digits.from] += (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return digits;
            }
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.places[self.from..]
    }
}
