//! Code systems of ISO, which no package of HL7's holds: currencies, countries, subdivisions.

use fhir::conformance::{Core, Layers, Resources, Source};
use fhir::json::{Document, Limits as JsonLimits};
use fhir::terminology::{Limits, Membership, Subsumption, Terminology};
use std::sync::Arc;

const CURRENCIES: &str = "urn:iso:std:iso:4217";
const COUNTRIES: &str = "urn:iso:std:iso:3166";
const SUBDIVISIONS: &str = "urn:iso:std:iso:3166:-2";

fn terminology() -> Terminology {
    Terminology::new(Arc::new(Core), Limits::default())
}

fn with(resource: &str) -> Terminology {
    let document = Document::parse(resource.to_owned(), &JsonLimits::default()).unwrap();
    let mut own = Resources::default();
    assert!(own.add(Arc::new(document)));
    let source: Vec<Arc<dyn Source>> = vec![Arc::new(own), Arc::new(Core)];
    Terminology::new(Arc::new(Layers::new(source)), Limits::default())
}

#[test]
fn the_required_binding_of_money_knows_currencies() {
    let currencies = terminology().value_set("http://hl7.org/fhir/ValueSet/currencies|4.0.1").unwrap();
    assert!(currencies.incomplete().is_none());
    for code in ["EUR", "USD", "CHF", "XAU", "XXX", "XCG"] {
        assert_eq!(currencies.contains(None, None, code), Membership::In, "{code}");
        assert!(!currencies.entry(None, code).unwrap().is_inactive(), "{code}");
    }
    for code in ["DEM", "HRK"] {
        assert_eq!(currencies.contains(None, None, code), Membership::In, "{code}");
        assert!(currencies.entry(None, code).unwrap().is_inactive(), "{code} is withdrawn");
    }
    for code in ["EURO", "eur", "", "€", "978"] {
        assert_eq!(currencies.contains(None, None, code), Membership::NotIn, "{code}");
    }
    assert_eq!(currencies.entry(None, "EUR").unwrap().display(), Some("Euro"));
}

#[test]
fn countries_in_three_forms() {
    let terminology = terminology();
    let of = |name: &str| terminology.value_set(&format!("http://hl7.org/fhir/ValueSet/{name}")).unwrap();
    let (two, three, numeric) = (of("iso3166-1-2"), of("iso3166-1-3"), of("iso3166-1-N"));
    for (value_set, member, others) in
        [(&two, "CH", ["CHE", "756"]), (&three, "CHE", ["CH", "756"]), (&numeric, "756", ["CH", "CHE"])]
    {
        assert_eq!(value_set.contains(Some(COUNTRIES), None, member), Membership::In, "{member}");
        for other in others {
            assert_eq!(value_set.contains(Some(COUNTRIES), None, other), Membership::NotIn, "{other}");
        }
    }
    // Every country FHIR lists has all three forms.
    let all = terminology.code_system(COUNTRIES, None).unwrap().unwrap();
    for entry in two.entries() {
        let concept = entry.concept().unwrap_or_else(|| panic!("{} is a country", entry.code())).1;
        let forms: Vec<_> = concept.properties.iter().map(|one| &*one.text).collect();
        assert_eq!(forms.len(), 3, "{}", entry.code());
        assert!(three.entry(None, forms[1]).is_some() && numeric.entry(None, forms[2]).is_some());
    }
    let (yugoslavia, now) = (all.find("YUG").unwrap(), all.find("SRB").unwrap());
    assert!(all.inactive().contains(yugoslavia) && !all.inactive().contains(now));
    assert_eq!(all.subsumption(yugoslavia, now), Subsumption::NotSubsumed);
    let later = all.concept(all.find("CS").unwrap());
    assert_eq!(later.display.as_deref(), Some("Serbia and Montenegro"));
    let kept = all.concept(all.find("SK").unwrap());
    assert_eq!(kept.display.as_deref(), Some("Slovakia"), "a code that was given anew is the new country's");
}

#[test]
fn a_jurisdiction_is_a_country_or_a_part_of_one() {
    let jurisdiction = terminology().value_set("http://hl7.org/fhir/ValueSet/jurisdiction").unwrap();
    assert_eq!(jurisdiction.contains(Some(COUNTRIES), None, "DE"), Membership::In);
    assert_eq!(jurisdiction.contains(Some(SUBDIVISIONS), None, "DE-BY"), Membership::In);
    assert_eq!(jurisdiction.contains(Some(SUBDIVISIONS), None, "DE-XX"), Membership::NotIn);
    assert_eq!(jurisdiction.contains(Some(COUNTRIES), None, "Germany"), Membership::NotIn);
}

#[test]
fn a_code_system_that_was_loaded_goes_first_if_it_has_content() {
    let loaded = r#"{"resourceType":"CodeSystem","url":"urn:iso:std:iso:4217","version":"v9","status":"active",
        "content":"complete","concept":[{"code":"MOO"}]}"#;
    let own = with(loaded);
    let system = own.code_system(CURRENCIES, None).unwrap().unwrap();
    assert!(system.find("MOO").is_some() && system.find("EUR").is_none());
    assert!(own.code_system(CURRENCIES, Some("v8")).unwrap().is_none(), "that version is not known");
    let empty = with(&loaded.replace("complete", "not-present"));
    assert!(empty.code_system(CURRENCIES, None).unwrap().unwrap().find("EUR").is_some());
    let system = terminology().code_system(CURRENCIES, Some("2018")).unwrap();
    assert!(system.is_some(), "FHIR has no text for editions of ISO's lists");
}
