//! Discriminator paths on an instance.

use super::constrain::List;
use super::contained::Contained;
use super::instance::{Instance, resource_type};
use super::scope::Scope;
use crate::definitions::{TypeId, names};
use crate::json::Node;
use crate::validation::definition::{Path, Step};

/// Values one path may lead to: lists in lists multiply.
const VALUES_MAX: usize = 1_000;

/// The elements at the end of the path.
pub(super) fn select<'d>(
    item: Instance<'d>,
    path: &Path,
    scope: &Scope<'_, 'd>,
    contained: &Contained<'_, 'd>,
) -> List<'d> {
    let mut values = List::from_slice(&[item]);
    for step in &path.0 {
        let mut next = List::new();
        for value in values {
            follow(value, step, (scope, contained), &mut next);
            if next.len() > VALUES_MAX {
                break;
            }
        }
        values = next;
    }
    values
}

fn follow<'d>(
    value: Instance<'d>,
    step: &Step,
    (scope, contained): (&Scope<'_, 'd>, &Contained<'_, 'd>),
    next: &mut List<'d>,
) {
    match step {
        Step::Child(name, text) => {
            let type_id = value.actual_type();
            if let Some((element, one)) = type_id.member(*name).filter(|(element, _)| !element.choice) {
                let _ = element;
                next.extend(value.all(*name, one.id));
            } else if let Some(element) = type_id.element(text) {
                for (choice, one) in element.types.iter().enumerate() {
                    next.extend(value.all(element.json_name(choice), one.id));
                }
            }
        }
        Step::Extension(url) => {
            let Some(extension) = TypeId::from_path("Extension") else { return };
            let all = value.all(names::lookup(b"extension"), extension);
            next.extend(all.filter(|one| has_url(*one, url)));
        }
        Step::Resolve => {
            let reference = match value.type_id.path() {
                "Reference" => value.value.and_then(|node| node.get_name(names::lookup(b"reference"))),
                _ => value.value,
            };
            let text = reference.and_then(Node::as_str);
            let target = text.and_then(|text| scope.resolve(&text, contained).resource());
            next.extend(target.and_then(|node| Some(Instance::object(node, resource_type(node)?))));
        }
        Step::OfType(name) => {
            if value.actual_type().lineage().any(|id| *id.path() == **name) {
                next.push(value);
            }
        }
    }
}

fn has_url(extension: Instance<'_>, url: &str) -> bool {
    let own = extension.value.and_then(|node| node.get_name(names::lookup(b"url"))).and_then(Node::as_str);
    own.is_some_and(|own| own == url)
}
