//! Elements of a SearchParameter resource as they are written.

use super::refusal::Refusal;
use crate::definitions::{ParamKind, ResourceType, TypeId};
use crate::fhirpath_syntax::ast::Expr;
use crate::fhirpath_syntax::path::{alternatives, type_at_start};
use crate::json::Node;
use std::sync::Arc;

pub(super) fn text(node: Node<'_>, name: &str) -> Option<Box<str>> {
    let text = node.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.into())
}

pub(super) fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    node.get(name).into_iter().flat_map(Node::items)
}

/// The resource types of that names; of `Resource` and `DomainResource` all that are.
pub(super) fn types(node: Node<'_>, name: &str, path: &'static str) -> Result<Vec<ResourceType>, Refusal> {
    let mut found = Vec::new();
    for item in list(node, name) {
        let Some(base) = item.as_str() else { continue };
        match ResourceType::from_name(&base) {
            Some(t) => found.push(t),
            None if is_abstract(&base) => {
                let is_one = |t: &ResourceType| {
                    TypeId::from_path(t.name()).is_some_and(|id| id.lineage().any(|one| one.path() == &*base))
                };
                found.extend(ResourceType::all().filter(is_one));
            }
            None => {
                let text = format!("'{}' is no resource type of FHIR R4", shown(&base));
                return Err(Refusal::value(path, text));
            }
        }
    }
    found.sort_unstable_by_key(|t| t.code());
    found.dedup();
    Ok(found)
}

pub(super) fn is_abstract(base: &str) -> bool {
    matches!(base, "Resource" | "DomainResource")
}

/// Whether an operand can select something of the type.
pub(super) fn applies(t: ResourceType, expression: &Expr) -> bool {
    let mut lineage = TypeId::from_path(t.name()).into_iter().flat_map(TypeId::lineage);
    let starts: Vec<_> = alternatives(expression).into_iter().map(type_at_start).collect();
    starts.contains(&None) || lineage.any(|one| starts.contains(&Some(one.path())))
}

/// The types that a reference may point to: all, where none is named.
pub(super) fn targets(node: Node<'_>, kind: ParamKind) -> Result<Arc<[ResourceType]>, Refusal> {
    if kind != ParamKind::Reference {
        return Ok(Arc::default());
    }
    let mut named = types(node, "target", "SearchParameter.target")?;
    if named.is_empty() {
        named = ResourceType::all().filter(|t| t.name() != "Parameters").collect();
    }
    Ok(named.into())
}

/// `.valueDateTime` as `.value.ofType(dateTime)`: guides (US Core's among them) write the choice as it is named in JSON.
pub(super) fn by_type(expression: &str) -> Box<str> {
    const CHOICE: &str = ".value";
    let types = TypeId::from_path("Extension").and_then(|id| id.element("value"));
    let mut out = String::with_capacity(expression.len());
    // What is quoted is no name.
    for (number, part) in expression.split('\'').enumerate() {
        if number > 0 {
            out.push('\'');
        }
        let mut rest = part;
        while let Some(at) = rest.find(CHOICE).filter(|_| number % 2 == 0) {
            let (before, after) = rest.split_at(at + CHOICE.len());
            let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
            let is_it = |name: &&str| {
                let (first, others) = name.split_at(1);
                after[..end] == format!("{}{others}", first.to_ascii_uppercase())
            };
            let named = types.iter().flat_map(|element| &element.types).map(|one| one.id.path()).find(is_it);
            out.push_str(before);
            match named {
                Some(name) => out.push_str(&format!(".ofType({name})")),
                None => out.push_str(&after[..end]),
            }
            rest = &after[end..];
        }
        out.push_str(rest);
    }
    out.into()
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
