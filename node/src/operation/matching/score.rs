//! How likely two patients are one: the weights, and what they come to.
//!
//! Each attribute that both have adds its weight, the binary logarithm of how much likelier such a comparison is of one person than of two
//! (Fellegi and Sunter). What one of them lacks adds nothing. The sum, with the odds of any two beforehand, is a
//! probability. Someone is certainly the one only by name and date of birth together with a third attribute, or by an identifier
//! that nothing contradicts: never by one attribute alone.

use super::{
    person::Person,
    similar::{self, Likeness},
};

/// Before anything is compared: candidates have something in common already, so one in a thousand or so.
const BEFORE: f64 = -10.0;
/// From this probability on.
const CERTAIN: f64 = 0.99;
const PROBABLE: f64 = 0.8;
const POSSIBLE: f64 = 0.2;

/// Weights by likeness.
struct Weights {
    different: f64,
    partly: f64,
    nearly: f64,
    same: f64,
}

const FAMILY: Weights = Weights { different: -3.0, partly: 0.0, nearly: 3.0, same: 5.0 };
const GIVEN: Weights = Weights { different: -3.0, partly: 1.0, nearly: 2.0, same: 4.0 };
const BIRTH: Weights = Weights { different: -6.0, partly: 1.0, nearly: 3.0, same: 6.0 };
const GENDER: Weights = Weights { different: -3.0, partly: 0.0, nearly: 0.0, same: 0.8 };
const ADDRESS: Weights = Weights { different: -0.5, partly: 1.0, nearly: 3.0, same: 4.0 };
const TELECOM: Weights = Weights { different: -0.5, partly: 0.0, nearly: 0.0, same: 4.0 };
const IDENTIFIER: Weights = Weights { different: -2.0, partly: 0.0, nearly: 0.0, same: 12.0 };

/// <https://hl7.org/fhir/R4/valueset-match-grade.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    Certain,
    Probable,
    Possible,
    CertainlyNot,
}

impl Grade {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Grade::Certain => "certain",
            Grade::Probable => "probable",
            Grade::Possible => "possible",
            Grade::CertainlyNot => "certainly-not",
        }
    }
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// 0 to 1, in steps of a thousandth.
    pub probability: f64,
    pub grade: Grade,
    /// They have an identifier in common.
    pub has_identifier: bool,
}

impl Weights {
    fn of(&self, likeness: Option<Likeness>) -> f64 {
        match likeness {
            None => 0.0,
            Some(Likeness::Different) => self.different,
            Some(Likeness::Partly) => self.partly,
            Some(Likeness::Nearly) => self.nearly,
            Some(Likeness::Same) => self.same,
        }
    }
}

/// Compares two.
pub fn of(one: &Person, other: &Person) -> Score {
    let exchanged =
        one.names.iter().any(|name| other.names.iter().any(|another| similar::exchanged(name, another)));
    let (family, given) = match exchanged {
        true => (Some(Likeness::Nearly), Some(Likeness::Nearly)),
        false => (
            similar::best(&one.names, &other.names, similar::families),
            similar::best(&one.names, &other.names, similar::given),
        ),
    };
    let birth = one.birth.zip(other.birth).map(|(one, other)| similar::dates(one, other));
    let gender = one.gender.as_ref().zip(other.gender.as_ref()).map(|(one, other)| same(one == other));
    let address = similar::best(&one.addresses, &other.addresses, similar::addresses);
    let telecom =
        similar::best(&one.telecoms, &other.telecoms, |one, other| Some(same(one.value == other.value)));
    let identifier = identifiers(one, other);
    let sum = BEFORE
        + FAMILY.of(family)
        + GIVEN.of(given)
        + BIRTH.of(birth)
        + GENDER.of(gender)
        + ADDRESS.of(address)
        + TELECOM.of(telecom)
        + IDENTIFIER.of(identifier);
    let probability = 1.0 / (1.0 + (-sum).exp2());
    let is_nearly = |likeness: Option<Likeness>| likeness >= Some(Likeness::Nearly);
    let is_same = |likeness: Option<Likeness>| likeness == Some(Likeness::Same);
    let by_identifier = is_same(identifier)
        && [family, given, birth, gender].into_iter().all(|likeness| likeness != Some(Likeness::Different));
    let by_others =
        is_same(family) && is_nearly(given) && is_same(birth) && (is_nearly(address) || is_same(telecom));
    let grade = match probability {
        CERTAIN.. if by_identifier || by_others => Grade::Certain,
        PROBABLE.. => Grade::Probable,
        POSSIBLE.. => Grade::Possible,
        _ => Grade::CertainlyNot,
    };
    let probability = (probability * 1000.0).round() / 1000.0;
    Score { probability, grade, has_identifier: is_same(identifier) }
}

