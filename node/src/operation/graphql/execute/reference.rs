//! The resource that a Reference names: <https://hl7.org/fhir/R4/graphql.html#resource>.

use super::{
    super::{output::Object, read::Field},
    Execution, Flow, Spot,
    element::{Item, shortened},
};
use crate::{draft, interaction::several::Place};
use fhir::{
    fhirpath::Element,
    index::{ReferenceText, parse_reference},
    json::Node,
};
use proto::{Code, Error, ResourceId};
use serde_json::Value;

/// What a reference leads to.
enum Target<'q> {
    Here(Spot<'q>),
    /// It is of another type than is asked for, or is read for the next time.
    Nothing,
    Nowhere(String),
}

impl<'q> Execution<'q> {
    /// `resource(type: …, optional: …)` of a Reference.
    pub(super) fn reference(
        &mut self,
        spot: Spot<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let (mut is_optional, mut only) = (false, None);
        for (name, value) in &field.arguments {
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                ("optional", Value::Bool(value)) => is_optional = *value,
                ("type", Value::String(name)) => only = Some(name.as_str()),
                (name, _) => {
                    self.wrong(
                        field,
                        format!(
                            "resource takes optional (true or false) and type (a name), no such '{name}'"
                        ),
                    );
                    return Ok(());
                }
            }
        }
        match self.target(spot, only) {
            Target::Nothing => {}
            Target::Here(target) => {
                let is_wanted = only.is_none_or(|only| target.type_id.is_some_and(|id| id.path() == only));
                if is_wanted {
                    let item = Item { spot: target, is_primitive: false };
                    self.emit(field, vec![item], false, flow, out)?;
                }
            }
            Target::Nowhere(_) if is_optional => {}
            Target::Nowhere(text) => {
                let text = format!("{text}; resource(optional: true) leaves such out");
                self.problem(field, Error::new(Code::NotFound, text));
            }
        }
        Ok(())
    }

    fn target(&mut self, spot: Spot<'q>, only: Option<&str>) -> Target<'q> {
        let Some(text) = spot.node.get("reference").and_then(Node::as_str) else {
            return Target::Nowhere("the Reference names no resource by a reference".to_owned());
        };
        let (resource_type, id, version) = match parse_reference(&text, self.store.bases) {
            ReferenceText::Contained(id) => return contained(spot, id),
            ReferenceText::Local { resource_type, id, version } => (resource_type, id, version),
            _ => return Target::Nowhere(format!("'{}' is no resource of this server", shortened(&text))),
        };
        // Of another type than is asked for it is not read.
        if only.is_some_and(|only| only != resource_type.name()) {
            return Target::Nothing;
        }
        let number = version.map(draft::version_id);
        let nowhere = || Target::Nowhere(format!("there is no {}", shortened(&text)));
        let (Ok(id), None | Some(Some(_))) = (ResourceId::parse(id), number) else { return nowhere() };
        let place = Place { resource_type, id, version: number.flatten() };
        match self.store.resource(&place) {
            Some(Some(document)) => Target::Here(Spot::resource(document.root())),
            Some(None) => nowhere(),
            None => {
                self.wanted.places.insert(place);
                Target::Nothing
            }
        }
    }
}

fn contained<'q>(spot: Spot<'q>, id: &str) -> Target<'q> {
    if id.is_empty() {
        return Target::Here(Spot::resource(spot.resource));
    }
    let all = spot.resource.get("contained").into_iter().flat_map(Node::items);
    let has_id = |node: &Node<'q>| node.get("id").and_then(Node::as_str).is_some_and(|own| own == id);
    match all.into_iter().find(has_id) {
        Some(node) => {
            let type_id = Element::resource(node).type_id();
            Target::Here(Spot { node, type_id, resource: spot.resource })
        }
        None => Target::Nowhere(format!("the resource contains no '#{}'", shortened(id))),
    }
}
