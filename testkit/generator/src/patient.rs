//! One patient's bundle.

use super::{
    Bundle, PATIENTS_PER_REGION, bundle,
    calendar::{DAY_SECONDS, Date, Instant},
    care::Shared,
    clinical::Record,
    json::Json,
    life::Life,
    random::Random,
    region, vocabulary as v,
};

const KIND: u64 = 16;

const RECORD_SYSTEM: &str = "https://salamander.example/medical-record";
const SOCIAL_SECURITY_SYSTEM: &str = "http://hl7.org/fhir/sid/us-ssn";
const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-";

pub(super) fn bundle(seed: u64, index: u64) -> Bundle {
    let mut random = Random::of(seed, KIND, index);
    let life = Life::draw(&mut random);
    let urn = random.urn();
    let shared = Shared::draw(&mut random, seed, index / PATIENTS_PER_REGION);
    bundle::transaction(format!("patient-{index:07}.json"), |entries| {
        entries.create("Patient", &urn, |j| patient(j, &mut random, &life, &shared, index));
        let mut record = Record { entries, random: &mut random, life: &life, shared: &shared, patient: &urn };
        record.write();
    })
}

fn patient(j: &mut Json, random: &mut Random, life: &Life, shared: &Shared, index: u64) {
    let culture = random.pick(v::CULTURES);
    race_and_ethnicity(j, random, culture.hispanic);
    identifiers(j, random, index);
    j.plain("active", life.death.is_none());
    names(j, random, culture, life.female);
    let phone = random.below(10_000_000);
    j.array("telecom", |j| {
        j.object(|j| {
            j.text("system", "phone");
            j.shown("value", format_args!("555-{:03}-{:04}", phone / 10_000, phone % 10_000));
            j.text("use", "home");
        });
        j.object(|j| {
            j.text("system", "email");
            j.shown("value", format_args!("patient{index}@mail.example"));
        });
    });
    j.text("gender", if life.female { "female" } else { "male" });
    j.shown("birthDate", Date(life.birth));
    if let Some(day) = life.death {
        j.shown("deceasedDateTime", Instant(day * DAY_SECONDS + random.between(0, DAY_SECONDS - 1)));
    }
    let (street, city) =
        (format!("{} {}", random.between(1, 999), random.pick(v::STREETS)), random.pick(v::CITIES));
    j.array("address", |j| j.object(|j| region::address(j, &street, city)));
    marital_status(j, random, life);
    j.array("generalPractitioner", |j| j.object(|j| j.text("reference", &shared.practitioner)));
    j.reference("managingOrganization", &shared.organization);
}

fn race_and_ethnicity(j: &mut Json, random: &mut Random, hispanic: bool) {
    let race = random.pick(v::RACES);
    let ethnicity = if hispanic { v::HISPANIC } else { v::NOT_HISPANIC };
    j.array("extension", |j| {
        for (name, code) in [("race", race), ("ethnicity", ethnicity)] {
            j.object(|j| {
                j.array("extension", |j| {
                    j.object(|j| {
                        j.text("url", "ombCategory");
                        j.coding_member("valueCoding", &code);
                    });
                    j.object(|j| {
                        j.text("url", "text");
                        j.text("valueString", code.display);
                    });
                });
                j.shown("url", format_args!("{US_CORE}{name}"));
            });
        }
    });
}

fn identifiers(j: &mut Json, random: &mut Random, index: u64) {
    let number = random.below(100_000_000);
    // 999 is never issued, so no real number can be met.
    let social = format!("999-{:02}-{:04}", number % 100, number / 100 % 10_000);
    let record = format!("{index:010}-{:06}", number % 1_000_000);
    let both =
        [(v::MEDICAL_RECORD, RECORD_SYSTEM, record), (v::SOCIAL_SECURITY, SOCIAL_SECURITY_SYSTEM, social)];
    j.array("identifier", |j| {
        for (kind, system, value) in both {
            j.object(|j| {
                j.concept("type", &kind);
                j.text("system", system);
                j.text("value", &value);
            });
        }
    });
}

fn names(j: &mut Json, random: &mut Random, culture: v::Culture, female: bool) {
    let given = if female { culture.female } else { culture.male };
    j.array("name", |j| {
        j.object(|j| {
            j.text("use", "official");
            j.text("family", random.pick(culture.families));
            j.array("given", |j| {
                j.item(random.pick(given));
                if random.chance(400) {
                    j.item(random.pick(given));
                }
            });
        });
        if female && random.chance(250) {
            j.object(|j| {
                j.text("use", "maiden");
                j.text("family", random.pick(culture.families));
            });
        }
    });
}

fn marital_status(j: &mut Json, random: &mut Random, life: &Life) {
    let last_age = life.visits.last().map_or(0, |visit| visit.age_years);
    if last_age >= 20 {
        j.concept("maritalStatus", &random.pick(v::MARITAL_STATUS));
    }
}
