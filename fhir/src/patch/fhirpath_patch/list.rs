//! A list that a path names as a whole, for `insert` and `move`.

use super::{
    super::{error::ErrorKind, limits::Budget, value::Value},
    build::{self, Target},
    element::{self, Element, companion_name},
    part::Part,
    place::{self, Located, Place, Step},
};
use crate::json::Node;

/// The place of a list.
pub struct List {
    owner: Vec<Step>,
    located: Located,
}

impl List {
    /// The list that has exactly the elements `found`, in its order.
    pub fn of(resource: Node<'_>, found: &[Node<'_>], budget: &mut Budget<'_>) -> Result<List, ErrorKind> {
        let first = found.first().ok_or(ErrorKind::NotAList)?;
        let place = Place::of(resource, *first)?;
        let located = place.element.clone().ok_or(ErrorKind::NotAList)?;
        let owner = located.owner(&place).to_vec();
        let object = node_at(resource, &owner).ok_or(ErrorKind::NotAList)?;
        let array = |name: &str| object.get(name);
        let (values, companions) = (array(located.name), array(&companion_name(located.name)));
        let mut values = values.into_iter().flat_map(Node::items);
        let mut companions = companions.into_iter().flat_map(Node::items);
        for node in found {
            budget.spend(1)?;
            let own = [values.next(), companions.next()];
            if !own.into_iter().flatten().any(|own| own.span() == node.span()) {
                return Err(ErrorKind::NotAList);
            }
        }
        match (values.next(), companions.next()) {
            (None, None) if located.index.is_some() => Ok(List { owner, located }),
            _ => Err(ErrorKind::NotAList),
        }
    }

    /// The element that `part` describes, made for this list.
    pub fn build<'d>(&self, part: &Part<'d>, budget: &mut Budget<'_>) -> Result<Element<'d>, ErrorKind> {
        let target = Target::of(self.located.owner_type, self.located.definition.name, part)?;
        build::build(&target, part, budget)
    }

    /// Lets `change` change the list.
    pub fn change<'d>(
        &self,
        root: &mut Value<'d>,
        budget: &mut Budget<'_>,
        change: impl FnOnce(&mut Vec<Element<'d>>),
    ) -> Result<(), ErrorKind> {
        let members = place::object(root, &self.owner, budget)?;
        let mut elements = element::list(members, self.located.name, budget)?;
        change(&mut elements);
        element::put_list(members, self.located.name, elements, budget)
    }
}

/// The number `index` if it is below `end`, in a list of `length`.
pub fn within(index: u64, length: usize, end: usize) -> Result<usize, ErrorKind> {
    let in_range = usize::try_from(index).ok().filter(|index| *index < end);
    in_range.ok_or(ErrorKind::OutOfBounds { index, length })
}

fn node_at<'d>(root: Node<'d>, steps: &[Step]) -> Option<Node<'d>> {
    steps.iter().try_fold(root, |node, step| match step {
        Step::Member(name) => node.get(name),
        Step::Item(index) => node.items().nth(*index),
    })
}
