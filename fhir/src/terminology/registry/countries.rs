//! ISO 3166-1 and 3166-3: countries (<https://hl7.org/fhir/R4/iso3166.html>), from the crate `rust_iso3166`.

use super::draft::Draft;
use crate::json::Document;
use rust_iso3166::{ALL, CountryCode, iso3166_3};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) const URL: &str = "urn:iso:std:iso:3166";

/// The three forms in which a country is written.
const FORMS: [fn(&CountryCode) -> String; 3] =
    [|one| one.alpha2.to_owned(), |one| one.alpha3.to_owned(), numeric];

/// All alpha-2 codes, all alpha-3 codes, all numeric codes, as FHIR takes them for one code system; then, inactive, the
/// codes of countries that are no more: a birth place in Yugoslavia is not wrong. A code that another country took over
/// is that country's.
pub(super) fn code_system() -> Arc<Document> {
    let properties =
        [("alpha2", "string"), ("alpha3", "string"), ("numeric", "string"), ("inactive", "boolean")];
    let mut draft = Draft::new(URL, "ISO 3166 Countries", &properties);
    let mut taken = BTreeSet::new();
    for form in FORMS {
        let countries: BTreeMap<_, _> = ALL.iter().map(|one| (form(one), one)).collect();
        for (code, country) in countries {
            concept(&mut draft, &code, country, false);
            taken.insert(code);
        }
    }
    // Of two former countries with one code (CS) the later one is meant: its ISO 3166-3 code sorts behind.
    let mut former: Vec<_> = iso3166_3::ALL.iter().collect();
    former.sort_by_key(|one| one.code);
    for form in FORMS {
        let countries: BTreeMap<_, _> = former.iter().map(|one| (form(&one.former), &one.former)).collect();
        for (code, country) in countries.iter().filter(|(code, _)| !code.is_empty()) {
            if !taken.contains(code) {
                concept(&mut draft, code, country, true);
            }
        }
    }
    draft.finish()
}

fn concept(draft: &mut Draft, code: &str, country: &CountryCode, inactive: bool) {
    let numeric = numeric(country);
    let properties = [("alpha2", country.alpha2), ("alpha3", country.alpha3), ("numeric", &*numeric)];
    draft.concept(code, country.name, &properties, inactive);
}

/// Three digits; empty where a country had no number.
fn numeric(country: &CountryCode) -> String {
    if country.numeric > 0 { format!("{:03}", country.numeric) } else { String::new() }
}
