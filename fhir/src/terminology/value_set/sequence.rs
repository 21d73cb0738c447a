//! In which order the codes of a value set are listed.

use roaring::RoaringBitmap;

/// What is listed next; what was listed before is skipped.
#[derive(Clone, Debug)]
pub(in crate::terminology) enum Step {
    /// Codes of a universe as their author listed them.
    Listed { universe: usize, numbers: Box<[u32]> },
    /// All codes of a universe, in its own order.
    All { universe: usize },
}

/// Steps in the making. What has been listed is not listed again: there are no more numbers than codes, and no more steps
/// than codes and universes, however often a value set is imported.
#[derive(Debug, Default)]
pub(in crate::terminology) struct Sequence {
    steps: Vec<Step>,
    /// Per universe.
    listed: Vec<Listed>,
}

#[derive(Clone, Debug, Default)]
struct Listed {
    numbers: RoaringBitmap,
    all: bool,
}

impl Sequence {
    pub fn list(&mut self, universe: usize, numbers: impl Iterator<Item = u32>) {
        let listed = self.of(universe);
        if listed.all {
            return;
        }
        let numbers: Box<[_]> = numbers.filter(|number| listed.numbers.insert(*number)).collect();
        if !numbers.is_empty() {
            self.steps.push(Step::Listed { universe, numbers });
        }
    }

    pub fn list_all(&mut self, universe: usize) {
        let listed = self.of(universe);
        if !std::mem::replace(&mut listed.all, true) {
            self.steps.push(Step::All { universe });
        }
    }

    pub fn finish(self) -> Vec<Step> {
        self.steps
    }

    fn of(&mut self, universe: usize) -> &mut Listed {
        if self.listed.len() <= universe {
            self.listed.resize(universe + 1, Listed::default());
        }
        &mut self.listed[universe]
    }
}

impl Step {
    pub fn memory_bytes(&self) -> usize {
        let numbers = match self {
            Step::Listed { numbers, .. } => size_of_val(&**numbers),
            Step::All { .. } => 0,
        };
        size_of::<Step>() + numbers
    }
}
