//! Search parameters that are not FHIR's own: found beside these, and told of, since what rests on them ends with them.

use crate::kind::problem::Problem;
use fhir::definitions::{ParamId, ResourceType, SearchParameter};
use fhir::index::custom::Set;
use std::cell::RefCell;

/// The tenant's, and those that were asked for.
pub(super) struct Custom<'a> {
    set: Option<&'a Set>,
    asked: RefCell<Vec<ParamId>>,
}

impl<'a> Custom<'a> {
    pub(super) fn of(set: Option<&'a Set>) -> Custom<'a> {
        Custom { set, asked: RefCell::default() }
    }

    /// The parameter of a type, to be searched by.
    ///
    /// # Errors
    /// It is known, but not all rows have its values yet.
    pub(super) fn find(&self, t: ResourceType, code: &str) -> Result<Option<&'a SearchParameter>, Problem> {
        let found = self.known(t, code);
        match found {
            Some(parameter) => self.asks(parameter),
            None if self.set.is_some_and(|set| set.building(t, code).is_some()) => {
                return Err(Problem::NotYet(t));
            }
            None => {}
        }
        Ok(found)
    }

    /// The same, where nobody asks for it.
    pub(super) fn known(&self, t: ResourceType, code: &str) -> Option<&'a SearchParameter> {
        Set::find(self.set, t, code)
    }

    /// Whether a type has a parameter of that code, be it not to be searched by yet: who searches is told.
    pub(super) fn has(&self, t: ResourceType, code: &str) -> bool {
        self.known(t, code).is_some() || self.set.is_some_and(|set| set.building(t, code).is_some())
    }

    /// The tenant's.
    pub(super) fn set(&self) -> Option<&'a Set> {
        self.set
    }

    fn asks(&self, parameter: &SearchParameter) {
        let mut asked = self.asked.borrow_mut();
        if parameter.id.is_custom() && !asked.contains(&parameter.id) {
            asked.push(parameter.id);
        }
    }

    /// Takes all of a type for asked for that are fulfilled by `is_one`.
    pub(super) fn ask_all(&self, t: ResourceType, is_one: impl Fn(&SearchParameter) -> bool) {
        if let Some(set) = self.set {
            set.parameters(t)
                .filter(|parameter| is_one(parameter))
                .for_each(|parameter| self.asks(parameter));
        }
    }

    /// Those that were asked for.
    pub(super) fn asked(self) -> Vec<ParamId> {
        self.asked.into_inner()
    }
}