fn same(is_same: bool) -> Likeness {
    if is_same { Likeness::Same } else { Likeness::Different }
}

/// The same where one is in common, different where both have one of a system and none in common.
fn identifiers(one: &Person, other: &Person) -> Option<Likeness> {
    similar::best(&one.identifiers, &other.identifiers, |one, other| {
        (one.0 == other.0).then(|| same(one.1 == other.1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::{Document, Limits};
    use serde_json::{Value, json};

    fn person(patient: &Value) -> Person {
        let document = Document::parse(patient.to_string(), &Limits::default()).unwrap();
        Person::read(document.root())
    }

    fn given() -> Value {
        json!({
            "identifier": [{"system": "urn:mrn", "value": "1"}],
            "name": [{"family": "Chalmers", "given": ["Peter", "James"]}],
            "birthDate": "1974-12-05", "gender": "male",
            "address": [{"line": ["534 Erewhon St"], "city": "PleasantVille", "postalCode": "3999"}],
            "telecom": [{"system": "phone", "value": "(03) 5555 6473"}],
        })
    }

    #[test]
    fn grades() {
        let with = |changes: Value| {
            let mut patient = given();
            for (name, value) in changes.as_object().unwrap() {
                patient[name] = value.clone();
            }
            patient
        };
        let no_identifier = json!({"identifier": []});
        for (what, changes, grade) in [
            ("all the same", json!({}), Grade::Certain),
            ("no identifier", no_identifier, Grade::Certain),
            (
                "another number in the same hospital",
                json!({"identifier": [{"system": "urn:mrn", "value": "2"}]}),
                Grade::Certain,
            ),
            (
                "name and birthday alone",
                json!({"identifier": [], "address": [], "telecom": []}),
                Grade::Probable,
            ),
            (
                "the identifier and nothing else",
                json!({"name": [], "birthDate": null, "gender": null, "address": [], "telecom": []}),
                Grade::Probable,
            ),
            (
                "day and month exchanged",
                json!({"identifier": [], "birthDate": "1974-05-12"}),
                Grade::Probable,
            ),
            (
                "misspelt",
                json!({"identifier": [], "name": [{"family": "Chalmer", "given": ["Piter"]}]}),
                Grade::Probable,
            ),
            (
                "names exchanged",
                json!({"identifier": [], "name": [{"family": "Peter", "given": ["Chalmers"]}]}),
                Grade::Probable,
            ),
            (
                "the twin",
                json!({"identifier": [{"system": "urn:mrn", "value": "2"}], "name": [{"family": "Chalmers", "given": ["Anna"]}],
                "gender": "female"}),
                Grade::Possible,
            ),
            (
                "the same name, born another time",
                json!({"identifier": [], "birthDate": "2001-01-17", "address": [], "telecom": []}),
                Grade::CertainlyNot,
            ),
            (
                "somebody else with the identifier",
                json!({"name": [{"family": "Windsor", "given": ["Anna"]}], "birthDate": "2001-01-17",
                "gender": "female", "address": [], "telecom": []}),
                Grade::CertainlyNot,
            ),
            (
                "nothing in common",
                json!({"identifier": [], "name": [{"family": "Windsor", "given": ["Anna"]}], "birthDate": "2001-01-17",
                "address": [], "telecom": []}),
                Grade::CertainlyNot,
            ),
        ] {
            let (one, other) = (person(&given()), person(&with(changes)));
            let score = of(&one, &other);
            assert_eq!(score.grade, grade, "{what}: {score:?}");
            assert_eq!(of(&other, &one), score, "{what}, the other way round");
            assert!((0.0..=1.0).contains(&score.probability), "{score:?}");
        }
    }
}
