//! Chance, from outside.

use parking_lot::Mutex;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::sync::Arc;

/// Where a node's random numbers come from: the system, or a seed. Clones continue one sequence.
#[derive(Clone)]
pub struct Entropy(Option<Arc<Mutex<SmallRng>>>);

impl Entropy {
    /// Of a real node.
    pub fn system() -> Self {
        Entropy(None)
    }

    /// Of a simulated one: the same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Entropy(Some(Arc::new(Mutex::new(SmallRng::seed_from_u64(seed)))))
    }

    /// The next number.
    pub fn number(&self) -> u64 {
        match &self.0 {
            Some(seeded) => seeded.lock().next_u64(),
            None => rand::random(),
        }
    }

    /// A seed for what draws numbers of its own; `None` where they are the system's.
    pub(crate) fn seed(&self) -> Option<u64> {
        self.0.as_ref().map(|_| self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let three = |entropy: Entropy| [entropy.number(), entropy.clone().number(), entropy.number()];
        assert_eq!(three(Entropy::seeded(7)), three(Entropy::seeded(7)));
        assert_ne!(three(Entropy::seeded(7)), three(Entropy::seeded(8)));
        assert_ne!(three(Entropy::system()), three(Entropy::system()));
        assert_eq!(Entropy::system().seed(), None);
    }
}
