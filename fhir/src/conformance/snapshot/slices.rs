//! Slices of a differential.

use super::Error;
use super::expand::size;
use super::generate::Generator;
use super::tree::Node;
use super::{choice, element::Element};
use bytes::Bytes;

const BY_URL: &[u8] = br#"{"discriminator":[{"type":"value","path":"url"}],"ordered":false,"rules":"open"}"#;

impl Generator<'_> {
    /// Lays slices over the slices of `node`; one it does not have is made of `untouched`, the element as it was before
    /// the differential, or of the slice it slices again (`a` for `a/b`).
    pub fn lay_over_slices(
        &mut self,
        node: &mut Node,
        untouched: &Node,
        slices: Vec<Node>,
        path: &str,
    ) -> Result<(), Error> {
        imply_slicing(node);
        for slice in slices {
            let name = slice.slice.clone().unwrap_or_default();
            let known = node.slices.iter().position(|one| one.slice.as_deref() == Some(&name));
            let at = match known {
                Some(at) => at,
                None => self.add_slice(node, untouched, &name)?,
            };
            self.lay_over(&mut node.slices[at], slice, path)?;
        }
        Ok(())
    }

    fn add_slice(&mut self, node: &mut Node, untouched: &Node, name: &str) -> Result<usize, Error> {
        let outer = name.rsplit_once('/').map(|(outer, _)| outer);
        let outer = node.slices.iter().position(|one| one.slice.is_some() && one.slice.as_deref() == outer);
        let mut slice = outer.map_or(untouched, |at| &node.slices[at]).clone();
        self.spend(size(&slice))?;
        slice.slice = Some(name.to_owned());
        if let Some(element) = &mut slice.element {
            element.remove("slicing");
            element.set("min", Bytes::from_static(b"0"));
            choice::restrict_to_name(element, &node.name, name);
        }
        // The slices of a slice follow it.
        let at = outer.map_or(node.slices.len(), |at| after(&node.slices, at));
        node.slices.insert(at, slice);
        Ok(at)
    }
}

fn after(slices: &[Node], outer: usize) -> usize {
    let prefix = format!("{}/", slices[outer].slice.as_deref().unwrap_or_default());
    let inner = slices[outer + 1..]
        .iter()
        .take_while(|one| one.slice.as_deref().is_some_and(|name| name.starts_with(&prefix)));
    outer + 1 + inner.count()
}

/// Extensions are sliced by URL and choices by type without saying so.
fn imply_slicing(node: &mut Node) {
    let element = node.element.get_or_insert_default();
    if element.get("slicing").is_some() {
        return;
    }
    if matches!(node.name.as_str(), "extension" | "modifierExtension") {
        set_slicing(element, BY_URL);
    } else if node.name.ends_with("[x]") {
        set_slicing(element, choice::BY_TYPE);
    }
}

fn set_slicing(element: &mut Element, slicing: &'static [u8]) {
    element.set("slicing", Bytes::from_static(slicing));
}
