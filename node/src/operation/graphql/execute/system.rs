//! What is asked of the server: <https://hl7.org/fhir/R4/graphql.html#searching>.

use super::{
    super::{
        output::{Object, Output},
        read::{Field, Selection},
    },
    Execution, Flow, Spot,
    element::{Item, shortened},
    object::searched,
};
use crate::interaction::several::Place;
use fhir::definitions::ResourceType;
use proto::{Code, Error, ResourceId};
use serde_json::Value;

impl<'q> Execution<'q> {
    /// The fields of the system.
    pub(super) fn system(&mut self, selections: &'q [Selection], out: &mut Object) -> Result<(), Error> {
        self.fields(selections, &|on| on == "Query", &mut |this, field| {
            let flow = Flow::default();
            match field.name.as_str() {
                "__typename" => this.leaf(field, Output::text("Query"), flow, out),
                name if name.starts_with("__") => {
                    this.wrong(field, "there is no introspection; the types and fields are those of FHIR R4");
                    Ok(())
                }
                name if searched(name).is_some() => this.search(field, None, flow, out),
                name => match ResourceType::from_name(name) {
                    Some(resource_type) => this.read(resource_type, field, flow, out),
                    None => {
                        let name = shortened(name);
                        this.wrong(field, format!("the server has no field '{name}'; it has such as Patient(id: …), PatientList(…) and PatientConnection(…)"));
                        Ok(())
                    }
                },
            }
        })
    }

    /// `Patient(id: …)`
    fn read(
        &mut self,
        resource_type: ResourceType,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let id = match field.arguments.as_slice() {
            [(name, Value::String(id))] if name == "id" || name == "_id" => id.clone(),
            [(name, Value::Number(id))] if name == "id" || name == "_id" => id.to_string(),
            _ => {
                self.wrong(
                    field,
                    format!("name the id: {resource_type}(id: …); a search is {resource_type}List(…)"),
                );
                return Ok(());
            }
        };
        let found = ResourceId::parse(&id).ok().map(|id| Place { resource_type, id, version: None });
        let store = self.store;
        match found.map(|place| (place, store.resource(&place))) {
            Some((place, None)) => {
                self.wanted.places.insert(place);
                Ok(())
            }
            Some((_, Some(Some(document)))) => {
                let item = Item { spot: Spot::resource(document.root()), is_primitive: false };
                self.emit(field, vec![item], false, flow, out)
            }
            _ => {
                let text = format!("there is no {resource_type}/{}", shortened(&id));
                self.problem(field, Error::new(Code::NotFound, text));
                Ok(())
            }
        }
    }
}
