//! What stands below an element: the elements of its type, of the profile its type names, of the element a content
//! reference points to.

use super::Error;
use super::element::{Element, Type};
use super::generate::Generator;
use super::tree::{self, Node};
use crate::definitions::TypeId;
use bytes::Bytes;

const DEFINITIONS: &str = "http://hl7.org/fhir/StructureDefinition/";
const ELEMENT_RULE: &str = r#"{"key":"ele-1","severity":"error","human":"All FHIR elements must have a @value or children","expression":"hasValue() or (children().count() > id.count())","source":"http://hl7.org/fhir/StructureDefinition/Element"}"#;
const EXTENSION_RULE: &str = r#"{"key":"ext-1","severity":"error","human":"Must have either extensions or value[x], not both","expression":"extension.exists() != value.exists()","source":"http://hl7.org/fhir/StructureDefinition/Extension"}"#;
/// What a profile's first element says of itself, not of the elements that have the profile.
const OWN: [&str; 5] = ["base", "type", "mapping", "slicing", "min"];

impl Generator<'_> {
    /// Gives `node` children if it has none.
    pub fn open(&mut self, node: &mut Node, path: &str) -> Result<(), Error> {
        if !node.children.is_empty() {
            return Ok(());
        }
        let element = node.element.get_or_insert_default();
        if let Some(reference) = element.text("contentReference") {
            return self.open_content(node, &reference, path);
        }
        let types = element.types();
        let found = match types.as_slice() {
            [] if path.split('.').count() == 1 => return Ok(()),
            [] => return Err(self.no_children(path)),
            [only] => self.tree_of_type(only, path)?,
            several => self.tree_of_type(&Type { code: in_common(several), ..Type::default() }, path)?,
        };
        self.adopt(node, found)
    }

    /// After the types of an element changed: what its old type gave is taken away, and comes again when something is
    /// said of it.
    pub fn reopen(&mut self, node: &mut Node) {
        let inherited = node.children.iter().all(|child| {
            let base = child.element.as_ref().and_then(|element| element.get("base"));
            base.is_some_and(|base| !contains(base, self.base.name.as_bytes()))
        });
        let backbone = node.element.as_ref().is_some_and(|element| {
            element.types().iter().any(|one| matches!(one.code.as_str(), "BackboneElement" | "Element"))
        });
        let profiled = node
            .element
            .as_ref()
            .is_some_and(|element| element.types().iter().any(|one| !one.profiles.is_empty()));
        if inherited && !backbone && profiled {
            node.children.clear();
        }
    }

    fn open_content(&mut self, node: &mut Node, reference: &str, path: &str) -> Result<(), Error> {
        let unknown = || Error::UnknownContent {
            definition: self.url.clone(),
            path: path.to_owned(),
            reference: reference.to_owned(),
        };
        let (url, id) = reference.split_once('#').ok_or_else(unknown)?;
        let steps = tree::steps(id);
        let name = &steps.first().ok_or_else(unknown)?.name;
        let content = match *name == self.base.name {
            true => self.base.at(&steps[1..]).cloned(),
            // An element of another definition, which stands here because its type was walked into.
            false => {
                let canonical = if url.is_empty() { format!("{DEFINITIONS}{name}") } else { url.to_owned() };
                let definition = self.find(&canonical).ok_or_else(unknown)?;
                self.tree_of(&definition)?.at(&steps[1..]).cloned()
            }
        };
        let content = content.ok_or_else(unknown)?;
        if let (Some(element), Some(types)) =
            (&mut node.element, content.element.as_ref().and_then(|content| content.get("type")))
        {
            element.remove("contentReference");
            element.set("type", types.clone());
        }
        self.adopt(node, content)
    }

    fn adopt(&mut self, node: &mut Node, from: Node) -> Result<(), Error> {
        self.spend(from.children.iter().map(size).sum())?;
        node.children = from.children;
        Ok(())
    }

    /// The tree of the one profile of a type, else of the type. A profile nobody knows counts as its type.
    fn tree_of_type(&self, one: &Type, path: &str) -> Result<Node, Error> {
        if let [profile] = one.profiles.as_slice()
            && let Some(definition) = self.find(profile)
        {
            return self.tree_of(&definition);
        }
        let url = match one.code.contains('/') {
            true => one.code.clone(),
            false => format!("{DEFINITIONS}{}", one.code),
        };
        let definition = self.find(&url).ok_or_else(|| self.no_children(path))?;
        self.tree_of(&definition)
    }

    fn no_children(&self, path: &str) -> Error {
        Error::NoChildren { definition: self.url.clone(), path: path.to_owned() }
    }

    /// When a change names one profile for the type, what the profile says of itself holds for the element, under what
    /// the change says. Extensions bring how often they may stand, too.
    pub fn overlay_profile(&self, element: &mut Element, change: &Element) {
        let types = change.types();
        let [Type { code, profiles }] = types.as_slice() else { return };
        let [profile] = profiles.as_slice() else { return };
        // A profile that builds on the one being made says nothing yet.
        let tree = self.find(profile).and_then(|definition| self.tree_of(&definition).ok());
        let Some(root) = tree.and_then(|tree| tree.element) else { return };
        let extension = code == "Extension";
        for (name, json) in root.properties() {
            let kept = OWN.contains(&name) || (name == "max" && !extension) || name == "condition";
            let joined = name == "constraint" && element.get(name).is_some();
            if !kept && !joined {
                element.set(name, json.clone());
            }
        }
        if let (Some(_), Some(rules)) = (element.get("constraint"), root.get("constraint")) {
            let mut rules_only = Element::default();
            rules_only.set("constraint", rules.clone());
            super::merge::merge(element, &rules_only, profile);
        }
    }

    /// An element that a specialization adds.
    pub fn new_element(&self, change: &Node, path: &str) -> Node {
        let mut node = Node::new(&change.name, None);
        let mut element = Element::default();
        let stated = change.element.clone().unwrap_or_default();
        let types = stated.types();
        let rules = match types.as_slice() {
            [one, ..] if one.code.contains("System.") || one.code == "Resource" => None,
            [one] if one.code == "Extension" => Some(format!("[{ELEMENT_RULE},{EXTENSION_RULE}]")),
            _ => Some(format!("[{ELEMENT_RULE}]")),
        };
        if let Some(rules) = rules {
            element.set("constraint", rules.into());
        }
        let min = stated.get("min").cloned().unwrap_or_else(|| Bytes::from_static(b"0"));
        let max = stated.get("max").cloned().unwrap_or_else(|| Bytes::from_static(b"\"1\""));
        let mut base = b"{\"path\":".to_vec();
        crate::json::write_string(&mut base, path);
        base.extend_from_slice(b",\"min\":");
        base.extend_from_slice(&min);
        base.extend_from_slice(b",\"max\":");
        base.extend_from_slice(&max);
        base.push(b'}');
        element.set("base", base.into());
        node.element = Some(element);
        node
    }
}

/// The nearest type that all of them are or are derived from: nothing else stands below an element of several types.
fn in_common(types: &[Type]) -> String {
    let first = &types[0].code;
    if types.iter().all(|one| one.code == *first) {
        return first.clone();
    }
    let known: Vec<_> = types.iter().map(|one| TypeId::from_path(&one.code)).collect();
    let is_base =
        |id: &TypeId| known.iter().all(|one| one.is_some_and(|one| one.lineage().any(|base| base == *id)));
    let common = known[0].and_then(|id| id.lineage().find(is_base));
    common.map_or("Element", TypeId::path).to_owned()
}

/// How many elements a tree has.
pub(super) fn size(node: &Node) -> usize {
    1 + node.children.iter().chain(&node.slices).map(size).sum::<usize>()
}

/// Whether a `base` names an element of the definition itself.
fn contains(base: &[u8], name: &[u8]) -> bool {
    let needle = [b"\"", name, b"."].concat();
    base.windows(needle.len()).any(|window| window == needle)
}
