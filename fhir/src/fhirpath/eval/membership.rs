//! `in` and `contains`.

use super::{Answer, Scope, Stop, items_equal};
use crate::fhirpath::op::Binary;

impl Scope<'_, '_> {
    /// Whether the collection on the right has an item equal to the one on the left.
    pub(super) fn membership(&self, binary: &Binary) -> Answer<Option<bool>> {
        let Some(wanted) = self.single(&binary.left, binary.at, binary.operator.symbol())? else {
            return Ok(None);
        };
        let mut found = false;
        self.run_some(&binary.right, &mut |item| {
            found = items_equal(&wanted, &item, self.env)? == Some(true);
            if found { Err(Stop::Enough) } else { Ok(()) }
        })?;
        Ok(Some(found))
    }
}
