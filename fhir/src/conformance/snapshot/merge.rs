//! What a differential's element changes in the element it constrains.

use super::element::{Element, parse};
use crate::json::{self, Document, Kind, Node, write_string};
use bytes::Bytes;

/// Lists that only grow.
const GROWING: [&str; 4] = ["alias", "mapping", "condition", "example"];
/// Texts that may continue the inherited one with `...`.
const PROSE: [&str; 4] = ["definition", "comment", "requirements", "meaningWhenMissing"];

/// Applies `change` to `element`. `source` is the canonical URL of the definition whose differential it is: new
/// constraints say where they come from.
///
/// Lists that collect (constraints by key, extensions by URL, mappings, aliases, conditions) are joined, a binding keeps
/// what the change does not say, everything else is replaced.
pub fn merge(element: &mut Element, change: &Element, source: &str) {
    for (name, json) in change.properties() {
        let merged = match element.get(name) {
            _ if name == "base" => continue,
            old if name == "constraint" => with_constraints(old, json, source),
            Some(old) if name == "extension" => joined(old, json, "url"),
            Some(old) if GROWING.contains(&name) => grown(old, json),
            // A profile cannot make a modifier harmless.
            Some(old) if name == "isModifier" && **old == *b"true" => old.clone(),
            Some(old) if name == "binding" => completed(old, json),
            Some(old) if PROSE.contains(&name) => continued(old, json),
            _ => json.clone(),
        };
        element.set(name, merged);
    }
}

/// Takes away what an element says of its value: a specialization that states the type anew says it anew, too (the
/// `value` of `id` is a `string`, but not one of a million characters).
pub fn forget_values(element: &mut Element) {
    let names: Vec<String> = element.properties().map(|(name, _)| name.to_owned()).collect();
    let of_value = ["fixed", "pattern", "minValue", "maxValue", "maxLength"];
    for name in names.iter().filter(|name| of_value.iter().any(|start| name.starts_with(start))) {
        element.remove(name);
    }
}

fn documents(old: &Bytes, new: &Bytes) -> Option<(Document, Document)> {
    Some((parse(old)?, parse(new)?))
}

/// The items of both, each once.
fn grown(old: &Bytes, new: &Bytes) -> Bytes {
    let Some((old, new)) = documents(old, new) else { return new.clone() };
    let mut items: Vec<Node<'_>> = old.root().items().collect();
    for item in new.root().items() {
        if !items.iter().any(|known| json::equal(*known, item)) {
            items.push(item);
        }
    }
    array(items.into_iter().map(|item| item.raw().to_vec()))
}

/// The items of both; a new one takes the place of the old one with the same text at `key`.
fn joined(old: &Bytes, new: &Bytes, key: &str) -> Bytes {
    let Some((old, new)) = documents(old, new) else { return new.clone() };
    let mut items: Vec<Node<'_>> = old.root().items().collect();
    for item in new.root().items() {
        let text = |node: Node<'_>| node.get(key).and_then(Node::as_str).map(String::from);
        match items.iter_mut().find(|known| text(**known) == text(item)) {
            Some(known) => *known = item,
            None => items.push(item),
        }
    }
    array(items.into_iter().map(|item| item.raw().to_vec()))
}

fn with_constraints(old: Option<&Bytes>, new: &Bytes, source: &str) -> Bytes {
    let Some(document) = parse(new) else { return new.clone() };
    let sourced = array(document.root().items().map(|constraint| with_source(constraint, source)));
    match old {
        Some(old) => joined(old, &sourced, "key"),
        None => sourced,
    }
}

/// The constraint with a `source`.
fn with_source(constraint: Node<'_>, source: &str) -> Vec<u8> {
    let mut out = constraint.raw().to_vec();
    if constraint.kind() != Kind::Object || constraint.is_empty() || constraint.get("source").is_some() {
        return out;
    }
    out.truncate(out.iter().rposition(|byte| *byte == b'}').unwrap_or(out.len()));
    out.extend_from_slice(b",\"source\":");
    write_string(&mut out, source);
    out.push(b'}');
    out
}

/// The members of the new object, then those of the old one it does not have.
fn completed(old: &Bytes, new: &Bytes) -> Bytes {
    let Some((old, new)) = documents(old, new) else { return new.clone() };
    let kept = old.root().members().filter(|(key, _)| {
        // Extensions tell of that one binding (maximum value set, name): a new binding has its own.
        !key.is("extension") && !new.root().members().any(|(own, _)| own.same_name(*key))
    });
    let mut out = vec![b'{'];
    for (key, value) in new.root().members().chain(kept) {
        if out.len() > 1 {
            out.push(b',');
        }
        write_string(&mut out, &key.as_str());
        out.push(b':');
        out.extend_from_slice(value.raw());
    }
    out.push(b'}');
    out.into()
}

/// The new text; after the old one if it begins with an ellipsis.
fn continued(old: &Bytes, new: &Bytes) -> Bytes {
    let texts = documents(old, new).and_then(|(old, new)| {
        let (old, new) = (old.root().as_str()?.into_owned(), new.root().as_str()?.into_owned());
        Some(format!("{old}\r\n{}", new.strip_prefix("...")?))
    });
    match texts {
        None => new.clone(),
        Some(text) => {
            let mut out = Vec::with_capacity(text.len() + 2);
            write_string(&mut out, &text);
            out.into()
        }
    }
}

fn array(items: impl Iterator<Item = Vec<u8>>) -> Bytes {
    let items: Vec<_> = items.collect();
    [b"[".to_vec(), items.join(&b','), b"]".to_vec()].concat().into()
}
