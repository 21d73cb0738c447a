//! `in` and `contains`.

use super::{Answer, Scope, Stop, items_equal};
use crate::fhirpath::item::Item;
use crate::fhirpath::op::{Binary, Op};

impl Scope<'_, '_> {
    /// Whether the collection on the right has an item equal to the one on the left. `of_each`: on the left may be several, and each
    /// must be there; else that is an error.
    pub(super) fn membership(&self, binary: &Binary, of_each: bool) -> Answer<Option<bool>> {
        if !of_each {
            let wanted = self.single(&binary.left, binary.at, binary.operator.symbol())?;
            return wanted.map(|wanted| self.is_in(&wanted, &binary.right)).transpose();
        }
        match self.collect(&binary.left)?.as_slice() {
            [] => Ok(None),
            [wanted] => self.is_in(wanted, &binary.right).map(Some),
            several => self.are_in(several, &binary.right).map(Some),
        }
    }

    fn is_in(&self, wanted: &Item<'_>, right: &Op) -> Answer<bool> {
        let mut found = false;
        self.run_some(right, &mut |item| {
            found = items_equal(wanted, &item, self.env)? == Some(true);
            if found { Err(Stop::Enough) } else { Ok(()) }
        })?;
        Ok(found)
    }

    fn are_in(&self, several: &[Item<'_>], right: &Op) -> Answer<bool> {
        let right = self.collect(right)?;
        for wanted in several {
            let mut found = false;
            for item in &right {
                found = items_equal(wanted, item, self.env)? == Some(true);
                if found {
                    break;
                }
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
