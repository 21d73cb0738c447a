//! Types and their elements: what may stand where, how often, and of which type.

use crate::names::{self, NameId};
use hashbrown::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../definitions/r4/elements.txt");
static TYPES: LazyLock<Types> = LazyLock::new(|| Types::read(TABLE));

/// The number of a type in this build, never stored. Beside the named types every backbone element
/// (`Patient.contact`) is a type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A resource type, the abstract `Resource` and `DomainResource` included.
    Resource,
    /// A data type with elements.
    Complex,
    Primitive,
    /// An element with elements of its own.
    Backbone,
}

/// A type and the elements it adds to its base type.
#[derive(Debug)]
pub struct TypeDefinition {
    /// `Patient`, `HumanName`, `date`, `Patient.contact`.
    pub path: Box<str>,
    pub kind: TypeKind,
    pub base: Option<TypeId>,
    /// The type's own elements in the order of the definition; inherited ones are in the base type.
    pub elements: Vec<Element>,
    /// JSON names of `elements`, in the order of numbers.
    members: Vec<Member>,
}

/// An element of a type.
#[derive(Debug)]
pub struct Element {
    /// The element's name without `[x]`.
    pub name: &'static str,
    /// Whether the JSON name carries the type (`value[x]`).
    pub choice: bool,
    pub min: u32,
    /// `u32::MAX` for `*`. More than one means a JSON array.
    pub max: u32,
    pub types: Vec<ElementType>,
    /// Whether `_summary=true` keeps it.
    pub summary: bool,
    /// Where it stands among all elements of its type, inherited ones first: the order XML asks for.
    pub order: u16,
}

/// One type an element may have.
#[derive(Debug)]
pub struct ElementType {
    pub id: TypeId,
    /// The type names a Reference or canonical may point to; empty for any.
    pub targets: Vec<&'static str>,
}

#[derive(Debug)]
struct Member {
    name: NameId,
    element: u16,
    choice: u16,
}

impl TypeId {
    /// The type of that name or backbone path.
    pub fn from_path(path: &str) -> Option<TypeId> {
        TYPES.by_path.get(path).copied()
    }

    /// Its place among [`all`](Self::all), for tables by type.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    pub fn definition(self) -> &'static TypeDefinition {
        &TYPES.list[usize::from(self.0)]
    }

    /// `Patient`, `HumanName`, `Patient.contact`.
    pub fn path(self) -> &'static str {
        &self.definition().path
    }

    /// The type itself, then what it derives from.
    pub fn lineage(self) -> impl Iterator<Item = TypeId> {
        std::iter::successors(Some(self), |id| id.definition().base)
    }

    /// What a JSON member of that name is in an object of this type: the element and, of its types, the one the name
    /// says. Inherited elements included.
    pub fn member(self, name: NameId) -> Option<(&'static Element, &'static ElementType)> {
        self.lineage().find_map(|id| {
            let definition = id.definition();
            let at = definition.members.binary_search_by_key(&name, |member| member.name).ok()?;
            let member = &definition.members[at];
            let element = &definition.elements[usize::from(member.element)];
            Some((element, &element.types[usize::from(member.choice)]))
        })
    }

    /// The element called `name` as FHIRPath writes it (`value`, not `valueQuantity`). Inherited elements included.
    pub fn element(self, name: &str) -> Option<&'static Element> {
        self.lineage().find_map(|id| id.definition().elements.iter().find(|element| element.name == name))
    }

    /// The type's place in [`all`](Self::all), for tables by type.
    #[inline]
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// All types: the named ones in the order of names, then the backbone elements.
    pub fn all() -> impl Iterator<Item = TypeId> {
        (0..TYPES.list.len() as u16).map(TypeId)
    }
}

impl Element {
    /// Whether it may stand more than once.
    pub fn repeats(&self) -> bool {
        self.max > 1
    }

    /// The name of the JSON member that holds this element with type number `choice` of its types.
    pub fn json_name(&self, choice: usize) -> NameId {
        if !self.choice {
            return names::lookup(self.name.as_bytes());
        }
        let code = self.types[choice].id.path();
        names::lookup(format!("{}{}{}", self.name, code[..1].to_ascii_uppercase(), &code[1..]).as_bytes())
    }
}

struct Types {
    list: Vec<TypeDefinition>,
    by_path: HashMap<Box<str>, TypeId>,
}

impl Types {
    /// Reads the checked-in table. It is part of the program: a broken one is a broken build, not an input error.
    fn read(table: &'static str) -> Types {
        let mut types = Types { list: Vec::with_capacity(1024), by_path: HashMap::with_capacity(1024) };
        for line in table.lines().filter(|line| !line.starts_with('\t')) {
            let [kind, name, _] = fields(line);
            let kind = match kind {
                "resource" => TypeKind::Resource,
                "complex" => TypeKind::Complex,
                _ => TypeKind::Primitive,
            };
            types.add(name.into(), kind);
        }
        types.add_backbones(table);
        types.fill(table);
        types
    }

    fn add(&mut self, path: Box<str>, kind: TypeKind) {
        self.by_path.insert(path.clone(), TypeId(self.list.len() as u16));
        self.list.push(TypeDefinition { path, kind, base: None, elements: Vec::new(), members: Vec::new() });
    }

