//! Chance, in one place: the system's, or a simulation's, which comes from a seed.

use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::sync::Arc;

/// Draws numbers. Clones draw from one source.
#[derive(Clone, Debug, Default)]
pub struct Chance(Option<Arc<Mutex<StdRng>>>);

impl Chance {
    /// One that draws the same numbers in the same order for the same seed.
    pub fn seeded(seed: u64) -> Chance {
        Chance(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// The next number, any as likely as any other.
    pub fn draw(&self) -> u64 {
        match &self.0 {
            Some(seeded) => seeded.lock().random(),
            None => rand::random(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_numbers_again() {
        let draw = |chance: &Chance| [chance.draw(), chance.clone().draw()];
        assert_eq!(draw(&Chance::seeded(1)), draw(&Chance::seeded(1)));
        assert_ne!(draw(&Chance::seeded(1)), draw(&Chance::seeded(2)));
        assert_ne!(draw(&Chance::default()), draw(&Chance::default()));
    }
}
