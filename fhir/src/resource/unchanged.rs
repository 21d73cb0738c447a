//! Updates that change nothing.

use super::envelope::{ID, LAST_UPDATED, META, VERSION_ID};
use crate::json::{Document, Limits, Node, equal_members};
use bytes::Bytes;

/// Whether storing `new` under `id` would say nothing that the stored bytes `old` do not say already,
/// `meta.versionId` and `meta.lastUpdated` aside. Whitespace, order of members and escapes do not count; the digits of a
/// number do. In doubt (old bytes that do not parse, a very large object reordered) the answer is no, which costs a
/// version and loses nothing.
pub fn unchanged(old: &Bytes, new: Node<'_>, id: &str) -> bool {
    let limits = Limits { depth_max: usize::MAX, bytes_max: usize::MAX };
    let Ok(old) = Document::parse(old.clone(), &limits) else { return false };
    let old = old.root();
    old.get_name(ID).and_then(Node::as_str).as_deref() == Some(id)
        && equal_members(old, new, |name| name == ID || name == META)
        && same_meta(old.get_name(META), new.get_name(META))
}

fn same_meta(old: Option<Node<'_>>, new: Option<Node<'_>>) -> bool {
    let assigned = |name| name == VERSION_ID || name == LAST_UPDATED;
    let says_nothing = |meta: Node<'_>| meta.members().all(|(key, _)| assigned(key.name_id()));
    match (old, new) {
        (Some(old), Some(new)) => equal_members(old, new, assigned),
        (one, other) => one.or(other).is_none_or(says_nothing),
    }
}
