//! Values of elements. `None` is often one: the element is not there.

use super::{
    IDS,
    json::{list, member, object, text},
};
use crate::naive::UCUM;
use generator::random::Random;

const NAMES: [&str; 14] = [
    "Müller", "Mueller", "MULLER", "Straße", "Strasse", "Øst", "Ost", "Łódź", "Lodz", "Anna Ann", "Ann",
    "O, Neil", r"a|b$c\d", "日本",
];
const SYSTEMS: [&str; 3] = ["http://s0", "http://s1", "urn:oid:1.2.3"];
const CODES: [&str; 6] = ["c1", "c2", "C1", "a,b", "x|y", "c1 c2"];
const DATES: [&str; 6] = ["2018", "2019-03", "2019-03-07", "2019-12-31", "2020-01-01", "2020-02-29"];
const TIMES: [&str; 10] = [
    "2019-03-07T10:00:00Z",
    "2019-03-07T10:00:00.5Z",
    "2019-03-07T10:00:59+00:00",
    "2019-12-31T23:30:00-02:00",
    "2020-01-01T01:30:00Z",
    "2019-12-31T23:59:59.999Z",
    "2020-01-01T00:00:00+14:00",
    "2020-01-01T00:00:00Z",
    "2019-03-07T23:59:59-12:00",
    "2020-02-29T12:00:00Z",
];
pub const DECIMALS: [&str; 18] = [
    "0", "1", "1.0", "1.50", "1.5", "1.04", "1.05", "0.95", "9.5", "10", "100", "1e2", "99.5", "100.5",
    "-0.5", "0.15", "-1.5", "99.999",
];
const UNITS: [(&str, &str, &str); 10] = [
    ("http://u0", "mg", "milligram"),
    ("http://u1", "mg", "mg"),
    ("http://u0", "kg", "mg"),
    (UCUM, "mg", "milligram"),
    (UCUM, "g", "mg"),
    (UCUM, "g", "gram"),
    (UCUM, "kg", "kg"),
    (UCUM, "Cel", "C"),
    (UCUM, "[degF]", "F"),
    (UCUM, "mmol/L", "mg"),
];
/// Around Berlin, at both sides of the date line, and at the poles.
const PLACES: [(&str, &str); 9] = [
    ("52.52", "13.405"),
    ("52.53", "13.40"),
    ("52.9", "13.1"),
    ("48.1", "11.5"),
    ("0", "179.9"),
    ("0.0", "-179.9"),
    ("89.9", "0"),
    ("89.9", "-180"),
    ("-89.5", "10.25"),
];
const ENDS: [&str; 5] = ["1", "1.50", "10", "99.5", "1e2"];
const URLS: [&str; 6] =
    ["http://a.org", "http://a.org/", "http://a.org/x", "http://a.org/x/y", "http://b.org/x", "urn:oid:1.2"];

/// Where values come from.
pub struct World<'w> {
    pub random: &'w mut Random,
    pub base: &'w str,
}