    fn add_backbones(&mut self, table: &'static str) {
        let mut name = "";
        for line in table.lines() {
            match line.strip_prefix('\t') {
                None => name = fields::<3>(line)[1],
                Some(element) => {
                    let [path, _, _, types, _] = fields(element);
                    if matches!(types, "BackboneElement" | "Element") {
                        self.add(format!("{name}.{path}").into(), TypeKind::Backbone);
                    }
                }
            }
        }
    }

    fn fill(&mut self, table: &'static str) {
        let mut name = "";
        for line in table.lines() {
            match line.strip_prefix('\t') {
                None => {
                    let [_, own, base] = fields(line);
                    name = own;
                    let id = self.by_path[name];
                    self.list[usize::from(id.0)].base = self.by_path.get(base).copied();
                }
                Some(element) => self.add_element(name, fields(element)),
            }
        }
        for definition in &mut self.list {
            definition.members.sort_by_key(|member| member.name);
        }
        for at in 0..self.list.len() {
            let inherited =
                std::iter::successors(self.list[at].base, |base| self.list[usize::from(base.0)].base)
                    .map(|base| self.list[usize::from(base.0)].elements.len() as u16)
                    .sum::<u16>();
            for (own, element) in (0..).zip(&mut self.list[at].elements) {
                element.order = inherited + own;
            }
        }
    }

    fn add_element(&mut self, name: &'static str, [path, min, max, types, summary]: [&'static str; 5]) {
        let full = format!("{name}.{path}");
        let (parent, own) = full.rsplit_once('.').expect("joined with a dot");
        let own = &path[path.len() - own.len()..];
        let types = self.element_types(name, &full, types);
        let owner = usize::from(self.by_path[parent].0);
        let element = Element {
            name: own.trim_end_matches("[x]"),
            choice: own.ends_with("[x]"),
            min: min.parse().unwrap_or(0),
            max: max.parse().unwrap_or(u32::MAX),
            types,
            summary: summary == "summary",
            order: 0,
        };
        let number = self.list[owner].elements.len() as u16;
        for choice in 0..element.types.len() {
            let name = self.json_name(&element, choice);
            self.list[owner].members.push(Member { name, element: number, choice: choice as u16 });
        }
        self.list[owner].elements.push(element);
    }

    /// [`Element::json_name`] before the table is complete.
    fn json_name(&self, element: &Element, choice: usize) -> NameId {
        if !element.choice {
            return names::lookup(element.name.as_bytes());
        }
        let code = &self.list[usize::from(element.types[choice].id.0)].path;
        names::lookup(format!("{}{}{}", element.name, code[..1].to_ascii_uppercase(), &code[1..]).as_bytes())
    }

    fn element_types(&mut self, name: &str, full: &str, types: &'static str) -> Vec<ElementType> {
        if let Some(content) = types.strip_prefix('#') {
            return vec![ElementType {
                id: self.by_path[format!("{name}.{content}").as_str()],
                targets: Vec::new(),
            }];
        }
        if let Some(&id) = self.by_path.get(full) {
            self.list[usize::from(id.0)].base = self.by_path.get(types).copied();
            return vec![ElementType { id, targets: Vec::new() }];
        }
        types
            .split_ascii_whitespace()
            .map(|one| {
                let (code, targets) = one.trim_end_matches(')').split_once('(').unwrap_or((one, ""));
                ElementType {
                    id: self.by_path[code],
                    targets: targets.split('|').filter(|target| !target.is_empty()).collect(),
                }
            })
            .collect()
    }
}

fn fields<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut fields = line.split('\t');
    std::array::from_fn(|_| fields.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> TypeId {
        TypeId::from_path(path).expect(path)
    }

    #[test]
    fn every_member_has_a_known_name() {
        for id in TypeId::all() {
            for element in &id.definition().elements {
                for choice in 0..element.types.len() {
                    assert_ne!(element.json_name(choice), NameId::UNKNOWN, "{}.{}", id.path(), element.name);
                }
                assert!(!element.types.is_empty(), "{}.{}", id.path(), element.name);
            }
        }
    }

    #[test]
    fn choices_content_references_and_inheritance() {
        let (value, quantity) =
            path("Observation").member(names::lookup(b"valueQuantity")).expect("a choice");
        assert_eq!((value.name, value.choice, quantity.id.path()), ("value", true, "Quantity"));
        let (range, own) =
            path("Observation.component").member(names::lookup(b"referenceRange")).expect("by reference");
        assert_eq!((range.max, own.id.path()), (u32::MAX, "Observation.referenceRange"));
        let (_, meta) = path("Patient").member(names::lookup(b"meta")).expect("inherited");
        assert_eq!(meta.id.path(), "Meta");
        let (subject, reference) = path("Encounter").member(names::lookup(b"subject")).expect("own");
        assert_eq!((subject.min, subject.max), (0, 1));
        assert_eq!(reference.targets, ["Patient", "Group"]);
        assert!(path("Patient").member(names::lookup(b"valueQuantity")).is_none());
        assert_eq!(
            path("Age").lineage().map(TypeId::path).collect::<Vec<_>>(),
            ["Age", "Quantity", "Element"]
        );
    }
}
