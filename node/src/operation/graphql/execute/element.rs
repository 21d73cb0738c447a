//! Elements of a document: <https://hl7.org/fhir/R4/graphql.html>.

use super::{
    super::{output::Object, output::Output, read::Field},
    Execution, Flow, Spot,
    emit::Fill,
};
use fhir::{
    definitions::{self, TypeId, TypeKind, names},
    fhirpath,
    json::{Kind, Node},
};
use proto::Error;

/// An element where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item<'q> {
    pub spot: Spot<'q>,
    pub is_primitive: bool,
}

/// An element that a type has.
struct Defined {
    element: &'static definitions::Element,
    type_id: TypeId,
    /// What it is called in JSON.
    name: String,
}

impl<'q> Execution<'q> {
    /// A field that is an element, or by `_name` what belongs to a primitive.
    pub(super) fn element(
        &mut self,
        spot: Spot<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let (name, is_companion) = match field.name.strip_prefix('_') {
            Some(name) => (name, true),
            None => (field.name.as_str(), false),
        };
        let Some(own) = spot.type_id else { return Ok(()) };
        let Some(defined) = defined(spot.node, own, name) else {
            let text = format!("{} has no element '{}'", own.path(), shortened(&field.name));
            self.wrong(field, text);
            return Ok(());
        };
        let items = match is_companion {
            true => companions(spot, &defined),
            false => values(spot, &defined),
        };
        self.pay(items.len())?;
        let Some(items) = self.filter(field, items)? else { return Ok(()) };
        self.emit(field, items, defined.element.repeats(), flow, out)
    }
}

/// The element called `name`; of a choice also without its type (`value`), as the document has it.
fn defined(node: Node<'_>, own: TypeId, name: &str) -> Option<Defined> {
    if let Some((element, element_type)) = own.member(names::lookup(name.as_bytes())) {
        return Some(Defined { element, type_id: element_type.id, name: name.to_owned() });
    }
    let choice = own.element(name).filter(|element| element.choice)?;
    let found = node.members().find_map(|(key, _)| {
        let (element, element_type) = own.member(key.name_id())?;
        (element.choice && element.name == name).then(|| (key.as_str().into_owned(), element_type.id))
    });
    // Where there is none of them, any will do.
    let (name, type_id) = found.unwrap_or_else(|| (name.to_owned(), choice.types[0].id));
    Some(Defined { element: choice, type_id, name })
}

fn nodes(node: Option<Node<'_>>) -> Vec<Node<'_>> {
    match node {
        None => vec![],
        Some(list) if list.kind() == Kind::Array => {
            list.items().filter(|item| item.kind() != Kind::Null).collect()
        }
        Some(one) => vec![one],
    }
}

fn values<'q>(spot: Spot<'q>, defined: &Defined) -> Vec<Item<'q>> {
    let item = |node: Node<'q>| match defined.type_id.definition().kind {
        // What is contained refers to what else its container holds.
        TypeKind::Resource => {
            let own = Spot::resource(node);
            let is_contained = defined.element.name == "contained";
            let resource = if is_contained { spot.resource } else { node };
            Item { spot: Spot { resource, ..own }, is_primitive: false }
        }
        kind => Item {
            spot: Spot { node, type_id: Some(defined.type_id), resource: spot.resource },
            is_primitive: kind == TypeKind::Primitive,
        },
    };
    nodes(spot.node.get(&defined.name)).into_iter().map(item).collect()
}

/// Ids and extensions of a primitive.
fn companions<'q>(spot: Spot<'q>, defined: &Defined) -> Vec<Item<'q>> {
    let element = TypeId::from_path("Element");
    let item =
        |node| Item { spot: Spot { node, type_id: element, resource: spot.resource }, is_primitive: false };
    nodes(spot.node.get(&format!("_{}", defined.name))).into_iter().map(item).collect()
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

impl<'q> Item<'q> {
    /// As FHIRPath sees it.
    pub(super) fn element(&self) -> fhirpath::Element<'q> {
        match self.spot.type_id {
            Some(type_id) => fhirpath::Element::of_type(self.spot.node, type_id),
            None => fhirpath::Element::resource(self.spot.node),
        }
    }
}

impl<'q> Fill<'q> for Item<'q> {
    fn fill(
        &self,
        execution: &mut Execution<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        execution.object(self.spot, &field.selections, flow, out)
    }

    fn leaf(&self) -> Option<Output> {
        self.is_primitive.then(|| Output::Raw(self.spot.node.raw().into()))
    }

    fn slice(
        &self,
        execution: &mut Execution<'q>,
        field: &'q Field,
        path: &'q str,
    ) -> Result<Option<String>, Error> {
        execution.name_of(field, self, path)
    }
}
