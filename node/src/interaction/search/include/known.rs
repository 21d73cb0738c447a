//! What is on a page by now.

use super::super::bodies::Found;
pub use crate::interaction::several::Place;
use proto::{Code, Error};
use std::collections::BTreeSet;

/// What is on the page, so that nothing comes twice, and how many may still come.
pub struct Known {
    places: BTreeSet<Place>,
    left: usize,
    max: usize,
}

impl Known {
    /// The matches, beside which at most `max` may come.
    pub fn of(matches: &[Found], max: usize) -> Known {
        let mut known = Known { places: BTreeSet::new(), left: max, max };
        for found in matches {
            known.insert(found, None);
        }
        known
    }

    /// Whether it is on the page.
    pub fn has(&self, place: &Place) -> bool {
        self.places.contains(place)
    }

    /// Whether so many more may come; asked before they are read, and of all that are looked for at once.
    ///
    /// # Errors
    /// `TooCostly` where they may not.
    pub fn admit(&self, more: usize) -> Result<(), Error> {
        if more <= self.left {
            return Ok(());
        }
        let text = format!(
            "more than {} resources would come with the matches of one page (limits.search_includes_max): ask for fewer matches by _count, or include less",
            self.max
        );
        Err(Error::new(Code::TooCostly, text))
    }

    /// Puts it on the page, where it was asked for as that version; false: the same version is there.
    pub fn add(&mut self, found: &Found, version: Option<u64>) -> bool {
        let is_new = self.insert(found, version);
        self.left -= usize::from(is_new).min(self.left);
        is_new
    }

    fn insert(&mut self, found: &Found, version: Option<u64>) -> bool {
        let place = Place { resource_type: found.resource_type, id: found.id, version: Some(found.version) };
        let is_new = self.places.insert(place);
        if version.is_none() {
            self.places.insert(Place { version: None, ..place });
        }
        is_new
    }
}
