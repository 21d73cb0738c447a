//! `$document`: <https://hl7.org/fhir/R4/composition-operation-document.html>. A Composition and what it refers to, as one Bundle.
//!
//! First the Composition, then all it refers to, wherever the reference stands (subject, encounter, author, attester, custodian, event,
//! section authors, focus and entries), then what those refer to, and so on; each once. What belongs to another patient's record
//! comes only where the Composition itself names it. A reference of the Composition to what should be here and is not is an
//! error, as such a document would not be whole; one to another server, and one further on, stays as it is.

use super::{
    Invocation, Scope,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::{
    draft,
    interaction::{
        self, part,
        several::{self, Place},
    },
    pages,
    session::Session,
};
use bytes::Bytes;
use fhir::{
    bundle::{self, Writer},
    definitions::ResourceType,
    index::{ReferenceText, parse_reference},
    json::{Document, Node},
};
use futures::FutureExt;
use proto::{Code, Error, ResourceId, api::v1::CreateRequest, error::Issue};
use std::collections::BTreeSet;

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "document",
    url: "http://hl7.org/fhir/OperationDefinition/Composition-document",
    system: false,
    types: Types::Only(&["Composition"]),
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("id", Kind::URI),
        Parameter::one("persist", Kind::Boolean),
        Parameter::one("graph", Kind::URI),
    ],
    unsupported: &[],
    bare: None,
    run: |invocation| run(invocation).boxed(),
};

async fn run(mut invocation: Invocation) -> Result<Bytes, Error> {
    let persist = invocation.input.flag("persist")?.unwrap_or_default();
    if persist && invocation.read_only {
        return Err(Error::new(Code::MethodNotAllowed, "persist=true stores the document: send a POST"));
    }
    if invocation.input.text("graph").is_some() {
        let text =
            "what a document holds follows from its Composition: graphs are not supported, leave 'graph' out";
        return Err(Error::new(Code::NotSupported, text));
    }
    named(&mut invocation)?;
    let composition = invocation.stored().await?;
    let session = invocation.caller.session();
    let document = Assembly::of(session, &composition).await?.bundle();
    if !persist {
        return Ok(document);
    }
    let request = CreateRequest { resource_type: "Bundle".to_owned(), body: document, ..Default::default() };
    Ok(interaction::create(session, request).await?.body)
}

/// Asked of the type, `id` says of which Composition.
fn named(invocation: &mut Invocation) -> Result<(), Error> {
    let id = invocation.input.text("id");
    let Some(id) = id else {
        let is_named = matches!(invocation.scope, Scope::Instance { .. });
        return is_named.then_some(()).ok_or_else(|| {
            let text = "name the Composition: Composition/[id]/$document, or by the parameter 'id'";
            Error::new(Code::BadParameter, text).as_issue("required")
        });
    };
    if let Scope::Instance { .. } = invocation.scope {
        let text = "the Composition is named by the path: leave the parameter 'id' out";
        return Err(Error::new(Code::BadParameter, text).as_issue("value"));
    }
    let session = invocation.caller.session();
    let (id, version_id) = match parse_reference(&id, session.bases().bases()) {
        ReferenceText::Local { resource_type, id, version } if resource_type.name() == "Composition" => {
            (id, version.unwrap_or_default())
        }
        ReferenceText::Url { url, .. } if !url.contains([':', '/']) => (url, ""),
        _ => {
            let text = "documents are made of Compositions on this server: give the id of one, or its URL below this server's base";
            return Err(Error::new(Code::NotSupported, text));
        }
    };
    let (id, version_id) = (draft::resource_id(id)?.as_str().to_owned(), version_id.to_owned());
    let Scope::Type(resource_type) = invocation.scope else { return Ok(()) };
    invocation.scope = Scope::Instance { resource_type, id, version_id };
    Ok(())
}

/// A document while it is put together.
struct Assembly<'s> {
    session: Session<'s>,
    /// Whose record the Composition is of.
    patient: Option<ResourceId>,
    /// As resources are referred to, whether they were found or not.
    asked: BTreeSet<Place>,
    /// Versions that it holds.
    held: BTreeSet<Place>,
    entries: Vec<(Place, Bytes)>,
    /// What was referred to and not asked for yet.
    next: BTreeSet<Place>,
}

