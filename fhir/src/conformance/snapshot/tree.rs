//! Elements as a tree: children below their parent, slices beside the element they slice.

use super::element::Element;
use crate::json::Node as Json;

/// One step of a path: a name, and the slice if it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub name: String,
    pub slice: Option<String>,
}

/// An element, or one slice of an element.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The last name of the path, such as `value[x]`.
    pub name: String,
    pub slice: Option<String>,
    /// None for what a differential passes through without saying anything of it.
    pub element: Option<Element>,
    pub children: Vec<Node>,
    /// Slices, those of slices (`a/b`) among them.
    pub slices: Vec<Node>,
}

impl Node {
    pub fn new(name: &str, slice: Option<&str>) -> Node {
        Node { name: name.to_owned(), slice: slice.map(str::to_owned), ..Node::default() }
    }

    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The node at the steps below this one.
    pub fn at(&self, steps: &[Segment]) -> Option<&Node> {
        let mut node = self;
        for step in steps {
            node = node.child(&step.name)?;
            if let Some(slice) = &step.slice {
                node = node.slices.iter().find(|one| one.slice.as_ref() == Some(slice))?;
            }
        }
        Some(node)
    }

    /// Puts an element where its location says; steps that are not there are made without element. An element met
    /// twice adds its later properties.
    fn place(&mut self, steps: &[Segment], element: Element) {
        let mut node = self;
        for step in steps {
            node = node.step(step);
        }
        match &mut node.element {
            None => node.element = Some(element),
            Some(known) => element.properties().for_each(|(name, json)| known.set(name, json.clone())),
        }
    }

    fn step(&mut self, step: &Segment) -> &mut Node {
        let child =
            position_or_push(&mut self.children, |one| one.name == step.name, || Node::new(&step.name, None));
        let Some(slice) = &step.slice else { return child };
        let is_it = |one: &Node| one.slice.as_ref() == Some(slice);
        position_or_push(&mut child.slices, is_it, || Node::new(&step.name, Some(slice)))
    }
}

fn position_or_push(
    list: &mut Vec<Node>,
    is_it: impl FnMut(&Node) -> bool,
    make: impl FnOnce() -> Node,
) -> &mut Node {
    let at = list.iter().position(is_it).unwrap_or(list.len());
    if at == list.len() {
        list.push(make());
    }
    &mut list[at]
}

/// A list of ElementDefinitions as a tree; none if there is no element.
///
/// `Err` is the path of an element that is not below the first one's name, or deeper than `depth_max`.
pub fn build<'d>(
    elements: impl Iterator<Item = Json<'d>>,
    depth_max: usize,
) -> Result<Option<Node>, Misplaced> {
    let mut root: Option<Node> = None;
    let mut previous: Vec<Segment> = Vec::new();
    for element in elements {
        let location = location(element, &previous);
        if location.len() > depth_max {
            return Err(Misplaced::TooDeep(text(element, "path")));
        }
        let first = &location[0];
        let root = root.get_or_insert_with(|| Node::new(&first.name, None));
        if root.name != first.name {
            return Err(Misplaced::Foreign(text(element, "path"), root.name.clone()));
        }
        root.place(&location[1..], Element::read(element));
        previous = location;
    }
    Ok(root)
}

/// An element that has no place: its path, and the name it should begin with.
#[derive(Debug)]
pub enum Misplaced {
    Foreign(String, String),
    TooDeep(String),
}

fn text(element: Json<'_>, name: &str) -> String {
    element.get(name).and_then(Json::as_str).map(String::from).unwrap_or_default()
}

/// Where an element belongs: by its id if that agrees with its path, else by its path and the slice the element before
/// it was in.
fn location(element: Json<'_>, previous: &[Segment]) -> Vec<Segment> {
    let path = text(element, "path");
    let slice_name = Some(text(element, "sliceName")).filter(|name| !name.is_empty());
    let names: Vec<&str> = path.split('.').collect();
    if let Some(location) = by_id(&text(element, "id"), &names, slice_name.as_deref()) {
        return location;
    }
    let mut inside = true;
    let last = names.len() - 1;
    let segment = |(at, name): (usize, &&str)| {
        let before = previous.get(at).filter(|before| inside && before.name == *name);
        inside = before.is_some();
        let slice = match at == last {
            true => slice_name.clone(),
            false => before.and_then(|before| before.slice.clone()),
        };
        Segment { name: (*name).to_owned(), slice }
    };
    names.iter().enumerate().map(segment).collect()
}

/// The location an id such as `Observation.category:VSCat.coding` tells.
fn by_id(id: &str, names: &[&str], slice_name: Option<&str>) -> Option<Vec<Segment>> {
    let mut location = steps(id);
    if location.len() != names.len() || !location.iter().zip(names).all(|(one, name)| agrees(&one.name, name))
    {
        return None;
    }
    let last = location.last_mut()?;
    match (&last.slice, slice_name) {
        (Some(own), Some(named)) if own != named => return None,
        (None, Some(named)) => last.slice = Some(named.to_owned()),
        _ => {}
    }
    Some(location)
}

/// An id or content reference as steps.
pub fn steps(id: &str) -> Vec<Segment> {
    let step = |part: &str| match part.split_once(':') {
        Some((name, slice)) => Segment { name: name.to_owned(), slice: Some(slice.to_owned()) },
        None => Segment { name: part.to_owned(), slice: None },
    };
    id.split('.').map(step).collect()
}

/// Whether a name of an id and one of a path are the same, `value[x]` and `valueQuantity` included.
fn agrees(id: &str, path: &str) -> bool {
    id == path || id.strip_suffix("[x]").is_some_and(|stem| path.starts_with(stem) && path != stem)
}

/// Appends the elements of the tree as JSON, separated by commas.
pub fn write(node: &Node, id: &str, path: &str, out: &mut Vec<u8>) {
    if let Some(element) = &node.element {
        if out.last() == Some(&b'}') {
            out.push(b',');
        }
        element.write(id, path, node.slice.as_deref(), out);
    }
    for child in &node.children {
        write(child, &format!("{id}.{}", child.name), &format!("{path}.{}", child.name), out);
    }
    for slice in &node.slices {
        let name = slice.slice.as_deref().unwrap_or_default();
        write(slice, &format!("{id}:{name}"), path, out);
    }
}
