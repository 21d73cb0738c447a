//! Types of the elements that a definition speaks of.

use crate::definitions::TypeId;

/// The type of the element at that path, if there is but one.
pub(super) fn type_at(root: TypeId, path: &str) -> Option<TypeId> {
    let mut id = root;
    for name in path.split('.').skip(1) {
        let element = id.element(name.trim_end_matches("[x]"))?;
        let [only] = element.types.as_slice() else { return None };
        id = only.id;
    }
    Some(id)
}
