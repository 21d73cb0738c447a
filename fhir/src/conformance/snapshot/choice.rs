//! Choices by the name of one type: `valueQuantity` for the slice `valueQuantity` of `value[x]`.

use super::element::Element;
use super::tree::Node;

/// How a choice is sliced when nothing is said.
pub const BY_TYPE: &[u8] =
    br#"{"discriminator":[{"type":"type","path":"$this"}],"ordered":false,"rules":"open"}"#;
const BY_TYPE_ONLY: &[u8] =
    br#"{"discriminator":[{"type":"type","path":"$this"}],"ordered":false,"rules":"closed"}"#;

/// The child of `parent` that is a choice `name` is one of.
fn position(parent: &Node, name: &str) -> Option<usize> {
    parent.children.iter().position(|child| {
        let types = || child.element.as_ref().map(Element::types).unwrap_or_default();
        type_of(&child.name, name)
            .is_some_and(|rest| types().iter().any(|one| capitalized(&one.code) == rest))
    })
}

/// The changes of `parent`'s children, those by the name of one type as slices of the choice. When one type is named and
/// the choice itself is not, nothing but that type is left of it.
pub fn gather(parent: &mut Node, changes: Vec<Node>) -> (Vec<Node>, Vec<usize>) {
    let mut gathered: Vec<Node> = Vec::with_capacity(changes.len());
    let mut implied = Vec::new();
    for change in changes {
        let at = position(parent, &change.name).filter(|_| parent.child(&change.name).is_none());
        let Some(at) = at else {
            gathered.push(change);
            continue;
        };
        let name = parent.children[at].name.clone();
        let outer = match gathered.iter().position(|one| one.name == name) {
            Some(known) => known,
            None => {
                implied.push(at);
                gathered.push(Node::new(&name, None));
                gathered.len() - 1
            }
        };
        add_slice(&mut gathered[outer], change);
    }
    implied.retain(|at| {
        let choice = &mut parent.children[*at];
        let change = gathered.iter().find(|one| one.name == choice.name && one.element.is_none());
        let Some([only]) = change.map(|change| change.slices.as_slice()) else { return false };
        imply(choice, only)
    });
    (gathered, implied)
}

/// When one type is left of a choice, the choice must be there when the type must.
pub fn raise_min(choice: &mut Node) {
    let min =
        |node: &Node| node.element.as_ref().and_then(|element| element.text("min")?.parse::<u32>().ok());
    if let [slice] = choice.slices.as_slice()
        && min(slice) > min(choice)
        && let Some(value) = slice.element.as_ref().and_then(|element| element.get("min").cloned())
        && let Some(element) = &mut choice.element
    {
        element.set("min", value);
    }
}

fn add_slice(choice: &mut Node, mut change: Node) {
    let inner = std::mem::take(&mut change.slices);
    let slice = std::mem::replace(&mut change.name, choice.name.clone());
    change.slice = Some(slice);
    choice.slices.push(change);
    // Slices of the typed name are slices of the choice, too.
    choice.slices.extend(inner.into_iter().map(|slice| Node { name: choice.name.clone(), ..slice }));
}

/// Slices a choice by type for its only slice. True if the slice must be there, so that no other type can be.
fn imply(choice: &mut Node, only: &Node) -> bool {
    let required = min(only).is_some_and(|min| min > 0);
    let fresh = choice.slices.is_empty();
    let Some(element) = &mut choice.element else { return false };
    if element.get("slicing").is_none() {
        element.set("slicing", if required { BY_TYPE_ONLY } else { BY_TYPE }.into());
    }
    if required && fresh {
        restrict_to_name(element, &choice.name, only.slice.as_deref().unwrap_or_default());
    }
    required
}

fn min(node: &Node) -> Option<u32> {
    node.element.as_ref().and_then(|element| element.text("min")?.parse().ok())
}

/// Leaves of the types of `choice` (`value[x]`) the one `name` (`valueQuantity`) ends with, if it does.
pub fn restrict_to_name(element: &mut Element, choice: &str, name: &str) {
    let Some(wanted) = type_of(choice, name) else { return };
    let Some(types) = element.get("type").and_then(super::element::parse) else { return };
    let is_it = |node: &crate::json::Node<'_>| {
        node.get("code").and_then(|code| code.as_str()).is_some_and(|code| capitalized(&code) == wanted)
    };
    if let Some(one) = types.root().items().find(is_it) {
        element.set("type", [b"[", one.raw(), b"]"].concat().into());
    }
}

/// `Quantity` of `value[x]` and `valueQuantity`.
fn type_of<'n>(choice: &str, name: &'n str) -> Option<&'n str> {
    let rest = name.strip_prefix(choice.strip_suffix("[x]")?)?;
    rest.starts_with(|first: char| first.is_ascii_uppercase()).then_some(rest)
}

fn capitalized(code: &str) -> String {
    let mut chars = code.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
