//! What of a Patient is compared.

use fhir::{index::normalize, json::Node};

/// Values of one kind that are looked at: more add nothing.
const VALUES_MAX: usize = 10;
/// Letters of a text that is compared.
const LETTERS_MAX: usize = 64;

/// A Patient, in the form that is compared.
#[derive(Debug, Default)]
pub struct Person {
    /// System and value.
    pub identifiers: Vec<(String, String)>,
    pub names: Vec<Name>,
    pub birth: Option<Date>,
    pub gender: Option<String>,
    pub addresses: Vec<Address>,
    pub telecoms: Vec<Telecom>,
}

/// A name. Letters and digits alone, lower case, without accents.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Name {
    pub family: String,
    pub given: Vec<String>,
    /// As they were sent, to be searched for.
    pub written: (String, Vec<String>),
}

/// A date, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: u16,
    pub month: Option<u8>,
    pub day: Option<u8>,
}

/// An address, in the form that is compared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub line: String,
    pub city: String,
    pub postal_code: String,
}

/// A way to reach someone.
#[derive(Debug, PartialEq, Eq)]
pub struct Telecom {
    /// Of a number the last nine digits, which are the same with and without the country's code; else lower case.
    pub value: String,
    pub written: String,
}

impl Person {
    /// Of a Patient.
    pub fn read(patient: Node<'_>) -> Person {
        let all = |name: &str| patient.get(name).into_iter().flat_map(Node::items).take(VALUES_MAX);
        Person {
            identifiers: all("identifier").filter_map(identifier).collect(),
            names: all("name").map(Name::read).filter(|name| *name != Name::default()).collect(),
            birth: text(patient, "birthDate").and_then(|text| Date::read(&text)),
            gender: text(patient, "gender")
                .filter(|gender| matches!(gender.as_str(), "male" | "female" | "other")),
            addresses: all("address")
                .map(Address::read)
                .filter(|address| *address != Address::default())
                .collect(),
            telecoms: all("telecom").filter_map(Telecom::read).collect(),
        }
    }
}

fn text(node: Node<'_>, name: &str) -> Option<String> {
    node.get(name).and_then(Node::as_str).map(|text| text.into_owned()).filter(|text| !text.is_empty())
}

fn texts(node: Node<'_>, name: &str) -> Vec<String> {
    let items = node.get(name).into_iter().flat_map(Node::items).take(VALUES_MAX);
    items.filter_map(Node::as_str).map(|text| text.into_owned()).collect()
}

/// Letters and digits alone, lower case, without accents.
fn folded(text: &str) -> String {
    normalize(text).chars().filter(|letter| letter.is_alphanumeric()).take(LETTERS_MAX).collect()
}

fn identifier(node: Node<'_>) -> Option<(String, String)> {
    Some((text(node, "system").unwrap_or_default(), text(node, "value")?))
}

impl Name {
    fn read(node: Node<'_>) -> Name {
        let (family, given) = (text(node, "family").unwrap_or_default(), texts(node, "given"));
        let folded_given =
            given.iter().map(|given| folded(given)).filter(|given| !given.is_empty()).collect();
        Name { family: folded(&family), given: folded_given, written: (family, given) }
    }
}

impl Date {
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub fn read(text: &str) -> Option<Date> {
        let mut parts = text.splitn(3, '-');
        let year = parts.next()?.parse().ok()?;
        let mut next = || parts.next().map(|part| part.parse::<u8>().ok());
        let (month, day) = (next(), next());
        match (month, day) {
            (Some(None), _) | (_, Some(None)) => None,
            (month, day) => Some(Date { year, month: month.flatten(), day: day.flatten() }),
        }
    }

    /// With day and month exchanged, where both can be either.
    pub fn swapped(self) -> Option<Date> {
        let (month, day) = (self.month?, self.day?);
        (day <= 12 && day != month).then_some(Date { month: Some(day), day: Some(month), ..self })
    }

    /// As FHIR writes it.
    pub fn text(self) -> String {
        match (self.month, self.day) {
            (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", self.year),
            (Some(month), None) => format!("{:04}-{month:02}", self.year),
            _ => format!("{:04}", self.year),
        }
    }
}

impl Address {
    fn read(node: Node<'_>) -> Address {
        let part = |name: &str| text(node, name).map(|text| folded(&text)).unwrap_or_default();
        Address {
            line: folded(&texts(node, "line").concat()),
            city: part("city"),
            postal_code: part("postalCode"),
        }
    }
}

impl Telecom {
    fn read(node: Node<'_>) -> Option<Telecom> {
        let written = text(node, "value")?;
        let digits: Vec<char> = written.chars().filter(char::is_ascii_digit).collect();
        let is_number = !written.contains('@') && digits.len() >= 5;
        let value = match is_number {
            true => digits[digits.len().saturating_sub(9)..].iter().collect(),
            false => normalize(&written).trim().chars().take(LETTERS_MAX).collect(),
        };
        Some(Telecom { value, written })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::json::{Document, Limits};

    #[test]
    fn what_is_compared_has_one_form() {
        let patient = r#"{"resourceType":"Patient","name":[{"family":"O'Neil-Müller","given":["Jean Luc"]},{"text":"x"}],
            "birthDate":"1980-02-03","gender":"unknown","telecom":[{"value":"+49 (30) 123 45-678"},{"value":"030 12345678"},{"value":" A@B.org"}],
            "address":[{"line":["1, Main St."],"city":"Zürich","postalCode":"80 01"}],"identifier":[{"value":"7"},{"system":"s"}]}"#;
        let document = Document::parse(patient, &Limits::default()).unwrap();
        let person = Person::read(document.root());
        assert_eq!((person.names.len(), person.names[0].family.as_str()), (1, "oneilmuller"));
        assert_eq!(person.names[0].given, ["jeanluc"]);
        assert_eq!(person.birth, Some(Date { year: 1980, month: Some(2), day: Some(3) }));
        assert_eq!(person.gender, None);
        assert_eq!(person.telecoms[0].value, person.telecoms[1].value);
        assert_eq!(person.telecoms[2].value, "a@b.org");
        assert_eq!(
            person.addresses,
            [Address { line: "1mainst".into(), city: "zurich".into(), postal_code: "8001".into() }]
        );
        assert_eq!(person.identifiers, [(String::new(), "7".to_owned())]);
    }

    #[test]
    fn dates() {
        assert_eq!(Date::read("1980").map(Date::text).as_deref(), Some("1980"));
        assert_eq!(Date::read("1980-02").map(Date::text).as_deref(), Some("1980-02"));
        assert_eq!(
            Date::read("1980-02-03").and_then(Date::swapped).map(Date::text).as_deref(),
            Some("1980-03-02")
        );
        assert_eq!(Date::read("1980-02-13").and_then(Date::swapped), None);
        assert_eq!(Date::read("1980-02-02").and_then(Date::swapped), None);
        assert_eq!(Date::read("yesterday"), None);
        assert_eq!(Date::read("1980-x"), None);
    }
}
