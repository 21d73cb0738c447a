//! The type model as paths need it: which JSON members an element's name stands for in each type.

use crate::definitions::{Element, ElementType, NameId, TypeId, TypeKind};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use std::sync::LazyLock;

/// FHIRPath's own types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Boolean,
    Integer,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
    Quantity,
    /// What `type()` answers.
    TypeInfo,
}

impl System {
    const ALL: [(&'static str, System); 8] = [
        ("Boolean", System::Boolean),
        ("Integer", System::Integer),
        ("Decimal", System::Decimal),
        ("String", System::String),
        ("Date", System::Date),
        ("DateTime", System::DateTime),
        ("Time", System::Time),
        ("Quantity", System::Quantity),
    ];

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<System> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|&(_, system)| system)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, own)| *own == self).map_or("TypeInfo", |(name, _)| name)
    }
}

/// The number of an element's name as paths write it (`value`, not `valueQuantity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathName(u16);

/// A type with all its elements, inherited ones included.
pub(super) struct Model {
    /// What values of it are to FHIRPath; `None` for what has only elements.
    pub system: Option<System>,
    /// In the order of names.
    elements: Vec<(PathName, Members)>,
    /// `Resource` or `DomainResource`: which type it is, the instance says.
    pub is_abstract_resource: bool,
    pub is_primitive: bool,
}

/// The JSON members that hold an element.
pub(super) struct Members {
    /// JSON name, its type and whether that is a primitive; in the order of names. One, except for choices.
    pub choices: Box<[Choice]>,
}

#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub name: NameId,
    pub type_id: TypeId,
    pub is_primitive: bool,
}

struct Models {
    by_type: Vec<Model>,
    names: HashMap<&'static str, PathName, FxBuildHasher>,
}

static MODELS: LazyLock<Models> = LazyLock::new(Models::build);

/// The number of a name; `None` if no type has such an element.
pub(super) fn path_name(name: &str) -> Option<PathName> {
    MODELS.names.get(name).copied()
}

/// The model of a type.
pub(super) fn of(type_id: TypeId) -> &'static Model {
    &MODELS.by_type[type_id.index()]
}

impl Model {
    /// The element of that name.
    #[inline]
    pub fn element(&self, name: PathName) -> Option<&Members> {
        let at = self.elements.binary_search_by_key(&name, |(own, _)| *own).ok()?;
        Some(&self.elements[at].1)
    }
}

impl Members {
    /// What a member of that name is.
    #[inline]
    pub fn choice(&self, name: NameId) -> Option<Choice> {
        match &*self.choices {
            [only] => (only.name == name).then_some(*only),
            many => {
                let at = many.binary_search_by_key(&name, |choice| choice.name).ok()?;
                Some(many[at])
            }
        }
    }
}

impl Models {
    fn build() -> Models {
        let mut names = HashMap::default();
        for element in TypeId::all().flat_map(|id| &id.definition().elements) {
            let next = PathName(names.len() as u16);
            names.entry(element.name).or_insert(next);
        }
        let by_type = TypeId::all().map(|id| model(id, &names)).collect();
        Models { by_type, names }
    }
}

fn model(id: TypeId, names: &HashMap<&'static str, PathName, FxBuildHasher>) -> Model {
    let mut elements: Vec<(PathName, Members)> = id
        .lineage()
        .flat_map(|own| own.definition().elements.iter().map(move |element| (own, element)))
        .map(|(own, element)| (names[element.name], members(own, element)))
        .collect();
    elements.sort_by_key(|(name, _)| *name);
    Model {
        system: system(id),
        elements,
        is_abstract_resource: matches!(id.path(), "Resource" | "DomainResource"),
        is_primitive: id.definition().kind == TypeKind::Primitive,
    }
}

fn members(owner: TypeId, element: &'static Element) -> Members {
    let choice = |(at, one): (usize, &ElementType)| {
        // The definitions give a resource's id the type of an element's id; the specification calls it an `id`.
        let resource_id = element.name == "id" && owner.path() == "Resource";
        let type_id = TypeId::from_path("id").filter(|_| resource_id).unwrap_or(one.id);
        let is_primitive = type_id.definition().kind == TypeKind::Primitive;
        Choice { name: element.json_name(at), type_id, is_primitive }
    };
    let mut choices: Vec<Choice> = element.types.iter().enumerate().map(choice).collect();
    choices.sort_by_key(|choice| choice.name);
    // `Reference(A)` and `Reference(B)` of one choice are one member.
    choices.dedup_by_key(|choice| choice.name);
    Members { choices: choices.into() }
}

fn system(id: TypeId) -> Option<System> {
    id.lineage().find_map(|id| {
        Some(match id.path() {
            "boolean" => System::Boolean,
            "integer" => System::Integer,
            "decimal" => System::Decimal,
            "date" => System::Date,
            "dateTime" | "instant" => System::DateTime,
            "time" => System::Time,
            "string" | "uri" | "base64Binary" | "xhtml" => System::String,
            "Quantity" => System::Quantity,
            _ => return None,
        })
    })
}
