//! Laying a differential over its base.

use super::element::Element;
use super::tree::{self, Misplaced, Node};
use super::{Error, Limits, choice, has_snapshot, merge, write};
use crate::conformance::{Canonical, Source};
use crate::definitions::ResourceType;
use crate::json::{Document, Node as Json};
use std::sync::Arc;

pub(super) struct Generator<'s> {
    pub source: &'s dyn Source,
    pub limits: &'s Limits,
    /// The URL of the definition the snapshot is for.
    pub url: String,
    /// The definitions a snapshot is being made of, outermost first.
    making: Vec<String>,
    /// The base's own tree, which content references point into.
    pub base: Node,
    /// Elements that may still be added.
    left: usize,
    /// Whether the differential may add elements.
    specializes: bool,
}

impl<'s> Generator<'s> {
    pub fn new(source: &'s dyn Source, limits: &'s Limits) -> Self {
        Generator {
            source,
            limits,
            url: String::new(),
            making: Vec::new(),
            base: Node::default(),
            left: limits.elements_max,
            specializes: false,
        }
    }

    /// A generator for something this one builds on.
    fn below(&self) -> Generator<'s> {
        Generator { making: self.making.clone(), ..Generator::new(self.source, self.limits) }
    }

    pub fn with_snapshot(mut self, definition: &Document) -> Result<Document, Error> {
        let tree = self.tree_of_differential(definition)?;
        Ok(write::with_snapshot(definition, &tree))
    }

    fn tree_of_differential(&mut self, definition: &Document) -> Result<Node, Error> {
        let root = definition.root();
        let text = |name| root.get(name).and_then(Json::as_str).map(String::from);
        self.url =
            text("url").or_else(|| text("id")).unwrap_or_else(|| "a StructureDefinition without url".into());
        self.enter()?;
        let missing = |field| Error::Field { definition: self.url.clone(), field };
        let type_name = text("type").ok_or_else(|| missing("type"))?;
        let change = self.build(root.get("differential"))?;
        self.specializes = text("derivation").as_deref() == Some("specialization");
        let mut tree = match text("baseDefinition") {
            Some(base) => self.tree_of_base(&base)?,
            // Only the roots of FHIR's type system have no base.
            None if self.specializes || is_root(&type_name) => {
                self.specializes = true;
                Node::default()
            }
            None => return Err(missing("baseDefinition")),
        };
        let Some(change) = change else {
            return match tree.element {
                Some(_) => Ok(tree),
                None => Err(Error::Nothing { definition: self.url.clone() }),
            };
        };
        // Who keeps the name of the base's type adds nothing to it, whatever the derivation says.
        self.specializes &= tree.name != change.name;
        if self.specializes || tree.element.is_none() {
            tree.name.clone_from(&change.name);
        }
        if tree.name != change.name {
            return Err(self.foreign(change.name.clone(), tree.name));
        }
        self.base = tree.clone();
        let path = tree.name.clone();
        self.lay_over(&mut tree, change, &path)?;
        Ok(tree)
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.making.contains(&self.url) {
            return Err(Error::Cycle { definition: self.url.clone(), way: self.making.join(", ") });
        }
        if self.making.len() >= self.limits.bases_max {
            return Err(Error::TooManyBases { definition: self.url.clone(), max: self.limits.bases_max });
        }
        self.making.push(self.url.clone());
        Ok(())
    }

    fn tree_of_base(&self, base: &str) -> Result<Node, Error> {
        let unknown = || Error::UnknownBase { definition: self.url.clone(), base: base.to_owned() };
        let found = self.find(base).ok_or_else(unknown)?;
        self.tree_of(&found)
    }

    /// The StructureDefinition of that canonical.
    pub fn find(&self, canonical: &str) -> Option<Arc<Document>> {
        let (url, version, _) = Canonical::read(canonical);
        self.source.find(ResourceType::from_name("StructureDefinition")?, url, version)
    }

    /// The tree of a definition's snapshot, made if it has none.
    pub fn tree_of(&self, definition: &Document) -> Result<Node, Error> {
        if !has_snapshot(definition) {
            return self.below().tree_of_differential(definition);
        }
        let tree = self.build(definition.root().get("snapshot"))?;
        tree.ok_or_else(|| Error::Nothing { definition: self.url.clone() })
    }

    fn build(&self, part: Option<Json<'_>>) -> Result<Option<Node>, Error> {
        let elements = part.and_then(|part| part.get("element")).into_iter().flat_map(Json::items);
        let bounded = elements.clone().count() <= self.limits.elements_max;
        if !bounded {
            return Err(self.too_many());
        }
        tree::build(elements, self.limits.depth_max).map_err(|misplaced| match misplaced {
            Misplaced::Foreign(path, root) => self.foreign(path, root),
            Misplaced::TooDeep(path) => self.too_deep(&path),
        })
    }

    /// Lays `change` over `node`, which stands at `path`. Depth is bounded: `change` was built with a bound.
    pub fn lay_over(&mut self, node: &mut Node, change: Node, path: &str) -> Result<(), Error> {
        let untouched = (!change.slices.is_empty()).then(|| Node { slices: Vec::new(), ..node.clone() });
        if let Some(element) = &change.element {
            self.change_element(node, element);
        }
        if !change.children.is_empty() {
            self.open(node, path)?;
        }
        let (changes, implied) = choice::gather(node, change.children);
        for child in changes {
            let path = format!("{path}.{}", child.name);
            self.lay_over_child(node, child, &path)?;
        }
        for at in implied {
            choice::raise_min(&mut node.children[at]);
        }
        if let Some(untouched) = untouched {
            self.lay_over_slices(node, &untouched, change.slices, path)?;
        }
        Ok(())
    }

    fn change_element(&mut self, node: &mut Node, change: &Element) {
        let element = node.element.get_or_insert_default();
        if !self.specializes {
            self.overlay_profile(element, change);
        }
        if self.specializes && change.get("type").is_some() {
            merge::forget_values(element);
        }
        merge::merge(element, change, &self.url);
        // What was opened for another type or profile is of no use any more.
        if change.get("type").is_some() && node.children.iter().all(|child| child.slices.is_empty()) {
            self.reopen(node);
        }
    }

    fn lay_over_child(&mut self, parent: &mut Node, change: Node, path: &str) -> Result<(), Error> {
        if let Some(at) = parent.children.iter().position(|child| child.name == change.name) {
            return self.lay_over(&mut parent.children[at], change, path);
        }
        if !self.specializes {
            return Err(Error::UnknownElement { definition: self.url.clone(), path: path.to_owned() });
        }
        self.spend(1)?;
        parent.children.push(self.new_element(&change, path));
        let at = parent.children.len() - 1;
        self.lay_over(&mut parent.children[at], change, path)
    }

    /// Takes `count` elements from the budget.
    pub fn spend(&mut self, count: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(count).ok_or_else(|| self.too_many())?;
        Ok(())
    }

    fn too_many(&self) -> Error {
        Error::TooManyElements { definition: self.url.clone(), max: self.limits.elements_max }
    }

    fn too_deep(&self, path: &str) -> Error {
        Error::TooDeep { definition: self.url.clone(), path: path.to_owned(), max: self.limits.depth_max }
    }

    fn foreign(&self, path: String, root: String) -> Error {
        Error::ForeignPath { definition: self.url.clone(), path, root }
    }
}

/// The roots of FHIR's types, which have no base.
fn is_root(type_name: &str) -> bool {
    matches!(type_name, "Element" | "Resource")
}
