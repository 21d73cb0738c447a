//! Which patients the probes ask for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Patients kept; more than one probe asks for, so that it asks for each of them once.
const KEPT: usize = 4096;

/// A uniform sample of all patients loaded: those whose numbers have the lowest hashes. It needs no look at the server,
/// which would warm what is to be measured, and a patient who is loaded again is the same one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample(BTreeMap<u64, String>);

impl Sample {
    /// Patient number `index` of the generator got this id.
    pub fn offer(&mut self, seed: u64, index: u64, id: String) {
        self.0.insert(xxh3_64_with_seed(&index.to_le_bytes(), seed), id);
        if self.0.len() > KEPT {
            self.0.pop_last();
        }
    }

    /// All ids, in another order for every `round`.
    pub fn shuffled(&self, round: u64) -> Vec<String> {
        let mut ids: Vec<String> = self.0.values().cloned().collect();
        ids.sort_by_cached_key(|id| xxh3_64_with_seed(id.as_bytes(), round));
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(patients: impl Iterator<Item = u64>) -> Sample {
        let mut sample = Sample::default();
        for index in patients {
            sample.offer(7, index, index.to_string());
        }
        sample
    }

    #[test]
    fn uniform_bounded_and_the_same_in_any_order() {
        let patients = KEPT as u64 * 10;
        let sample = of(0..patients);
        let ids = sample.shuffled(0);
        assert_eq!(ids.len(), KEPT);
        let early = ids.iter().filter_map(|id| id.parse().ok()).filter(|index: &u64| *index < patients / 2);
        let early = early.count() as f64 / KEPT as f64;
        assert!((0.45..0.55).contains(&early), "{early} of the sample are of the first half");
        assert_eq!(sample, of((0..patients).rev().chain(0..100)));
    }

    #[test]
    fn rounds_differ_in_order_only() {
        let sample = of(0..100);
        let (mut one, mut two) = (sample.shuffled(1), sample.shuffled(2));
        assert_ne!(one, two);
        one.sort();
        two.sort();
        assert_eq!(one, two);
    }
}
