//! Who treats a patient.

use super::{random::Random, region};

/// The conditional references to those who treat this patient.
pub(super) struct Shared {
    pub(super) organization: String,
    pub(super) location: String,
    pub(super) practitioner: String,
}

impl Shared {
    pub(super) fn draw(random: &mut Random, seed: u64, region: u64) -> Self {
        let facility = random.below(region::ORGANIZATIONS);
        Shared {
            organization: region::organization(seed, region, facility),
            location: region::location(seed, region, facility),
            practitioner: region::practitioner(seed, region, random.below(region::PRACTITIONERS)),
        }
    }
}
