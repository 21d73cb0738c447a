//! Reading members of a definition.

use crate::json::Node;

/// The text of a member.
pub(super) fn text(node: Node<'_>, name: &str) -> Option<Box<str>> {
    Some(node.get(name)?.as_str()?.into())
}

/// The texts of a list.
pub(super) fn texts(node: Node<'_>, name: &str) -> Box<[Box<str>]> {
    list(node, name).filter_map(|item| Some(item.as_str()?.into())).collect()
}

/// The items of a list; none if it is absent.
pub(super) fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> {
    node.get(name).into_iter().flat_map(Node::items)
}

/// The member that begins with `stem` and goes on with the name of a type: `fixedUri` for `fixed`.
pub(super) fn choice<'d>(node: Node<'d>, stem: &str) -> Option<Node<'d>> {
    let of_stem = |name: &str| {
        let rest = name.strip_prefix(stem);
        rest.and_then(|rest| rest.chars().next()).is_some_and(|letter| letter.is_ascii_uppercase())
    };
    node.members().find(|(key, _)| of_stem(&key.as_str())).map(|(_, value)| value)
}

/// The value of the extension with that URL.
pub(super) fn extension<'d>(node: Node<'d>, url: &str) -> Option<Node<'d>> {
    let is_it =
        |extension: &Node<'d>| extension.get("url").and_then(Node::as_str).is_some_and(|own| own == url);
    choice(list(node, "extension").find(is_it)?, "value")
}
