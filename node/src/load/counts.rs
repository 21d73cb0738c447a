//! How many resources, by what became of them.

/// What became of resources that are there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub new: u64,
    /// A new version of one that was there.
    pub changed: u64,
    /// As they are, before the load.
    pub there: u64,
}

impl Counts {
    /// Of one resource. `made`: its first version is what was answered, written at `written_ms`; what is not after
    /// `newest_ms` was written before.
    pub(super) fn of(made: bool, written_ms: Option<u64>, newest_ms: Option<u64>) -> Counts {
        let before = newest_ms.zip(written_ms).is_some_and(|(newest, written)| written <= newest);
        match (before, made) {
            (true, _) => Counts { there: 1, ..Counts::default() },
            (false, true) => Counts { new: 1, ..Counts::default() },
            (false, false) => Counts { changed: 1, ..Counts::default() },
        }
    }

    pub(super) fn add(&mut self, more: Counts) {
        self.new += more.new;
        self.changed += more.changed;
        self.there += more.there;
    }

    /// All of them.
    pub fn all(self) -> u64 {
        self.new + self.changed + self.there
    }
}
