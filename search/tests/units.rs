//! Amounts are found in whatever unit they were written, and ordered by what they are: held against whole numbers of parts so small
//! that every unit here is a whole number of them.

mod support;

use proptest::prelude::*;
use search::{Engine, Query};
use std::collections::BTreeMap;
use storage::Change;
use support::*;

const UCUM: &str = "http://unitsofmeasure.org";
/// Parts of one part: numbers have at most so many digits behind the point.
const ONE: i128 = 1_000_000;

/// A value `v` of a unit is `v * times + plus` parts.
#[derive(Debug)]
struct Unit {
    code: &'static str,
    /// What it measures; units of one kind are converted.
    kind: u8,
    times: i128,
    plus: i128,
    /// So many parts make one of UCUM's base units.
    parts: i128,
}

const fn unit(code: &'static str, kind: u8, times: i128, plus: i128, parts: i128) -> Unit {
    Unit { code, kind, times, plus, parts }
}

const UNITS: [Unit; 13] = [
    unit("ug/L", 0, 1, 0, 1_000),
    unit("mg/dL", 0, 10_000, 0, 1_000),
    unit("g/L", 0, 1_000_000, 0, 1_000),
    unit("kg/m3", 0, 1_000_000, 0, 1_000),
    unit("K", 1, 900, 0, 900),
    unit("Cel", 1, 900, 245_835, 900),
    unit("[degF]", 1, 500, 229_835, 900),
    unit("mm", 2, 100, 0, 100_000),
    unit("cm", 2, 1_000, 0, 100_000),
    unit("[in_i]", 2, 2_540, 0, 100_000),
    unit("m", 2, 100_000, 0, 100_000),
    // UCUM knows neither.
    unit("tabs", 3, 1, 0, 1),
    unit("puffs", 4, 1, 0, 1),
];

/// A number as it is written: digits, and how many are behind the point.
#[derive(Clone, Copy, Debug)]
struct Number(i64, u32);

impl Number {
    fn text(self) -> String {
        let (digits, scale) = (format!("{:05}", self.0.abs()), self.1 as usize);
        let (whole, fraction) = digits.split_at(5 - scale);
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if scale == 0 { "" } else { "." };
        format!("{}{whole}{point}{fraction}", if self.0 < 0 { "-" } else { "" })
    }

    fn parts(self) -> i128 {
        i128::from(self.0) * ONE / 10_i128.pow(self.1)
    }

    fn half(self) -> i128 {
        ONE / 10_i128.pow(self.1) / 2
    }
}

#[derive(Clone, Debug)]
struct Amount {
    number: Number,
    unit: usize,
    /// UCUM, another one, or none.
    system: Option<&'static str>,
}

impl Amount {
    /// What it measures, where it can be converted.
    fn kind(&self) -> Option<u8> {
        let unit = &UNITS[self.unit];
        (self.system == Some(UCUM) && unit.kind < 3).then_some(unit.kind)
    }

