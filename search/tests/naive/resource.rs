//! Resources as they are made up, and as JSON.

use super::date::Moment;
use proptest::prelude::*;

/// The types that are made up: between them they have every kind of parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Observation,
    Patient,
    ValueSet,
    RiskAssessment,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Observation => "Observation",
            Kind::Patient => "Patient",
            Kind::ValueSet => "ValueSet",
            Kind::RiskAssessment => "RiskAssessment",
        }
    }
}

pub fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(vec![Kind::Observation, Kind::Patient, Kind::ValueSet, Kind::RiskAssessment])
}

/// A coded value: system and code.
pub type Coded = (Option<&'static str>, &'static str);

/// When something was: as it is written, or a period.
#[derive(Clone, Debug)]
pub enum When {
    At(&'static str),
    Between(Option<&'static str>, Option<&'static str>),
}

impl When {
    /// From the first moment up to the one after the last; an open end is far away.
    pub fn span(&self) -> (Moment, Moment) {
        match self {
            When::At(text) => Moment::span(text),
            When::Between(start, end) => (
                start.map_or(Moment::MIN, |start| Moment::span(start).0),
                end.map_or(Moment::MAX, |end| Moment::span(end).1),
            ),
        }
    }
}

/// An amount: digits as written, and its unit.
#[derive(Clone, Debug)]
pub struct Amount {
    pub digits: &'static str,
    pub unit: Option<Unit>,
}

#[derive(Clone, Copy, Debug)]
pub struct Unit {
    pub system: &'static str,
    pub code: &'static str,
    pub printed: &'static str,
}

/// One resource; what a kind does not have stays empty.
#[derive(Clone, Debug)]
pub struct Resource {
    pub kind: Kind,
    pub id: String,
    pub last_updated_ms: u64,
    pub codes: Vec<Coded>,
    /// `Type/id`, or a URL elsewhere.
    pub subject: Option<&'static str>,
    pub when: Option<When>,
    pub amount: Option<Amount>,
    /// Components: what was measured, how much, and what a person reads of the first.
    pub parts: Vec<(Coded, Amount, &'static str)>,
    pub names: Vec<&'static str>,
    pub url: Option<&'static str>,
    pub probability: Option<&'static str>,
}

pub const CODES: [Coded; 5] = [
    (Some("http://s0"), "c1"),
    (Some("http://s1"), "c1"),
    (Some("http://s1"), "c2"),
    (None, "c3"),
    (None, "c1"),
];
pub const SUBJECTS: [&str; 4] = ["Patient/p0", "Patient/p1", "Group/p0", "http://else.org/Patient/p0"];
pub const NAMES: [&str; 11] =
    ["Müller", "Mueller", "MULLER", "Straße", "Strasse", "Øst", "Ost", "Łódź", "Anna Ann", "Ann", "日本"];
pub const URLS: [&str; 6] =
    ["http://a.org", "http://a.org/", "http://a.org/x", "http://a.org/x/y", "http://b.org/x", "urn:oid:1.2"];
const WHENS: [&str; 7] = [
    "2018",
    "2019-03",
    "2019-03-07",
    "2019-03-07T10:00:00Z",
    "2019-12-31T23:30:00-02:00",
    "2020-02-29",
    "2020-01",
];
pub const SAID: [&str; 4] = ["Blood pressure", "pressure (BLOOD)", "Größe", "bloodless"];
const PERIODS: [(Option<&str>, Option<&str>); 5] = [
    (Some("2018-06"), Some("2019-03")),
    (Some("2019-03-07"), Some("2019-03-07")),
    (Some("2019"), None),
    (None, Some("2019-12-31")),
    (Some("2020-02-29T10:00:00Z"), Some("2021")),
];
const AMOUNTS: [&str; 8] = ["0", "1", "1.0", "1.04", "9.5", "10", "-0.5", "0.15"];
const PROBABILITIES: [&str; 6] = ["0", "0.1", "0.12", "0.8", "1", "1.00"];
const UNITS: [Unit; 3] = [
    Unit { system: "http://u0", code: "mg", printed: "milligram" },
    Unit { system: "http://u1", code: "mg", printed: "mg" },
    Unit { system: "http://u0", code: "kg", printed: "mg" },
];

fn one<T: Clone + std::fmt::Debug + 'static>(of: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(of.to_vec())
}

pub fn resource(number: usize) -> impl Strategy<Value = Resource> {
    let when = prop_oneof![
        one(&WHENS).prop_map(When::At),
        one(&PERIODS).prop_map(|(start, end)| When::Between(start, end)),
    ];
    let amount =
        || (one(&AMOUNTS), prop::option::of(one(&UNITS))).prop_map(|(digits, unit)| Amount { digits, unit });
    let parts = (
        prop::collection::vec(one(&CODES), 0..3),
        prop::option::of(one(&SUBJECTS)),
        prop::option::of(when),
        (prop::option::of(amount()), prop::collection::vec((one(&CODES), amount(), one(&SAID)), 0..4)),
        prop::collection::vec(one(&NAMES), 0..3),
        prop::option::of(one(&URLS)),
        prop::option::of(one(&PROBABILITIES)),
    );
    (kind(), 0..5_u64, parts).prop_map(move |(kind, ms, parts)| {
        let (codes, subject, when, (amount, parts), names, url, probability) = parts;
        let is = |wanted: Kind| kind == wanted;
        let observed = is(Kind::Observation);
        Resource {
            kind,
            id: format!("r{number}"),
            last_updated_ms: 1_700_000_000_000 + ms,
            codes: if observed { codes } else { vec![] },
            subject: subject.filter(|_| observed || is(Kind::RiskAssessment)),
            when: when.filter(|_| observed),
            amount: amount.filter(|_| observed),
            parts: if observed { parts } else { vec![] },
            names: if is(Kind::Patient) { names } else { vec![] },
            url: url.filter(|_| is(Kind::ValueSet)),
            probability: probability.filter(|_| is(Kind::RiskAssessment)),
        }
    })
}

fn coding((system, code): &Coded, rest: &str) -> String {
    match system {
        Some(system) => format!(r#"{{"system":"{system}","code":"{code}"{rest}}}"#),
        None => format!(r#"{{"code":"{code}"{rest}}}"#),
    }
}

impl Amount {
    fn json(&self) -> String {
        let unit = self.unit.map(|Unit { system, code, printed }| {
            format!(r#","system":"{system}","code":"{code}","unit":"{printed}""#)
        });
        format!(r#""valueQuantity":{{"value":{}{}}}"#, self.digits, unit.unwrap_or_default())
    }
}

impl Resource {
    pub fn json(&self) -> String {
        let mut parts = vec![format!(r#""resourceType":"{}","id":"{}""#, self.kind.name(), self.id)];
        if !self.codes.is_empty() {
            let codings: Vec<_> = self.codes.iter().map(|code| coding(code, "")).collect();
            parts.push(format!(r#""code":{{"coding":[{}]}}"#, codings.join(",")));
        }
        parts.extend(self.subject.map(|subject| format!(r#""subject":{{"reference":"{subject}"}}"#)));
        parts.extend(self.when.as_ref().map(|when| match when {
            When::At(text) => format!(r#""effectiveDateTime":"{text}""#),
            When::Between(start, end) => {
                let ends = [("start", start), ("end", end)];
                let ends =
                    ends.iter().filter_map(|(name, end)| Some(format!(r#""{name}":"{}""#, end.as_ref()?)));
                format!(r#""effectivePeriod":{{{}}}"#, ends.collect::<Vec<_>>().join(","))
            }
        }));
        parts.extend(self.amount.as_ref().map(Amount::json));
        if !self.parts.is_empty() {
            let part = |(code, amount, said): &(Coded, Amount, &str)| {
                let said = format!(r#","display":"{said}""#);
                format!(r#"{{"code":{{"coding":[{}]}},{}}}"#, coding(code, &said), amount.json())
            };
            let components: Vec<_> = self.parts.iter().map(part).collect();
            parts.push(format!(r#""component":[{}]"#, components.join(",")));
        }
        if !self.names.is_empty() {
            let names: Vec<_> = self.names.iter().map(|name| format!(r#"{{"family":"{name}"}}"#)).collect();
            parts.push(format!(r#""name":[{}]"#, names.join(",")));
        }
        parts.extend(self.url.map(|url| format!(r#""url":"{url}""#)));
        parts.extend(
            self.probability.map(|digits| format!(r#""prediction":[{{"probabilityDecimal":{digits}}}]"#)),
        );
        format!("{{{}}}", parts.join(","))
    }
}
