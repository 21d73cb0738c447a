//! A synthetic hospital: deterministic transaction bundles, up to millions of patients in constant memory.
//!
//! First come the region bundles (organisations, locations, practitioners; created conditionally by identifier),
//! then one transaction bundle per patient that refers to its region's by conditional reference. Patient `k` of a
//! seed depends on `(seed, k)` alone: it is the same in a set of ten and in a set of a million.

mod bundle;
mod calendar;
mod care;
mod clinical;
mod json;
mod life;
mod patient;
pub mod random;
mod region;
mod vocabulary;

use std::{collections::BTreeMap, ops::Range};

/// Patients per region: patient `k` is treated in region `k / PATIENTS_PER_REGION`.
pub const PATIENTS_PER_REGION: u64 = 2_000;

/// Resources by type name.
pub type Counts = BTreeMap<&'static str, u64>;

/// One transaction bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// A file name without folder: `hospital-0000000.json`, `patient-0000042.json`.
    pub name: String,
    /// FHIR JSON, UTF-8, without line breaks.
    pub json: Vec<u8>,
    /// What a server that holds none of it yet will hold more after the transaction.
    pub counts: Counts,
}

/// Iterates the bundles of patients `0..patients`, the regions they need first.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
    regions: Range<u64>,
    patients: Range<u64>,
}

impl Generator {
    /// All of a hospital of `patients` patients.
    pub fn new(patients: u64, seed: u64) -> Self {
        Generator::range(0..patients, seed)
    }

    /// A slice of the same stream: the patients of the range, and the regions they refer to.
    pub fn range(patients: Range<u64>, seed: u64) -> Self {
        let first = patients.start / PATIENTS_PER_REGION;
        let regions = first..patients.end.div_ceil(PATIENTS_PER_REGION).max(first);
        Generator { seed, regions, patients }
    }
}

impl Iterator for Generator {
    type Item = Bundle;

    fn next(&mut self) -> Option<Bundle> {
        match self.regions.next() {
            Some(region) => Some(region::bundle(self.seed, region)),
            None => self.patients.next().map(|index| patient::bundle(self.seed, index)),
        }
    }
}

/// How many resources of each type a server holds after all bundles of `Generator::new(patients, seed)`. Costs as
/// much as generating them.
pub fn expected_counts(patients: u64, seed: u64) -> Counts {
    let mut total = Counts::new();
    for bundle in Generator::new(patients, seed) {
        for (resource_type, count) in bundle.counts {
            *total.entry(resource_type).or_default() += count;
        }
    }
    total
}
