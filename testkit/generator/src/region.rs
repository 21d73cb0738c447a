//! What the patients of a region share: organisations, their locations, practitioners.

use super::{Bundle, bundle, json::Json, random::Random, vocabulary as v};

pub(super) const ORGANIZATIONS: u64 = 5;
pub(super) const PRACTITIONERS: u64 = 24;

const FACILITY_SYSTEM: &str = "https://salamander.example/facility";
const NPI_SYSTEM: &str = "http://hl7.org/fhir/sid/us-npi";

const KIND: u64 = 1;

/// The identifier of the `index`-th organisation, which its location has too.
fn facility(seed: u64, region: u64, index: u64) -> String {
    Random::of(seed, KIND + 1, region * ORGANIZATIONS + index).uuid()
}

/// A ten-digit provider number; different for each practitioner of a seed below 20 million patients.
fn npi(seed: u64, region: u64, index: u64) -> String {
    let set = Random::of(seed, KIND + 2, 0).below(1000);
    format!("9{set:03}{region:04}{index:02}")
}

/// The conditional reference of an organisation from another bundle.
pub(super) fn organization(seed: u64, region: u64, index: u64) -> String {
    format!("Organization?identifier={FACILITY_SYSTEM}|{}", facility(seed, region, index))
}

/// The conditional reference of the location of the organisation with the same index.
pub(super) fn location(seed: u64, region: u64, index: u64) -> String {
    format!("Location?identifier={FACILITY_SYSTEM}|{}", facility(seed, region, index))
}

/// The conditional reference of a practitioner.
pub(super) fn practitioner(seed: u64, region: u64, index: u64) -> String {
    format!("Practitioner?identifier={NPI_SYSTEM}|{}", npi(seed, region, index))
}

pub(super) fn bundle(seed: u64, region: u64) -> Bundle {
    let mut random = Random::of(seed, KIND, region);
    let city = random.pick(v::CITIES);
    bundle::transaction(format!("hospital-{region:07}.json"), |entries| {
        for index in 0..ORGANIZATIONS {
            let identifier = facility(seed, region, index);
            let (organization, location) = (random.urn(), random.urn());
            let kind = if index == 0 { "Hospital" } else { "Clinic" };
            let name =
                format!("{} {} {kind} {}", city.0, random.pick(v::SAINTS), region * ORGANIZATIONS + index);
            let street = format!("{} {}", random.between(1, 900), random.pick(v::STREETS));
            entries.create_once("Organization", &organization, (FACILITY_SYSTEM, &identifier), |j| {
                j.plain("active", true);
                j.concepts("type", &v::PROVIDER);
                j.text("name", &name);
                phone(j, random.below(10_000_000));
                j.array("address", |j| j.object(|j| address(j, &street, city)));
            });
            entries.create_once("Location", &location, (FACILITY_SYSTEM, &identifier), |j| {
                j.text("status", "active");
                j.text("name", &name);
                j.text("mode", "instance");
                phone(j, random.below(10_000_000));
                j.member("address", |j| address(j, &street, city));
                j.reference("managingOrganization", &organization);
            });
        }
        for index in 0..PRACTITIONERS {
            let urn = random.urn();
            let culture = random.pick(v::CULTURES);
            let female = random.chance(500);
            let given = random.pick(if female { culture.female } else { culture.male });
            let family = random.pick(culture.families);
            entries.create_once("Practitioner", &urn, (NPI_SYSTEM, &npi(seed, region, index)), |j| {
                j.plain("active", true);
                j.array("name", |j| {
                    j.object(|j| {
                        j.text("family", family);
                        j.array("given", |j| j.item(given));
                        j.array("prefix", |j| j.item("Dr."));
                    });
                });
                j.text("gender", if female { "female" } else { "male" });
            });
        }
    })
}

pub(super) fn phone(j: &mut Json, number: u64) {
    j.array("telecom", |j| {
        j.object(|j| {
            j.text("system", "phone");
            j.shown("value", format_args!("555-{:03}-{:04}", number / 10_000, number % 10_000));
            j.text("use", "work");
        });
    });
}

pub(super) fn address(j: &mut Json, street: &str, city: (&str, &str, &str)) {
    j.array("line", |j| j.item(street));
    j.text("city", city.0);
    j.text("state", city.1);
    j.text("postalCode", city.2);
    j.text("country", "US");
}
