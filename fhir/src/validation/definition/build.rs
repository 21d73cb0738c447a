//! From the flat list of a snapshot to the tree of rules.

use super::slicing::{self, Slicing};
use super::value::{list, text, texts};
use super::{Definition, Element, context, place, read};
use crate::definitions::{NameId, TypeId, TypeKind, names};
use crate::json::{Document, Node};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Elements of one snapshot; R4's largest has some 400.
const ELEMENTS_MAX: usize = 20_000;

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Finds the definition of a type.
pub(super) type Types<'t> = &'t dyn Fn(TypeId) -> Option<Arc<Definition>>;

/// Compiles a StructureDefinition that has a snapshot. `types` gives the definitions of types that a profile's rules are
/// compared with.
///
/// Errors: what makes the definition unusable, as a sentence without a full stop.
pub(super) fn compile(document: &Arc<Document>, types: Types<'_>) -> Result<Definition, String> {
    let root = document.root();
    let name = text(root, "type").ok_or("it has no type")?;
    let type_id = TypeId::from_path(&name).ok_or_else(|| format!("R4 has no type '{name}'"))?;
    // What has the name of a type, but another URL, constrains it, whatever it says of itself.
    let own = text(root, "url").and_then(|url| url.strip_prefix(BASE).map(|own| *own == *name));
    let profile = text(root, "derivation").as_deref() == Some("constraint") || own != Some(true);
    let mut builder = Builder { profile, types, elements: Vec::new(), parts: Vec::new(), open: Vec::new() };
    let snapshot = root.get("snapshot").ok_or("it has no snapshot")?;
    for (at, element) in list(snapshot, "element").enumerate() {
        if at == ELEMENTS_MAX {
            return Err(format!("its snapshot has more than {ELEMENTS_MAX} elements"));
        }
        builder.add(element, type_id)?;
    }
    let url = text(root, "url").unwrap_or_default();
    Ok(Definition {
        type_id,
        profile,
        modifier: is_modifier(snapshot),
        elements: builder.finish()?,
        contexts: context::contexts(root, &url),
        context_invariants: texts(root, "contextInvariant")
            .into_iter()
            .map(read::context_invariant)
            .collect(),
        document: document.clone(),
        url,
    })
}

fn is_modifier(snapshot: Node<'_>) -> bool {
    let root = list(snapshot, "element").next();
    root.and_then(|root| root.get("isModifier")).and_then(Node::as_bool).unwrap_or(false)
}

struct Builder<'t> {
    profile: bool,
    types: Types<'t>,
    elements: Vec<Element>,
    /// What only building needs, by element.
    parts: Vec<Part>,
    /// The elements the next one may be below of.
    open: Vec<usize>,
}

struct Part {
    /// Without the name of the slice.
    path: Box<str>,
    depth: usize,
    /// The name of the slice; empty for none.
    slice: Box<str>,
    /// The types its value may be of.
    types: Vec<TypeId>,
    children: Vec<usize>,
    slices: Vec<usize>,
    slicing: Option<Slicing>,
    content: Option<Box<str>>,
}

