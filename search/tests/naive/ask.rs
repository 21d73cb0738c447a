//! Questions: how they are written in a URL, and which resources they are true of.
//! <https://hl7.org/fhir/R4/search.html>

use super::{
    date::Moment,
    number,
    resource::{Amount, Coded, Kind, Resource, SUBJECTS, URLS},
};
use proptest::prelude::*;

/// One condition.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The code, with or without what is said of its system; `not`: has no such code.
    Code {
        system: System,
        code: &'static str,
        not: bool,
    },
    /// Several codes: one of them.
    OneOf(&'static [(&'static str, &'static str)], &'static str),
    Name(Text, &'static str),
    Subject(&'static str),
    /// `subject:Patient=id`
    Patient(&'static str),
    Date(&'static str, &'static str),
    Amount(&'static str, &'static str, UnitAsked),
    Probability(&'static str, &'static str),
    Url(Path, &'static str),
    Missing(&'static str, bool),
    /// A code and an amount: of the whole, of one component, or of either.
    Both(Where, Code, &'static str, &'static str, UnitAsked),
    /// What a person reads of a component's code.
    Said(&'static str),
    /// In a filter: all of them, or one of them, each of them itself or its opposite.
    Filter(bool, Vec<(bool, Ask)>),
    Id(Vec<usize>),
    LastUpdated(&'static str, u64),
}

/// As in `Code`.
type Code = (System, &'static str);

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Where {
    Whole,
    Component,
    Either,
}

#[derive(Clone, Copy, Debug)]
pub enum System {
    Any,
    None,
    Is(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Text {
    Start,
    Contains,
    Exact,
}

#[derive(Clone, Copy, Debug)]
pub enum Path {
    Is,
    Below,
    Above,
}

#[derive(Clone, Copy, Debug)]
pub enum UnitAsked {
    Any,
    Printed(&'static str),
    Coded(&'static str, &'static str),
}

const PREFIXES: [&str; 8] = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa"];
const DATES: [&str; 6] =
    ["2018", "2019-03", "2019-03-07", "2019-03-07T10:00Z", "2020-01-01T01:30:00Z", "2020-02-29"];
const NUMBERS: [&str; 7] = ["0", "1", "1.0", "9.5", "10", "-0.5", "0.1"];
const TEXTS: [&str; 12] =
    ["m", "mü", "MULL", "muel", "strass", "straß", "ø", "os", "lodz", "ŁÓD", "ann", "日"];
const EXACT: [&str; 5] = ["Müller", "MULLER", "Straße", "Anna Ann", "ann"];

fn one<T: Clone + std::fmt::Debug + 'static>(of: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(of.to_vec())
}

/// Something that can be asked of the kind.
pub fn ask(kind: Kind) -> BoxedStrategy<Ask> {
    let everywhere = prop_oneof![
        prop::collection::vec(0..26_usize, 1..4).prop_map(Ask::Id),
        (one(&PREFIXES), 0..5_u64).prop_map(|(prefix, ms)| Ask::LastUpdated(prefix, ms)),
    ];
    let own = match kind {
        Kind::Observation => observation(),
        Kind::Patient => prop_oneof![
            4 => (one(&[Text::Start, Text::Contains]), one(&TEXTS)).prop_map(|(how, text)| Ask::Name(how, text)),
            2 => one(&EXACT).prop_map(|text| Ask::Name(Text::Exact, text)),
            1 => any::<bool>().prop_map(|missing| Ask::Missing("family", missing)),
        ]
        .boxed(),
        Kind::ValueSet => prop_oneof![
            one(&URLS).prop_map(|url| Ask::Url(Path::Is, url)),
            one(&URLS[..5]).prop_map(|url| Ask::Url(Path::Below, url)),
            one(&URLS[..5]).prop_map(|url| Ask::Url(Path::Above, url)),
            any::<bool>().prop_map(|missing| Ask::Missing("url", missing)),
        ]
        .boxed(),
        Kind::RiskAssessment => prop_oneof![
            3 => (one(&PREFIXES), one(&NUMBERS)).prop_map(|(prefix, number)| Ask::Probability(prefix, number)),
            1 => any::<bool>().prop_map(|missing| Ask::Missing("probability", missing)),
        ]
        .boxed(),
    };
    let filter = (any::<bool>(), prop::collection::vec((any::<bool>(), own.clone()), 1..4))
        .prop_filter_map("all of it can be said in a filter", |(all, asks)| {
            asks.iter().all(|(_, ask)| ask.filter().is_some()).then_some(Ask::Filter(all, asks))
        });
    prop_oneof![6 => own, 3 => filter, 1 => everywhere].boxed()
}

fn unit_asked() -> impl Strategy<Value = UnitAsked> {
    one(&[
        UnitAsked::Any,
        UnitAsked::Printed("mg"),
        UnitAsked::Printed("milligram"),
        UnitAsked::Coded("http://u0", "mg"),
        UnitAsked::Coded("http://u1", "kg"),
    ])
}

fn code() -> impl Strategy<Value = Code> {
    let system = one(&[System::Any, System::None, System::Is("http://s0"), System::Is("http://s1")]);
    (system, one(&["c1", "c2", "c3", "c9"]))
}

fn observation() -> BoxedStrategy<Ask> {
    let listed: [(&[(&str, &str)], &str); 4] = [
        (&[("http://s0", "c1"), ("http://s1", "c2"), ("http://s1", "c1")], "in=http://vs"),
        (&[], "in=http://empty"),
        (&[("http://s1", "c1"), ("http://s1", "c2"), ("http://s1", "c3")], "below=http://s1|c1"),
        (&[("http://s1", "c0"), ("http://s1", "c1")], "above=http://s1|c1"),
    ];
    prop_oneof![
        3 => (code(), any::<bool>()).prop_map(|((system, code), not)| Ask::Code { system, code, not }),
        1 => one(&listed).prop_map(|(codes, text)| Ask::OneOf(codes, text)),
        2 => one(&SUBJECTS).prop_map(Ask::Subject),
        1 => one(&["p0", "p1"]).prop_map(Ask::Subject),
        1 => one(&["p0", "p1"]).prop_map(Ask::Patient),
        3 => (one(&PREFIXES), one(&DATES)).prop_map(|(prefix, date)| Ask::Date(prefix, date)),
        1 => one(&DATES).prop_map(|date| Ask::Date("eb", date)),
        3 => (one(&PREFIXES), one(&NUMBERS), unit_asked()).prop_map(|(prefix, number, unit)| Ask::Amount(prefix, number, unit)),
        3 => (one(&[Where::Whole, Where::Component, Where::Either]), code(), one(&PREFIXES), one(&NUMBERS), unit_asked())
            .prop_map(|(place, code, prefix, number, unit)| Ask::Both(place, code, prefix, number, unit)),
        1 => one(&["blood", "PRESS", "grosse", "ressure", "blood pr", "less"]).prop_map(Ask::Said),
        1 => (one(&["code", "date", "value-quantity", "subject"]), any::<bool>())
            .prop_map(|(name, missing)| Ask::Missing(name, missing)),
    ]
    .boxed()
}

impl System {
    fn with(self, code: &str) -> String {
        match self {
            System::Any => code.to_owned(),
            System::None => format!("|{code}"),
            System::Is(system) => format!("{system}|{code}"),
        }
    }

    fn is_of(self, (its_system, its_code): &Coded, code: &str) -> bool {
        let is_system = match self {
            System::Any => true,
            System::None => its_system.is_none(),
            System::Is(system) => *its_system == Some(system),
        };
        is_system && *its_code == code
    }
}

impl UnitAsked {
    fn with(self, prefix: &str, number: &str) -> String {
        match self {
            UnitAsked::Any => format!("{prefix}{number}"),
            UnitAsked::Printed(unit) => format!("{prefix}{number}||{unit}"),
            UnitAsked::Coded(system, code) => format!("{prefix}{number}|{system}|{code}"),
        }
    }

    fn is_of(self, amount: &Amount, prefix: &str, number: &str) -> bool {
        let of_unit = match self {
            UnitAsked::Any => true,
            UnitAsked::Printed(text) => {
                amount.unit.is_some_and(|unit| unit.code == text || unit.printed == text)
            }
            UnitAsked::Coded(system, code) => {
                amount.unit.is_some_and(|unit| unit.system == system && unit.code == code)
            }
        };
        of_unit && is_number(prefix, amount.digits, number)
    }
}

impl Ask {
    /// As a comparison of a filter, where it has one.
    pub fn filter(&self) -> Option<String> {
        let operator = |prefix: &&'static str| if prefix.is_empty() { "eq" } else { prefix };
        Some(match self {
            Ask::Code { system, code, not: false } => format!("code eq {}", system.with(code)),
            Ask::Code { system, code, not: true } => format!("not (code eq {})", system.with(code)),
            Ask::OneOf(_, text) if text.starts_with("in=") => format!("(code in {})", &text[3..]),
            Ask::OneOf(_, text) => {
                let (modifier, code) = text.split_once('=')?;
                format!("code {} {code}", if modifier == "below" { "ss" } else { "sb" })
            }
            Ask::Name(Text::Start, text) => format!("family sw \"{text}\""),
            Ask::Name(Text::Contains, text) => format!("family co \"{text}\""),
            Ask::Subject(text) => format!("subject re {text}"),
            Ask::Date(prefix, date) => format!("date {} {date}", operator(prefix)),
            Ask::Amount(prefix, number, unit) => {
                format!("value-quantity {} {}", operator(prefix), unit.with("", number))
            }
            Ask::Probability(prefix, number) => format!("probability {} {number}", operator(prefix)),
            Ask::Url(Path::Is, url) => format!("url eq \"{url}\""),
            Ask::Missing(name, missing) => format!("{name} pr {}", !missing),
            _ => return None,
        })
    }

    pub fn url(&self) -> String {
        match self {
            Ask::Code { system, code, not } => {
                let not = if *not { ":not" } else { "" };
                format!("code{not}={}", system.with(code))
            }
            Ask::Both(place, (system, code), prefix, number, unit) => {
                let start = match place {
                    Where::Whole => "",
                    Where::Component => "component-",
                    Where::Either => "combo-",
                };
                let amount = unit.with(prefix, number);
                format!("{start}code-value-quantity={}${amount}", system.with(code))
            }
            Ask::Said(text) => format!("component-code:text={text}"),
            Ask::Filter(all, asks) => {
                let one = |(not, ask): &(bool, Ask)| {
                    let said = ask.filter().expect("all of it can be said in a filter");
                    if *not { format!("not({said})") } else { said }
                };
                let all_asks: Vec<String> = asks.iter().map(one).collect();
                format!("_filter={}", all_asks.join(if *all { " and " } else { " or " }))
            }
            Ask::OneOf(_, text) => format!("code:{text}"),
            Ask::Name(Text::Start, text) => format!("family={text}"),
            Ask::Name(Text::Contains, text) => format!("family:contains={text}"),
            Ask::Name(Text::Exact, text) => format!("family:exact={text}"),
            Ask::Subject(text) => format!("subject={text}"),
            Ask::Patient(id) => format!("subject:Patient={id}"),
            Ask::Date(prefix, date) => format!("date={prefix}{date}"),
            Ask::Amount(prefix, number, unit) => format!("value-quantity={}", unit.with(prefix, number)),
            Ask::Probability(prefix, number) => format!("probability={prefix}{number}"),
            Ask::Url(Path::Is, url) => format!("url={url}"),
            Ask::Url(Path::Below, url) => format!("url:below={url}"),
            Ask::Url(Path::Above, url) => format!("url:above={url}"),
            Ask::Missing(name, missing) => format!("{name}:missing={missing}"),
            Ask::Id(numbers) => {
                let ids: Vec<String> = numbers.iter().map(|number| format!("r{number}")).collect();
                format!("_id={}", ids.join(","))
            }
            Ask::LastUpdated(prefix, ms) => format!("_lastUpdated={prefix}2023-11-14T22:13:20.00{ms}Z"),
        }
    }

    pub fn holds(&self, resource: &Resource) -> bool {
        match self {
            Ask::Code { system, code, not } => {
                let has = resource.codes.iter().any(|its| system.is_of(its, code));
                has != *not
            }
            Ask::Both(place, (system, code), prefix, number, unit) => {
                let in_whole = || {
                    let amount = resource.amount.as_ref().filter(|amount| unit.is_of(amount, prefix, number));
                    amount.is_some() && resource.codes.iter().any(|its| system.is_of(its, code))
                };
                let in_part = || {
                    let mut parts = resource.parts.iter();
                    parts
                        .any(|(its, amount, _)| system.is_of(its, code) && unit.is_of(amount, prefix, number))
                };
                (*place != Where::Component && in_whole()) || (*place != Where::Whole && in_part())
            }
            Ask::Said(text) => resource.parts.iter().any(|(_, _, said)| {
                let said = plain(said);
                let words = said.split_inclusive(|char: char| !char.is_alphanumeric());
                let starts = words.scan(0, |at, word| {
                    *at += word.len();
                    Some(*at - word.len())
                });
                starts.into_iter().any(|start| said[start..].starts_with(&plain(text)))
            }),
            Ask::Filter(true, asks) => asks.iter().all(|(not, ask)| ask.holds(resource) != *not),
            Ask::Filter(false, asks) => asks.iter().any(|(not, ask)| ask.holds(resource) != *not),
            Ask::OneOf(wanted, _) => {
                let mut codes = resource.codes.iter();
                codes.any(|(system, code)| system.is_some_and(|system| wanted.contains(&(system, code))))
            }
            Ask::Name(how, text) => resource.names.iter().any(|name| match how {
                Text::Start => plain(name).starts_with(&plain(text)),
                Text::Contains => plain(name).contains(&plain(text)),
                Text::Exact => name == text,
            }),
            Ask::Subject(text) if text.contains('/') => resource.subject == Some(*text),
            Ask::Subject(id) => resource.subject.is_some_and(|subject| is_local(subject, id)),
            Ask::Patient(id) => resource.subject.is_some_and(|subject| subject == format!("Patient/{id}")),
            Ask::Date(prefix, date) => {
                resource.when.as_ref().is_some_and(|when| compares(prefix, when.span(), Moment::span(date)))
            }
            Ask::Amount(prefix, asked, unit) => {
                resource.amount.as_ref().is_some_and(|amount| unit.is_of(amount, prefix, asked))
            }
            Ask::Probability(prefix, asked) => {
                resource.probability.is_some_and(|digits| is_number(prefix, digits, asked))
            }
            Ask::Url(how, asked) => resource.url.is_some_and(|url| match how {
                Path::Is => url == *asked,
                Path::Below => url.starts_with(asked),
                Path::Above => is_above(url, asked),
            }),
            Ask::Missing(name, missing) => has(resource, name) != *missing,
            Ask::Id(numbers) => numbers.iter().any(|number| resource.id == format!("r{number}")),
            Ask::LastUpdated(prefix, ms) => {
                let (at, asked) = (resource.last_updated_ms, 1_700_000_000_000 + ms);
                compares(prefix, (at, at + 1), (asked, asked + 1))
            }
        }
    }
}

fn is_local(subject: &str, id: &str) -> bool {
    !subject.contains(':') && subject.split_once('/').is_some_and(|(_, its_id)| its_id == id)
}

fn has(resource: &Resource, name: &str) -> bool {
    match name {
        "code" => !resource.codes.is_empty(),
        "date" => resource.when.is_some(),
        "value-quantity" => resource.amount.is_some(),
        "subject" => resource.subject.is_some(),
        "family" => !resource.names.is_empty(),
        "url" => resource.url.is_some(),
        "probability" => resource.probability.is_some(),
        _ => panic!("{name} is not made up"),
    }
}

/// The table of <https://hl7.org/fhir/R4/search.html#prefix>, for what begins at the first and ends before the second.
fn compares<T: Ord>(prefix: &str, (low, high): (T, T), (asked_low, asked_high): (T, T)) -> bool {
    let inside = asked_low <= low && high <= asked_high;
    match prefix {
        "" | "eq" => inside,
        "ne" => !inside,
        "gt" => high > asked_high,
        "lt" => low < asked_low,
        "ge" => high > asked_high || inside,
        "le" => low < asked_low || inside,
        "sa" => low >= asked_high,
        "eb" => high <= asked_low,
        other => panic!("{other} is not asked"),
    }
}

/// Equal is what the digits stand for; the others ignore their precision.
fn is_number(prefix: &str, digits: &str, asked: &str) -> bool {
    let ((value, _), (number, half)) = (number::read(digits), number::read(asked));
    let equal = number - half <= value && value < number + half;
    match prefix {
        "" | "eq" => equal,
        "ne" => !equal,
        "gt" | "sa" => value > number,
        "lt" => value < number,
        "ge" => value >= number,
        "le" => value <= number,
        other => panic!("{other} is not asked"),
    }
}

/// Whether the path of `url` is a start of that of `asked`, whole segments.
fn is_above(url: &str, asked: &str) -> bool {
    let whole = |rest: &str| rest.is_empty() || rest.starts_with('/') || url.ends_with('/');
    url.contains("://") && asked.strip_prefix(url).is_some_and(whole)
}

/// As a person would type it who has neither accents nor capitals.
fn plain(text: &str) -> String {
    let letter = |letter: char| match letter {
        'ü' | 'Ü' => "u".to_owned(),
        'ó' | 'Ó' | 'ö' | 'Ö' => "o".to_owned(),
        'ź' | 'Ź' => "z".to_owned(),
        'ø' | 'Ø' => "o".to_owned(),
        'ł' | 'Ł' => "l".to_owned(),
        'ß' => "ss".to_owned(),
        other => other.to_lowercase().to_string(),
    };
    text.chars().map(letter).collect()
}
