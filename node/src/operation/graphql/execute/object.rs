//! The fields of an object, fragments included.

use super::{
    super::{
        output::{Manner, Object, Output},
        problem::Step,
        read::{Field, Selection},
    },
    Execution, Flow, Spot,
};
use fhir::{
    definitions::{ResourceType, TypeId, TypeKind},
    json::Node,
};
use proto::Error;

impl<'q> Execution<'q> {
    /// Selects of `spot` into `out`.
    pub(super) fn object(
        &mut self,
        spot: Spot<'q>,
        selections: &'q [Selection],
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let fits = |on: &str| spot.type_id.is_some_and(|own| own.lineage().any(|id| id.path() == on));
        self.fields(selections, &fits, &mut |this, field| this.field(spot, field, flow, out))
    }

    /// Every field that is selected, of those fragments too whose type `fits`.
    pub(super) fn fields(
        &mut self,
        selections: &'q [Selection],
        fits: &dyn Fn(&str) -> bool,
        see: &mut dyn FnMut(&mut Self, &'q Field) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let query = self.query;
        self.deeper(|this| {
            for selection in selections {
                this.pay(1)?;
                match selection {
                    Selection::Field(field) => {
                        this.at(Step::Key(field.key.clone()), |this| see(this, field))?
                    }
                    Selection::Inline { on, selections } => {
                        if on.as_deref().is_none_or(fits) {
                            this.fields(selections, fits, see)?;
                        }
                    }
                    Selection::Spread(name) => {
                        if let Some(fragment) = query.fragments.get(name)
                            && fits(&fragment.on)
                        {
                            this.fields(&fragment.selections, fits, see)?;
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn field(
        &mut self,
        spot: Spot<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let is_resource = spot.type_id.is_some_and(|id| id.definition().kind == TypeKind::Resource);
        match field.name.as_str() {
            "__typename" => {
                let name = spot.type_id.map_or("Element", TypeId::path);
                self.leaf(field, Output::text(name), flow, out)
            }
            name if name.starts_with("__") => {
                self.wrong(field, "there is no introspection; the types and fields are those of FHIR R4");
                Ok(())
            }
            "resourceType" if is_resource => match spot.node.get("resourceType").and_then(Node::as_str) {
                Some(name) => self.leaf(field, Output::text(&name), flow, out),
                None => Ok(()),
            },
            "resource" if spot.type_id.is_some_and(|id| id.path() == "Reference") => {
                self.reference(spot, field, flow, out)
            }
            name if is_resource && searched(name).is_some() => self.reverse(spot, field, flow, out),
            _ => self.element(spot, field, flow, out),
        }
    }

    /// Puts the one value of a field without fields of its own.
    pub(super) fn leaf(
        &mut self,
        field: &Field,
        value: Output,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        if !field.selections.is_empty() {
            self.wrong(field, format!("{} is a simple value: it has no fields", field.name));
            return Ok(());
        }
        let manner = Manner { is_list: flow.is_listed && !field.shape.singleton, joins: flow.is_listed };
        self.put(field, &format!("{}{}", field.key, flow.suffix), vec![value], manner, out)
    }
}

/// What `PatientList` and `PatientConnection` search, and whether it is the latter.
pub(super) fn searched(name: &str) -> Option<(ResourceType, bool)> {
    let (name, is_connection) = match name.strip_suffix("Connection") {
        Some(name) => (name, true),
        None => (name.strip_suffix("List")?, false),
    };
    Some((ResourceType::from_name(name)?, is_connection))
}