impl Builder<'_> {
    fn add(&mut self, node: Node<'_>, root_type: TypeId) -> Result<(), String> {
        let path = text(node, "path").ok_or("an element has no path")?;
        let depth = path.matches('.').count();
        let slice = text(node, "sliceName").unwrap_or_default();
        while self.open.last().is_some_and(|&last| self.parts[last].depth >= depth) {
            self.open.pop();
        }
        let parent = self.open.last().copied();
        let mut element = self.read(node);
        let types = match parent {
            Some(parent) => self.place(&mut element, parent, &path)?,
            None if self.elements.is_empty() => vec![root_type],
            None => return Err(format!("{path} stands outside of the root")),
        };
        let at = self.elements.len();
        let content = text(node, "contentReference");
        let slicing = node.get("slicing").map(Slicing::read);
        let part =
            Part { path, depth, slice, types, children: Vec::new(), slices: Vec::new(), slicing, content };
        self.parts.push(part);
        self.elements.push(element);
        self.open.push(at);
        parent.map_or(Ok(()), |parent| self.link(parent, at))
    }

    /// The rules of the element itself, without those its type has anyway.
    fn read(&self, node: Node<'_>) -> Element {
        if !self.profile {
            return read::element(node, &|_, _| false);
        }
        let base = node.get("base").and_then(|base| text(base, "path")).unwrap_or_default();
        let owner = TypeId::from_path(base.split('.').next().unwrap_or_default()).and_then(self.types);
        let same = owner.as_deref().and_then(|owner| owner.by_path(&base));
        let codes = list(node, "type").filter_map(|one| text(one, "code"));
        let roots: Vec<_> = codes
            .filter_map(|code| TypeId::from_path(&code))
            .flat_map(TypeId::lineage)
            .filter_map(self.types)
            .collect();
        let known = |key: &str, expression: &str| {
            let roots = roots.iter().map(|definition| definition.root());
            let mut all = roots.chain(same).flat_map(|element| element.invariants.iter());
            all.any(|own| &*own.key == key && &*own.text == expression)
        };
        let mut element = read::element(node, &known);
        if let (Some(own), Some(same)) = (&mut element.binding, same.and_then(|same| same.binding.as_ref())) {
            own.inherited =
                own.strength == same.strength && own.value_set == same.value_set && own.max == same.max;
        }
        element
    }

    /// Finds out which JSON members an element is, and how it narrows its type. Returns the types its value may be of. Of several types
    /// it stands below, at least one must have it; where the others do not have it there is nothing to check.
    fn place(&self, element: &mut Element, parent: usize, path: &str) -> Result<Vec<TypeId>, String> {
        let last = path.rsplit('.').next().unwrap_or_default();
        let owners = &self.parts[parent].types;
        element.below_several = owners.len() > 1;
        let mut places = owners.iter().filter_map(|owner| place::of(*owner, last));
        let Some(mut found) = places.next() else {
            let owners: Vec<_> = owners.iter().map(|owner| owner.path()).collect();
            return Err(match &*owners {
                [] => format!("{path} stands below an element of no type that R4 has"),
                owners => format!("{} has no element '{last}'", owners.join(" or ")),
            });
        };
        places.for_each(|place| found.join(place));
        let Some(own) = found.element else {
            element.counted = element.min > 0 || element.max < 1;
            owners.iter().for_each(|owner| self.drop_of_primitive(element, *owner));
            element.members = found.members.into();
            return Ok(owners.clone());
        };
        let allowed = allowed(element, &found.members);
        // The type's own cardinality has been checked; choices and slices share one.
        element.counted = element.min > own.min || element.max < own.max;
        let new = |id: &TypeId| !found.members.iter().any(|member| member.1 == *id);
        if self.profile && (allowed.len() < found.members.len() || allowed.iter().any(new)) {
            element.allowed = Some(allowed.clone().into());
        }
        if self.profile {
            drop_unchanged(element, own);
        }
        element.members = found.members.into();
        Ok(allowed)
    }

    /// What the type of a primitive itself says of its value has been checked.
    fn drop_of_primitive(&self, element: &mut Element, owner: TypeId) {
        let definition = if self.profile { (self.types)(owner) } else { None };
        let same = definition.as_deref().and_then(|of| of.by_path(&format!("{}.value", owner.path())));
        if let Some(same) = same {
            element.lexical = element.lexical.take().filter(|own| same.lexical.as_ref() != Some(own));
            element.length_max = element.length_max.filter(|max| same.length_max != Some(*max));
        }
    }

    /// Hangs a new element below its parent, a slice below what it is a slice of.
    fn link(&mut self, parent: usize, at: usize) -> Result<(), String> {
        let slice = self.parts[at].slice.clone();
        if slice.is_empty() {
            self.parts[parent].children.push(at);
            return Ok(());
        }
        let children = self.parts[parent].children.iter().rev();
        let path = &self.parts[at].path;
        let mut whole = children.copied().find(|&child| self.parts[child].path == *path);
        // The slice of a slice is called `outer/inner`.
        while let Some(of) = whole {
            let outer = self.parts[of].slices.iter().copied();
            let is_outer = |outer: &usize| {
                slice.strip_prefix(&*self.parts[*outer].slice).is_some_and(|rest| rest.starts_with('/'))
            };
            match outer.rev().find(is_outer) {
                Some(outer) => whole = Some(outer),
                None => break,
            }
        }
        match whole {
            Some(of) => self.parts[of].slices.push(at),
            // `valueQuantity` may be sliced out without `value[x]` being there.
            None => self.parts[parent].children.push(at),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Box<[Element]>, String> {
        if self.elements.is_empty() {
            return Err("its snapshot is empty".into());
        }
        // Children stand after their parents, so that from the end on everything below is known.
        let mut relevant = BTreeSet::new();
        for at in (0..self.elements.len()).rev() {
            let part = &mut self.parts[at];
            let content = part.content.take();
            let (children, slices) = (std::mem::take(&mut part.children), std::mem::take(&mut part.slices));
            let keeps = |child: &usize| !self.profile || relevant.contains(child);
            let children: Vec<_> = children.into_iter().filter(keeps).collect();
            let default = slices.iter().copied().find(|&slice| &*self.parts[slice].slice == "@default");
            let slicing =
                slicing::finish(self.parts[at].slicing.take(), slices, default, &self.parts[at].path);
            if self.elements[at].has_rules() || !children.is_empty() || slicing.is_some() || content.is_some()
            {
                relevant.insert(at);
            }
            self.elements[at].lookup = lookup(&self.elements, &children);
            self.elements[at].children = children.into();
            self.elements[at].slicing = slicing;
            if let Some(content) = content {
                let path = content.rsplit('#').next().unwrap_or_default();
                self.elements[at].content = self.parts.iter().position(|part| *part.path == *path);
            }
        }
        Ok(self.elements.into())
    }
}

fn lookup(elements: &[Element], children: &[usize]) -> Box<[(NameId, usize, TypeId)]> {
    let mut lookup: Vec<_> = children
        .iter()
        .flat_map(|&child| elements[child].members.iter().map(move |&(name, id)| (name, child, id)))
        .collect();
    lookup.sort_by_key(|entry| entry.0);
    lookup.into()
}

/// The types an element may have, of those its JSON members have or of those derived from them.
fn allowed(element: &Element, members: &[(NameId, TypeId)]) -> Vec<TypeId> {
    let named: Vec<_> = element.types.iter().filter_map(|one| TypeId::from_path(&one.code)).collect();
    let is_part = |id: TypeId| id.definition().kind == TypeKind::Backbone;
    // Ids are strings by name; their rules are those of structure.
    let is_id = |member: &(NameId, TypeId)| member.0 == names::lookup(b"id");
    if named.is_empty() || members.iter().any(is_id) || members.iter().any(|member| is_part(member.1)) {
        return members.iter().map(|member| member.1).collect();
    }
    let derives = |id: &TypeId| members.iter().any(|member| id.lineage().any(|base| base == member.1));
    named.into_iter().filter(derives).collect()
}

/// Takes out targets that are those of the type itself.
fn drop_unchanged(element: &mut Element, own: &crate::definitions::Element) {
    for one in &mut element.types {
        let Some(same) = own.types.iter().find(|same| *same.id.path() == *one.code) else { continue };
        let is_same =
            |target: &str| target.strip_prefix(BASE).is_some_and(|name| same.targets.contains(&name));
        if one.targets.len() == same.targets.len() && one.targets.iter().all(|target| is_same(target)) {
            one.targets = Box::default();
        }
    }
}
