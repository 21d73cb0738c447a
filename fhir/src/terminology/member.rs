//! Members of a resource, read leniently: what has another shape counts as absent.

use crate::json::Node;

/// The text of that member.
pub(super) fn text(node: Node<'_>, name: &str) -> Option<Box<str>> {
    node.get(name).and_then(Node::as_str).map(|text| text.into())
}

/// The boolean of that member.
pub(super) fn flag(node: Node<'_>, name: &str) -> Option<bool> {
    node.get(name).and_then(Node::as_bool)
}

/// The items of that member, in order.
pub(super) fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> {
    node.get(name).into_iter().flat_map(Node::items)
}

/// The member `prefix[x]`: its type (`Code` of `valueCode`) and value.
pub(super) fn choice<'d>(node: Node<'d>, prefix: &str) -> Option<(String, Node<'d>)> {
    node.members().find_map(|(key, value)| {
        let name = key.as_str();
        let suffix = name.strip_prefix(prefix)?;
        suffix.starts_with(|first: char| first.is_ascii_uppercase()).then(|| (suffix.to_owned(), value))
    })
}