    fn json(&self) -> String {
        let system = self.system.map_or(String::new(), |system| format!(r#""system":"{system}","#));
        format!(
            r#""valueQuantity":{{"value":{},{system}"code":"{}"}}"#,
            self.number.text(),
            UNITS[self.unit].code
        )
    }

    /// In parts of base units that are the same of all kinds.
    fn order(&self) -> i128 {
        const ALL: i128 = 900_000;
        match self.kind() {
            Some(_) => in_parts(self.number.parts(), self.unit) * (ALL / UNITS[self.unit].parts),
            None => self.number.parts() * ALL,
        }
    }
}

fn in_parts(number: i128, unit: usize) -> i128 {
    number * UNITS[unit].times + UNITS[unit].plus * ONE
}

/// The amount of the whole, and those of its components.
type Observed = (Option<Amount>, Vec<Amount>);

#[derive(Clone, Debug)]
struct Asked {
    prefix: &'static str,
    amount: Amount,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Plain,
    Printed,
    Coded,
}

impl Asked {
    fn text(&self) -> String {
        let (number, code) = (self.amount.number.text(), UNITS[self.amount.unit].code);
        match (self.how, self.amount.system) {
            (How::Coded, Some(system)) => format!("{}{number}|{system}|{code}", self.prefix),
            (How::Printed, _) => format!("{}{number}||{code}", self.prefix),
            _ => format!("{}{number}", self.prefix),
        }
    }

    fn holds(&self, it: &Amount) -> bool {
        let asked = &self.amount;
        let is_of_unit = match (self.how, asked.system) {
            (How::Coded, Some(_)) if asked.kind().is_some() => {
                return it.kind() == asked.kind()
                    && self.compares(in_parts(it.number.parts(), it.unit), |number| {
                        in_parts(number, asked.unit)
                    });
            }
            (How::Coded, Some(system)) => it.system == Some(system) && it.unit == asked.unit,
            (How::Printed, _) => it.unit == asked.unit,
            _ => true,
        };
        is_of_unit && self.compares(it.number.parts(), |number| number)
    }

    fn compares(&self, it: i128, converted: impl Fn(i128) -> i128) -> bool {
        let (number, half) = (self.amount.number.parts(), self.amount.number.half());
        let value = converted(number);
        match self.prefix {
            "" | "eq" => converted(number - half) <= it && it < converted(number + half),
            "ne" => !(converted(number - half) <= it && it < converted(number + half)),
            "gt" | "sa" => it > value,
            "lt" | "eb" => it < value,
            "ge" => it >= value,
            "le" => it <= value,
            _ => {
                let tenth = number.abs() / 10;
                converted(number - tenth) <= it && it <= converted(number + tenth)
            }
        }
    }
}

fn amount() -> impl Strategy<Value = Amount> {
    // Numbers that are the same in another unit come up often.
    let number = prop_oneof![
        (0..13_usize).prop_map(|at| {
            [
                (0, 0),
                (1, 0),
                (10, 1),
                (540, 2),
                (54, 1),
                (5400, 0),
                (37, 0),
                (370, 1),
                (986, 1),
                (31015, 2),
                (254, 2),
                (-5, 1),
                (100, 0),
            ][at]
        }),
        (-9999..9999_i64, 0..4_u32),
    ];
    let system = prop::sample::select(vec![Some(UCUM), Some(UCUM), Some(UCUM), Some("http://else"), None]);
    (number, 0..UNITS.len(), system).prop_map(|((digits, scale), unit, system)| Amount {
        number: Number(digits, scale),
        unit,
        system,
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let prefix = prop::sample::select(vec!["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]);
    let how = prop::sample::select(vec![How::Coded, How::Coded, How::Coded, How::Printed, How::Plain]);
    (prefix, amount(), how).prop_map(|(prefix, amount, how)| Asked { prefix, amount, how })
}

fn observation() -> impl Strategy<Value = Observed> {
    (prop::option::weighted(0.8, amount()), prop::collection::vec(amount(), 0..3))
}

fn change(number: usize, (whole, parts): &Observed) -> Change {
    let part = |part: &Amount| format!(r#"{{"code":{{"coding":[{{"code":"p"}}]}},{}}}"#, part.json());
    let parts: Vec<String> = parts.iter().map(part).collect();
    let mut members = vec![format!(r#""resourceType":"Observation","id":"o{number}","status":"final""#)];
    members.push(r#""code":{"coding":[{"code":"w"}]}"#.to_owned());
    members.extend(whole.as_ref().map(Amount::json));
    members.extend((!parts.is_empty()).then(|| format!(r#""component":[{}]"#, parts.join(","))));
    put("Observation", &format!("o{number}"), 1, &format!("{{{}}}", members.join(",")))
}

fn names(found: impl Iterator<Item = usize>) -> Vec<String> {
    let mut all: Vec<String> = found.map(|number| format!("{}/o{number}", code("Observation").0)).collect();
    all.sort();
    all
}

fn in_order(engine: &Engine, query: &Query) -> Vec<usize> {
    let (mut found, mut cursor) = (vec![], None);
    loop {
        let page = engine.search(query, cursor.as_deref()).expect("a page");
        found
            .extend(page.hits.iter().map(|hit| hit.key.id.as_str()[1..].parse::<usize>().expect("a number")));
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

proptest! {
    // A failing case prints its seed and shrinks.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn amounts_are_found_in_any_unit(
        resources in prop::collection::vec(observation(), 1..40),
        asked in prop::collection::vec(asked(), 60),
        sealed in 0usize..40,
    ) {
        let changes: Vec<Change> = resources.iter().enumerate().map(|(number, one)| change(number, one)).collect();
        let (_dir, [engine, memory]) = sealed_in_part(&changes, sealed);
        let picked = |holds: &dyn Fn(&Observed) -> bool| {
            names(resources.iter().enumerate().filter(|(_, one)| holds(one)).map(|(number, _)| number))
        };
        for one in &asked {
            let text = one.text();
            let operator = if one.prefix.is_empty() { "eq" } else { one.prefix };
            let said = &text[one.prefix.len()..];
            let whole = |(whole, _): &Observed| whole.as_ref().is_some_and(|it| one.holds(it));
            let part = |(_, parts): &Observed| parts.iter().any(|it| one.holds(it));
            let expected: [(String, Vec<String>); 6] = [
                (format!("value-quantity={text}"), picked(&whole)),
                (format!("component-value-quantity={text}"), picked(&part)),
                (format!("combo-value-quantity={text}"), picked(&|it| whole(it) || part(it))),
                (format!("code-value-quantity=w${text}"), picked(&whole)),
                (format!("component-code-value-quantity=p${text}"), picked(&part)),
                (format!("_filter=not (value-quantity {operator} {said})"), picked(&|it| !whole(it))),
            ];
            for (condition, expected) in expected {
                let url = format!("Observation?{condition}&_total=accurate&_count=7");
                let query = query(&url).expect(&url);
                assert_same_pages(&engine, &memory, &query);
                prop_assert_eq!(found(&engine, &query), expected, "{} sealed {}\n{:#?}", url, sealed, resources);
            }
        }
        let best: BTreeMap<usize, i128> =
            resources.iter().enumerate().filter_map(|(number, (whole, _))| Some((number, whole.as_ref()?.order()))).collect();
        for (rule, sign) in [("value-quantity", 1), ("-value-quantity", -1)] {
            let query = query(&format!("Observation?_sort={rule}&_count=5&_total=none")).expect(rule);
            assert_same_pages(&engine, &memory, &query);
            let order: Vec<Option<i128>> = in_order(&engine, &query).iter().map(|number| best.get(number).map(|key| key * sign)).collect();
            let sorted = order.windows(2).all(|two| match two {
                [Some(one), Some(next)] => one <= next,
                [one, next] => one.is_some() || next.is_none(),
                _ => true,
            });
            prop_assert!(sorted && order.len() == resources.len(), "{} {:?}\n{:#?}", rule, order, resources);
        }
    }
}

#[test]
fn an_interval_is_converted_at_both_ends() {
    let range = |id: &str, low: &str, high: &str, code: &str| {
        let end = |value: &str| format!(r#"{{"value":{value},"system":"{UCUM}","code":"{code}"}}"#);
        put(
            "Condition",
            id,
            1,
            &format!(
                r#"{{"resourceType":"Condition","id":"{id}","subject":{{"display":"x"}},"onsetRange":{{"low":{},"high":{}}}}}"#,
                end(low),
                end(high)
            ),
        )
    };
    let rows = [range("a", "1", "1.5", "h"), range("b", "30", "120", "min")];
    let (_dir, engines) = both();
    for engine in engines {
        publish(&engine, &rows, 0);
        for (value, expected) in [
            ("eb90|min", &[][..]),
            ("eb91|min", &["a"]),
            ("sa59|min", &["a"]),
            ("gt90|min", &["b"]),
            ("lt3600|s", &["b"]),
            ("ap1|h", &["a", "b"]),
            ("eb1.6|h", &["a"]),
        ] {
            let url = format!("Condition?onset-age={}", value.replace('|', &format!("|{UCUM}|")));
            let expected: Vec<String> =
                expected.iter().map(|id| format!("{}/{id}", code("Condition").0)).collect();
            let query = query(&url).expect(&url);
            assert_eq!(found(&engine, &query), expected, "{url}");
            assert_eq!(support::expected(&rows, &query), expected, "{url}");
        }
    }
}