impl World<'_> {
    pub fn often(&mut self) -> bool {
        self.random.chance(700)
    }

    /// Maybe a value.
    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.often().then(|| value(self))
    }

    /// None to two of them.
    pub fn some(&mut self, mut value: impl FnMut(&mut Self) -> String) -> Option<String> {
        let count = self.random.below(3);
        list((0..count).map(|_| value(self)).collect())
    }

    pub fn one(&mut self, of: &[&str]) -> String {
        text(self.random.pick(of))
    }

    pub fn boolean(&mut self) -> String {
        self.random.chance(500).to_string()
    }

    pub fn name_text(&mut self) -> String {
        self.one(&NAMES)
    }

    pub fn url(&mut self) -> String {
        self.one(&URLS)
    }

    pub fn date(&mut self) -> String {
        self.one(&DATES)
    }

    pub fn date_time(&mut self) -> String {
        if self.random.chance(400) { self.date() } else { self.one(&TIMES) }
    }

    pub fn instant(&mut self) -> String {
        self.one(&TIMES)
    }

    pub fn decimal(&mut self) -> String {
        self.random.pick(&DECIMALS).to_owned()
    }

    /// One to three paragraphs of names, some of them in bold.
    pub fn narrative(&mut self) -> String {
        let mut div = r#"<div xmlns="http://www.w3.org/1999/xhtml">"#.to_owned();
        for _ in 0..1 + self.random.below(3) {
            div.push_str("<p>");
            for _ in 0..1 + self.random.below(3) {
                let name = self.random.pick(&NAMES);
                div.push_str(&match self.random.below(4) {
                    0 => format!("<b>{name}</b> "),
                    1 => format!("{name}; "),
                    _ => format!("{name} "),
                });
            }
            div.push_str("</p>");
        }
        div.push_str("</div>");
        format!(r#"{{"status":"generated","div":{}}}"#, text(&div))
    }

    pub fn position(&mut self) -> String {
        let (latitude, longitude) = self.random.pick(&PLACES);
        format!(r#"{{"longitude":{longitude},"latitude":{latitude}}}"#)
    }

    /// Two dates in order: the lists are.
    pub fn period(&mut self) -> String {
        let (start, end) = (self.random.below(6), self.random.below(6));
        let date = |at: u64| text(DATES[at as usize]);
        let (start, end) = (start.min(end), start.max(end));
        let (has_start, has_end) = match self.random.below(4) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        let (start, end) = (has_start.then(|| date(start)), has_end.then(|| date(end)));
        object([member("start", start), member("end", end)]).unwrap_or_default()
    }

    pub fn timing(&mut self) -> String {
        let (first, second) = (self.date_time(), self.instant());
        let repeat = match self.random.chance(300) {
            true => Some(format!(r#"{{"boundsPeriod":{}}}"#, self.period())),
            false => None,
        };
        object([member("event", list(vec![first, second])), member("repeat", repeat)]).unwrap_or_default()
    }

    pub fn coding(&mut self) -> String {
        let system = self.maybe(|world| world.one(&SYSTEMS));
        let code = if self.random.chance(900) { Some(self.one(&CODES)) } else { None };
        let display = (code.is_none() || self.random.chance(200)).then(|| self.name_text());
        object([member("system", system), member("code", code), member("display", display)])
            .unwrap_or_default()
    }

    pub fn concept(&mut self) -> String {
        let (codings, text) = (self.some(World::coding), self.name_text());
        let text = (codings.is_none() || self.random.chance(200)).then_some(text);
        object([member("coding", codings), member("text", text)]).unwrap_or_default()
    }

    pub fn identifier(&mut self) -> String {
        let (system, value) = (self.maybe(|world| world.one(&SYSTEMS)), self.one(&CODES));
        object([member("system", system), member("value", Some(value))]).unwrap_or_default()
    }

    pub fn contact(&mut self) -> String {
        let (system, value) = (self.one(&["phone", "email"]), self.one(&CODES));
        object([member("system", Some(system)), member("value", Some(value))]).unwrap_or_default()
    }

    pub fn human_name(&mut self) -> String {
        let family = self.maybe(World::name_text);
        let given = self.some(World::name_text);
        let text = (family.is_none() && given.is_none()).then(|| self.name_text());
        object([member("family", family), member("given", given), member("text", text)]).unwrap_or_default()
    }

    pub fn address(&mut self) -> String {
        let (line, city) = (self.some(World::name_text), self.name_text());
        let of_use = self.maybe(|world| world.one(&["home", "work"]));
        object([member("line", line), member("city", Some(city)), member("use", of_use)]).unwrap_or_default()
    }

    pub fn quantity(&mut self) -> String {
        let value = self.decimal();
        let unit = self.maybe(|world| world.random.pick(&UNITS));
        let [system, code, printed] = match unit {
            Some((system, code, printed)) => [Some(text(system)), Some(text(code)), Some(text(printed))],
            None => [None, None, None],
        };
        let value = member("value", Some(value));
        object([value, member("system", system), member("code", code), member("unit", printed)])
            .unwrap_or_default()
    }

    /// Two of the ends, in order.
    fn ends(&mut self) -> (usize, usize) {
        let (low, high) = (self.random.below(5), self.random.below(5));
        (low.min(high) as usize, low.max(high) as usize)
    }

    pub fn samples(&mut self) -> String {
        let (low, high) = self.ends();
        let (system, code, unit) = self.random.pick(&UNITS);
        let origin = format!(r#"{{"value":0,"system":"{system}","code":"{code}","unit":"{unit}"}}"#);
        let (low, high) = (member("lowerLimit", Some(ENDS[low].to_owned())), ENDS[high].to_owned());
        let high = member("upperLimit", Some(high).filter(|_| self.random.chance(900)));
        let [origin, period, dimensions] = [("origin", &*origin), ("period", "10"), ("dimensions", "1")]
            .map(|(name, value)| member(name, Some(value.to_owned())));
        object([origin, period, low, high, dimensions]).unwrap_or_default()
    }

    pub fn range(&mut self) -> String {
        let (low, high) = self.ends();
        let (system, code, _) = self.random.pick(&UNITS);
        let end = |at: usize| format!(r#"{{"value":{},"system":"{system}","code":"{code}"}}"#, ENDS[at]);
        let (has_low, has_high) = match self.random.below(4) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        let (low, high) = (has_low.then(|| end(low)), has_high.then(|| end(high)));
        object([member("low", low), member("high", high)]).unwrap_or_default()
    }

    /// To one of these types, in one of the forms that references have.
    pub fn reference(&mut self, types: &[&str]) -> String {
        let name = format!("{}/x{}", self.random.pick(types), self.random.below(IDS + 1));
        let reference = match self.random.below(20) {
            0..13 => name,
            13 | 14 => format!("{}/{name}", self.base),
            15 => format!("{name}/_history/{}", 1 + self.random.below(3)),
            16 => format!("http://else.org/fhir/{name}"),
            17 => format!("{}/none", self.random.pick(types)),
            18 => "urn:uuid:0b7d0d5c-0000-4000-8000-000000000001".to_owned(),
            _ => return format!(r#"{{"identifier":{},"display":"someone"}}"#, self.identifier()),
        };
        format!(r#"{{"reference":{}}}"#, text(&reference))
    }

    pub fn meta(&mut self) -> String {
        let tags = self.some(World::coding);
        let security = self.some(World::coding);
        let profiles = self.some(|world| world.one(&URLS[2..5]));
        let source = self.maybe(World::url);
        let members = [
            member("source", source),
            member("profile", profiles),
            member("security", security),
            member("tag", tags),
        ];
        object(members).unwrap_or_else(|| r#"{"source":"http://a.org"}"#.to_owned())
    }
}
