//! What a document or a message must bring along: <https://hl7.org/fhir/R4/documents.html#content>,
//! <https://hl7.org/fhir/R4/messageheader-definitions.html#MessageHeader.focus>.

use super::Walk;
use super::instance::resource_type;
use super::scope::{Scope, Target};
use crate::json::{Kind, Node};
use crate::validation::Code;

/// References of a Composition, sections aside, to what is part of the document.
const COMPOSITION: [&[&str]; 6] =
    [&["subject"], &["encounter"], &["author"], &["attester", "party"], &["custodian"], &["event", "detail"]];
const SECTION: [&[&str]; 3] = [&["author"], &["focus"], &["entry"]];
/// References of a MessageHeader to what is part of the message.
const MESSAGE: [&[&str]; 2] = [&["focus"], &["response", "details"]];

impl<'d> Walk<'_, 'd> {
    /// The references of a bundle's first resource must lead to entries, if it is a document or a message.
    pub(super) fn brought_along(&mut self, bundle: Node<'d>, scope: &Scope<'_, 'd>) {
        let kind = bundle.get("type").and_then(Node::as_str);
        let first = bundle.get("entry").and_then(|entries| entries.items().next());
        let Some((entry, resource)) = first.and_then(|entry| Some((entry, entry.get("resource")?))) else {
            return;
        };
        let full_url = entry.get("fullUrl").and_then(Node::as_str);
        let scope =
            Scope { resource, root: resource, full_url: full_url.as_deref(), outer: Some(scope), ..*scope };
        let type_name = resource_type(resource).map(|id| id.path());
        match (kind.as_deref(), type_name) {
            (Some("document"), Some("Composition")) => {
                self.all_bundled(resource, &COMPOSITION, "document", &scope);
                self.sections(resource, &scope);
            }
            (Some("message"), Some("MessageHeader")) => {
                self.all_bundled(resource, &MESSAGE, "message", &scope);
            }
            _ => {}
        }
    }

    /// Sections within sections, too; the document's own limit bounds the depth.
    fn sections(&mut self, parent: Node<'d>, scope: &Scope<'_, 'd>) {
        for section in parent.get("section").into_iter().flat_map(Node::items) {
            self.all_bundled(section, &SECTION, "document", scope);
            self.sections(section, scope);
        }
    }

    fn all_bundled(&mut self, node: Node<'d>, paths: &[&[&str]], whole: &str, scope: &Scope<'_, 'd>) {
        for path in paths {
            for reference in at(node, path) {
                let Some(literal) = reference.get("reference") else { continue };
                let Some(text) = literal.as_str() else { continue };
                if matches!(scope.resolve(&text, &self.contained), Target::Outside) {
                    let shown: String = text.chars().take(120).collect();
                    let text = format!(
                        "'{shown}' is part of the {whole}, but no entry has it; add it to the bundle under this URL"
                    );
                    self.issues.error(literal, Code::NotFound, text);
                }
            }
        }
    }
}

/// The objects at a path of names, lists item by item.
fn at<'d>(node: Node<'d>, path: &[&str]) -> Vec<Node<'d>> {
    let mut found = vec![node];
    for name in path {
        let members = found.iter().filter_map(|one| one.get(name));
        found = members.flat_map(|one| one.items().chain(Some(one).filter(is_object))).collect();
    }
    found
}

fn is_object(node: &Node<'_>) -> bool {
    node.kind() == Kind::Object
}
