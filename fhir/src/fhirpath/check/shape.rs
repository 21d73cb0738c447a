//! What is known of the items an expression can give, before it is evaluated.

use crate::definitions::{TypeId, TypeKind};
use crate::fhirpath::model::{self, System};
use crate::fhirpath::op::TypeSpec;

/// One type an item may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fhir(TypeId),
    System(System),
}

/// The items of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The types they may have; `None` when any.
    pub kinds: Option<Vec<Kind>>,
    /// Whether their order is defined.
    pub ordered: bool,
}

impl Shape {
    pub fn unknown() -> Self {
        Shape { kinds: None, ordered: true }
    }

    pub fn of(kind: Kind) -> Self {
        Shape { kinds: Some(vec![kind]), ordered: true }
    }

    pub fn system(system: System) -> Self {
        Shape::of(Kind::System(system))
    }

    pub fn none() -> Self {
        Shape { kinds: Some(Vec::new()), ordered: true }
    }

    pub fn of_spec(target: TypeSpec) -> Self {
        let fhir = target.fhir.map(Kind::Fhir);
        Shape {
            kinds: Some(fhir.into_iter().chain(target.system.map(Kind::System)).collect()),
            ordered: true,
        }
    }

    /// Items of either.
    pub fn or(self, other: Shape) -> Shape {
        let kinds = self.kinds.zip(other.kinds).map(|(mut kinds, others)| {
            for kind in others {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            kinds
        });
        Shape { kinds, ordered: self.ordered && other.ordered }
    }

    /// The children of that name; `None` if items of these types never have one.
    pub fn child(&self, name: &str) -> Option<Shape> {
        let Some(kinds) = &self.kinds else { return Some(Shape { kinds: None, ordered: self.ordered }) };
        let mut children = Shape { ordered: self.ordered, ..Shape::none() };
        let mut found = kinds.is_empty();
        for kind in kinds {
            if let Some(child) = kind.child(name) {
                children = children.or(child);
                found = true;
            }
        }
        found.then_some(children)
    }

    /// Whether an item can be of that type.
    pub fn may_be(&self, wanted: TypeId) -> bool {
        let related =
            |id: TypeId| id.lineage().any(|base| base == wanted) || wanted.lineage().any(|base| base == id);
        let may_be = |kind: &Kind| matches!(kind, Kind::Fhir(id) if related(*id));
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(may_be))
    }

    /// For messages.
    pub fn name(&self) -> String {
        let name = |kind: &Kind| match kind {
            Kind::Fhir(id) => id.path(),
            Kind::System(system) => system.name(),
        };
        let names: Vec<_> = self.kinds.iter().flatten().take(5).map(name).collect();
        names.join(" or ")
    }
}

impl Kind {
    fn child(self, name: &str) -> Option<Shape> {
        let id = match self {
            Kind::Fhir(id) => id,
            Kind::System(System::TypeInfo) => {
                return matches!(name, "name" | "namespace").then(|| Shape::system(System::String));
            }
            Kind::System(_) => return None,
        };
        let Some(members) = model::path_name(name).and_then(|path| model::of(id).element(path)) else {
            return is_abstract(id).then(Shape::unknown);
        };
        let kinds = members.choices.iter().map(|choice| Kind::Fhir(choice.type_id)).collect();
        Some(Shape { kinds: Some(kinds), ordered: true })
    }
}

/// Whether instances are of derived types, which may have more elements.
fn is_abstract(id: TypeId) -> bool {
    model::of(id).is_abstract_resource
        || (id.definition().kind == TypeKind::Complex && matches!(id.path(), "Element" | "BackboneElement"))
}
