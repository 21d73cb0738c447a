//! Discriminators: what a slice's definition says at the end of their paths.

use super::discriminator_path::Step;
use super::slicing::{Discriminator, Kind, Slicing, Test, profiles};
use super::{Definition, Definitions, Element, Found};
use crate::definitions::{NameId, names};
use std::sync::Arc;

/// An element of a definition; `None` stands for the definition the search began in.
struct At {
    definition: Option<Arc<Definition>>,
    element: usize,
}

/// What items of the slice at `slice` are like at the end of the discriminator's path.
fn test(
    definition: &Definition,
    slice: usize,
    discriminator: &Discriminator,
    definitions: &Definitions,
) -> Test {
    let Ok(path) = &discriminator.path else { return Test::Nothing };
    let mut at = At { definition: None, element: slice };
    for (number, step) in path.0.iter().enumerate() {
        let last = number + 1 == path.0.len();
        if last && *step == Step::Resolve && discriminator.kind == Kind::Type {
            return of_types(target_types(at.element(definition), definitions));
        }
        match follow(definition, &at, step, definitions) {
            Next::At(next) => at = next,
            Next::Test(test) if last => return test,
            // What the slice says nothing of does not tell it apart; another discriminator has to.
            Next::Nothing => return Test::Any,
            Next::Test(_) => return Test::Nothing,
        }
    }
    let element = at.element(definition);
    match discriminator.kind {
        Kind::Exists if element.max == 0 => Test::Exists(false),
        Kind::Exists if element.min > 0 => Test::Exists(true),
        Kind::Exists => Test::Any,
        Kind::Type => of_types(types(element)),
        Kind::Profile if profiles(&element.types).is_empty() => Test::Any,
        Kind::Profile => Test::Profile(profiles(&element.types)),
        Kind::Value if element.max == 0 => Test::Exists(false),
        Kind::Value if tells(element) => Test::Value(at.definition, at.element),
        Kind::Value if element.types.iter().any(|one| !one.profiles.is_empty()) => {
            Test::Profile(profiles(&element.types))
        }
        Kind::Value if element.min > 0 => Test::Exists(true),
        Kind::Value => Test::Any,
    }
}

/// Types tell nothing where there are none.
fn of_types(names: Vec<Box<str>>) -> Test {
    if names.is_empty() { Test::Any } else { Test::Type(names) }
}

impl At {
    fn element<'e>(&'e self, start: &'e Definition) -> &'e Element {
        &self.definition.as_deref().unwrap_or(start).elements[self.element]
    }
}

enum Next {
    At(At),
    Test(Test),
    Nothing,
}

fn follow(start: &Definition, at: &At, step: &Step, definitions: &Definitions) -> Next {
    let element = at.element(start);
    let profile = |urls: &[Box<str>]| {
        let url = urls.first()?;
        let Found::Definition(definition) = definitions.profile(url) else { return None };
        let element = definition.named(url)?;
        Some((definition, element))
    };
    let here = at.definition.as_deref().unwrap_or(start);
    match step {
        Step::OfType(_) => Next::At(At { definition: at.definition.clone(), element: at.element }),
        Step::Resolve => {
            let targets: Vec<_> = element.types.iter().flat_map(|one| one.targets.iter().cloned()).collect();
            match profile(&targets) {
                Some((definition, element)) => Next::At(At { definition: Some(definition), element }),
                None => Next::Nothing,
            }
        }
        Step::Extension(url) => extension(here, at, url),
        Step::Child(name, text) => {
            if let Some(child) = child(here, at.element, *name, text) {
                return Next::At(At { definition: at.definition.clone(), element: child });
            }
            let profiles = profiles(&element.types);
            match profile(&profiles) {
                Some((definition, element)) => match child(&definition, element, *name, text) {
                    Some(child) => Next::At(At { definition: Some(definition), element: child }),
                    None => Next::Nothing,
                },
                // The URL of an extension is that of its definition, even of an unknown one.
                None if *name == names::lookup(b"url") => match profiles.into_iter().next() {
                    Some(url) => Next::Test(Test::Url(url)),
                    None => Next::Nothing,
                },
                None => Next::Nothing,
            }
        }
    }
}

fn extension(here: &Definition, at: &At, url: &str) -> Next {
    let of = |child: &usize| here.elements[*child].members.iter().any(|m| m.0 == names::lookup(b"extension"));
    let children = here.below(at.element).children.iter().copied().filter(of);
    let slices =
        children.flat_map(|child| here.elements[child].slicing.iter().flat_map(|all| all.slices.iter()));
    let is_it = |slice: &&usize| {
        here.elements[**slice].types.iter().any(|one| one.profiles.iter().any(|own| &**own == url))
    };
    match slices.copied().collect::<Vec<_>>().iter().find(is_it) {
        Some(&slice) => Next::At(At { definition: at.definition.clone(), element: slice }),
        None => Next::Nothing,
    }
}

/// The child of that name; of a choice any type will do.
fn child(definition: &Definition, element: usize, name: NameId, text: &str) -> Option<usize> {
    let below = definition.below(element);
    let by_name = below.child(name).map(|(child, _)| child);
    by_name.or_else(|| {
        let is_it = |child: &usize| {
            let path = &definition.elements[*child].path;
            let last = path.rsplit('.').next().unwrap_or_default();
            last.split(':').next().unwrap_or_default().trim_end_matches("[x]") == text
        };
        below.children.iter().copied().find(is_it)
    })
}

fn types(element: &Element) -> Vec<Box<str>> {
    element.types.iter().map(|one| one.code.clone()).collect()
}

/// The types of what the element's references may lead to.
fn target_types(element: &Element, definitions: &Definitions) -> Vec<Box<str>> {
    let targets = element.types.iter().flat_map(|one| one.targets.iter());
    let known = targets.filter_map(|target| match definitions.profile(target) {
        Found::Definition(definition) => Some(definition.type_id.path().into()),
        _ => None,
    });
    known.collect()
}

/// Whether the element says which values it has.
fn tells(element: &Element) -> bool {
    element.value.is_some()
        || element.binding.as_ref().is_some_and(|binding| !binding.inherited)
        || !element.children.is_empty()
        || element.slicing.is_some()
}

/// What an item must be like to be in each slice, by slice and discriminator.
pub(in crate::validation) fn tests(
    definition: &Definition,
    slicing: &Slicing,
    definitions: &Definitions,
) -> Vec<Vec<Test>> {
    let of_slice = |&slice: &usize| {
        let all = slicing.discriminators.iter();
        all.map(|discriminator| test(definition, slice, discriminator, definitions)).collect()
    };
    slicing.slices.iter().map(of_slice).collect()
}