impl<'s> Assembly<'s> {
    /// All of it.
    ///
    /// # Errors
    /// `Invalid` where the Composition refers to what is not here, `TooCostly` over `limits.search_includes_max`; those of reads.
    async fn of(session: Session<'s>, composition: &Document) -> Result<Assembly<'s>, Error> {
        let root = composition.root();
        let resource_type = draft::known_type("Composition")?;
        let id = root.get("id").and_then(Node::as_str).unwrap_or_default();
        let place = Place {
            resource_type,
            id: draft::resource_id(&id)?,
            version: fhir::resource::version_id_of(root),
        };
        let mut assembly = Assembly {
            session,
            patient: session.patient_of(root, resource_type),
            asked: BTreeSet::from([place, Place { version: None, ..place }]),
            held: BTreeSet::from([place]),
            entries: vec![(place, composition.source().clone())],
            next: BTreeSet::new(),
        };
        assembly.note(root);
        let missing = assembly.round(true).await?;
        if !missing.is_empty() {
            return Err(incomplete(&missing));
        }
        while !assembly.next.is_empty() {
            assembly.round(false).await?;
        }
        Ok(assembly)
    }

    /// Reads what was referred to; what is not there is returned.
    async fn round(&mut self, is_first: bool) -> Result<Vec<Place>, Error> {
        let places: Vec<Place> = std::mem::take(&mut self.next).into_iter().collect();
        let max = self.session.options().search_limits.includes_max;
        if self.entries.len() + places.len() > max {
            let text = format!(
                "the document would hold more than {max} resources (limits.search_includes_max): refer to less in the Composition"
            );
            return Err(Error::new(Code::TooCostly, text));
        }
        self.asked.extend(&places);
        let session = self.session;
        let mut missing: BTreeSet<Place> = places.iter().copied().collect();
        several::each(session, &places, |place, row| {
            missing.remove(place);
            let version = Place { version: Some(row.version), ..*place };
            let document = part::document(row.body.clone())?;
            if (is_first || self.is_of_the_record(place, document.root())) && self.held.insert(version) {
                session.context().share.take(2 * row.body.len())?;
                self.note(document.root());
                self.entries.push((*place, row.body));
            }
            Ok(())
        })
        .await?;
        Ok(missing.into_iter().collect())
    }

    /// Whether it belongs to no patient but the Composition's.
    fn is_of_the_record(&self, place: &Place, resource: Node<'_>) -> bool {
        let owner = match place.resource_type {
            ResourceType::PATIENT => Some(place.id),
            other => self.session.patient_of(resource, other),
        };
        owner.is_none() || self.patient.is_none() || owner == self.patient
    }

    /// Notes what it refers to on this server.
    fn note(&mut self, resource: Node<'_>) {
        for reference in bundle::references(resource) {
            let text = parse_reference(&reference.text, self.session.bases().bases());
            let ReferenceText::Local { resource_type, id, version } = text else { continue };
            let number = version.map(draft::version_id);
            let (Ok(id), None | Some(Some(_))) = (ResourceId::parse(id), number) else { continue };
            let place = Place { resource_type, id, version: number.flatten() };
            if !self.asked.contains(&place) {
                self.next.insert(place);
            }
        }
    }

    fn bundle(self) -> Bytes {
        let session = self.session;
        let bodies = self.entries.iter().map(|(_, body)| body.len() + 160).sum();
        let mut out = Writer::document(&session.uuid(), session.clock().now_ms(), bodies);
        for (place, body) in &self.entries {
            let instance = format!("{}/{}", place.resource_type, place.id.as_str());
            out.entry(&pages::below(session.base(), instance), body);
        }
        out.finish().into()
    }
}

fn incomplete(missing: &[Place]) -> Error {
    let issue = |place: &Place| Issue {
        severity: "error",
        code: "not-found",
        diagnostics: format!(
            "the Composition refers to {}/{}, which is not here: the document would not be whole",
            place.resource_type,
            place.id.as_str()
        ),
        expression: None,
    };
    Error { code: Code::Invalid, issues: missing.iter().map(issue).collect() }
}
