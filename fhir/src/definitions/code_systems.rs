//! The code systems of elements that are `code`s, from the value sets that bind them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../definitions/r4/code-systems.txt");

/// By the path of the element.
static SYSTEMS: LazyLock<BTreeMap<&str, &str>> =
    LazyLock::new(|| TABLE.lines().filter_map(|line| line.split_once('\t')).collect());

/// Those of the element `name` of a type; none where it is no `code` or bound to nothing.
pub fn of_element(type_path: &str, name: &str) -> impl Iterator<Item = &'static str> + use<> {
    let systems = SYSTEMS.get(format!("{type_path}.{name}").as_str());
    systems.into_iter().flat_map(|systems| systems.split(' '))
}
