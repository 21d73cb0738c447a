//! The Tantivy back end finds exactly what the matcher finds: in segments, in the tail, and in both.

#[path = "equality/filters.rs"]
mod filters;
mod support;

use proptest::prelude::*;
use search::Engine;
use storage::Change;
use support::*;

fn observation(id: usize) -> impl Strategy<Value = (String, String)> {
    let said = prop::sample::select(vec!["", "Blood pressure", "Druck (Blut)", "Straße-Müller"]);
    let coding = (prop::option::of(0..2u8), 0..4u8, said);
    let amount = (-20..20i32, 0..3u32, prop::option::of((0..3u8, 0..4u8)));
    let dated = prop_oneof![
        Just(String::new()),
        (2018..2021i32, 1..13u32).prop_map(|(y, m)| format!(r#","effectiveDateTime":"{y}-{m:02}""#)),
        (2018..2021i32, 1..28u32)
            .prop_map(|(y, d)| format!(r#","effectiveDateTime":"{y}-03-{d:02}T10:00:00Z""#)),
        (2018..2021i32, 2018..2023i32)
            .prop_map(|(a, b)| format!(r#","effectivePeriod":{{"start":"{a}","end":"{}"}}"#, a.max(b))),
        (2018..2021i32).prop_map(|a| format!(r#","effectivePeriod":{{"start":"{a}-06"}}"#)),
    ];
    let parts = prop::collection::vec((coding.clone(), prop::option::of(amount.clone())), 0..4);
    (prop::collection::vec(coding, 0..3), prop::option::of(amount), parts, dated, prop::option::of(0..7u8))
        .prop_map(move |(codings, amount, parts, dated, subject)| {
            let coding = |(system, code, said): (Option<u8>, u8, &str)| {
                let system =
                    system.map_or(String::new(), |system| format!(r#""system":"http://s{system}","#));
                let said = if said.is_empty() { String::new() } else { format!(r#","display":"{said}""#) };
                format!(r#"{{{system}"code":"c{code}"{said}}}"#)
            };
            let codings: Vec<_> = codings.into_iter().map(coding).collect();
            let quantity = |(value, scale, unit): (i32, u32, Option<(u8, u8)>)| {
                let unit = unit.map_or(String::new(), |(system, code)| {
                    let ucum = ["mg/dL", "g/L", "Cel", "[degF]"][usize::from(code)];
                    match system {
                        2 => format!(
                            r#","system":"http://unitsofmeasure.org","code":"{ucum}","unit":"printed{code}""#
                        ),
                        _ => {
                            format!(r#","system":"http://u{system}","code":"u{code}","unit":"printed{code}""#)
                        }
                    }
                });
                let value = f64::from(value) / 10f64.powi(scale as i32);
                format!(r#"{{"value":{value}{unit}}}"#)
            };
            let mut json = format!(
                r#"{{"resourceType":"Observation","id":"o{id}","status":"final","code":{{"coding":[{}]}}"#,
                codings.join(",")
            );
            if let Some(amount) = amount {
                json += &format!(r#","valueQuantity":{}"#, quantity(amount));
            }
            if !parts.is_empty() {
                let part = |(code, amount): ((Option<u8>, u8, &str), Option<_>)| {
                    let value = match amount {
                        Some(amount) => format!(r#""valueQuantity":{}"#, quantity(amount)),
                        None => {
                            format!(r#""valueCodeableConcept":{{"coding":[{}],"text":"Blut"}}"#, coding(code))
                        }
                    };
                    format!(r#"{{"code":{{"coding":[{}]}},{value}}}"#, coding(code))
                };
                let parts: Vec<_> = parts.into_iter().map(part).collect();
                json += &format!(r#","component":[{}]"#, parts.join(","));
            }
            if let Some(subject) = subject {
                let subject = match subject {
                    0 => r#""reference":"Patient/p0""#,
                    1 => r#""reference":"Patient/p1","identifier":{"system":"http://i0","value":"1"}"#,
                    2 => r#""reference":"Group/p0""#,
                    3 => r#""identifier":{"system":"http://i1","value":"1"}"#,
                    4 => r#""identifier":{"value":"1"}"#,
                    5 => r#""identifier":{"system":"http://i0"},"display":"Ann""#,
                    _ => r#""reference":"http://else/Patient/p0""#,
                };
                json += &format!(r#","subject":{{{subject}}}"#);
            }
            (format!("o{id}"), json + &dated + "}")
        })
}

fn patient(id: usize) -> impl Strategy<Value = (String, String)> {
    let name =
        prop::sample::select(vec!["Müller", "Muller", "MUELLER", "Mc Donald", "", "Ann", "Anna Ann", "日本"]);
    let number = (0..2u8, prop::collection::vec(0..2u8, 0..3), 0..3u8).prop_map(|(system, types, value)| {
        let kind = |kind: u8| format!(r#"{{"system":"http://t","code":"T{kind}"}}"#);
        let types: Vec<_> = types.into_iter().map(kind).collect();
        format!(r#"{{"system":"http://i{system}","value":"{value}","type":{{"coding":[{}],"text":"Medical Record"}}}}"#, types.join(","))
    });
    let numbers = prop::collection::vec(number, 0..3);
    (prop::collection::vec(name, 0..3), numbers, 1950..1953i32, any::<bool>()).prop_map(move |(names, numbers, year, active)| {
        let names: Vec<_> = names.iter().filter(|name| !name.is_empty())
            .map(|name| format!(r#"{{"family":"{name}","given":["{name}x"]}}"#)).collect();
        let names = if names.is_empty() { String::new() } else { format!(r#","name":[{}]"#, names.join(",")) };
        (format!("p{id}"), format!(r#"{{"resourceType":"Patient","id":"p{id}","identifier":[{}],"active":{active},"birthDate":"{year}-05-01"{names}}}"#, numbers.join(",")))
    })
}

fn one_query() -> impl Strategy<Value = String> {
    let prefix = prop::sample::select(vec!["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]);
    let date =
        prop::sample::select(vec!["2018", "2019-03", "2019-03-07", "2020-03-10T10:00:00Z", "2022-01-01"]);
    let token = prop::sample::select(vec![
        "c0",
        "c1",
        "http://s0|c1",
        "|c2",
        "http://s1|",
        "c0,http://s1|c3",
        "none",
    ]);
    let single = prop::sample::select(vec!["c0", "c1", "http://s0|c1", "|c2", "http://s1|"]);
    let unit = prop::sample::select(vec![
        "",
        "||u0",
        "||printed1",
        "|http://u0|u1",
        "|http://u1|u0",
        "|http://unitsofmeasure.org|mg/dL",
        "|http://unitsofmeasure.org|kg/L",
        "|http://unitsofmeasure.org|[degF]",
        "|http://unitsofmeasure.org|K",
    ]);
    let number = prop::sample::select(vec!["0", "1", "1.0", "-0.5", "10", "0.15", "1e1"]);
    let name = prop::sample::select(vec!["m", "mü", "mull", "mc d", "ann", "anna", "日", "MÜLLER", "zz"]);
    let leaf = prop_oneof![
        (prefix.clone(), date.clone()).prop_map(|(p, d)| format!("date={p}{d}")),
        token.clone().prop_map(|t| format!("code={t}")),
        token.prop_map(|t| format!("code:not={t}")),
        prop::sample::select(vec![
            "in=http://vs",
            "not-in=http://vs",
            "in=http://empty",
            "below=http://s1|c1",
            "above=http://s1|c2"
        ])
        .prop_map(|codes| format!("code:{codes}")),
        any::<bool>().prop_map(|b| format!("value-quantity:missing={b}")),
        (prefix.clone(), number.clone(), unit.clone())
            .prop_map(|(p, n, u)| format!("value-quantity={p}{n}{u}")),
        (prefix.clone(), number.clone(), unit.clone())
            .prop_map(|(p, n, u)| format!("component-value-quantity={p}{n}{u}")),
        (composites(), single.clone(), prefix.clone(), number.clone(), unit.clone())
            .prop_map(|(name, c, p, n, u)| format!("{name}-quantity={c}${p}{n}{u}")),
        (composites(), single.clone(), single.clone(), prefix.clone(), number, unit)
            .prop_map(|(name, c, other, p, n, u)| format!("{name}-quantity={c}${p}{n}{u},{other}$ge1")),
        (prop::sample::select(vec!["component-code-value", "combo-code-value"]), single.clone(), single)
            .prop_map(|(name, c, v)| format!("{name}-concept={c}${v}")),
        prop::sample::select(vec!["blood", "press", "blut", "müll", "STRASSE", "lood", "druck (b"])
            .prop_map(|text| format!("code:text={text}")),
        prop::sample::select(vec!["blut", "blood p,druck"])
            .prop_map(|text| format!("combo-value-concept:text={text}")),
        prop::sample::select(vec!["http://i0|1", "1", "|1", "http://i0|", "http://i1|1,http://i0|1", "p0"])
            .prop_map(|id| format!("subject:identifier={id}")),
        any::<bool>().prop_map(|b| format!("subject:missing={b}")),
        prop::sample::select(vec!["Patient/p0", "p0", "Patient/p1,Group/p0", "http://else/Patient/p0"])
            .prop_map(|s| format!("subject={s}")),
        Just("subject:Patient=p0".to_owned()),
        prop::sample::select(vec!["o1", "o1,o2,o99"]).prop_map(|i| format!("_id={i}")),
        (prefix.clone(), 0..5u8).prop_map(|(p, ms)| format!("_lastUpdated={p}2023-11-14T22:13:20.00{ms}Z")),
    ];
    let person = prop_oneof![
        name.clone().prop_map(|n| format!("name={n}")),
        name.clone().prop_map(|n| format!("family:exact={n}")),
        prop::sample::select(vec!["Müller", "Mc Donald"]).prop_map(|n| format!("family:exact={n}")),
        name.prop_map(|n| format!("name:contains={n}")),
        (prefix, date)
            .prop_map(|(p, d)| format!("birthdate={p}{}", d.replace("20", "19").replace("2019", "1951"))),
        any::<bool>().prop_map(|b| format!("active={b}")),
        prop::sample::select(vec!["active:in=http://flags", "active:not-in=http://flags"])
            .prop_map(str::to_owned),
        any::<bool>().prop_map(|b| format!("name:missing={b}")),
        prop::sample::select(vec![
            "http://t|T0|1",
            "http://t|T1|2",
            "http://t|T0|1,http://t|T1|0",
            "http://i0|T0|1"
        ])
        .prop_map(|of| format!("identifier:of-type={of}")),
        prop::sample::select(vec!["medical", "record", "edical"])
            .prop_map(|t| format!("identifier:text={t}")),
        prop::sample::select(vec!["http://i0|1", "2"]).prop_map(|i| format!("identifier={i}")),
    ];
    let many = |one: BoxedStrategy<String>| prop::collection::vec(one, 0..3).prop_map(|all| all.join("&"));
    let uris = prop::sample::select(vec![
        "url:below=http://a.org/x",
        "url:below=http://a.org/",
        "url:above=http://a.org/x/y/z",
        "url:above=http://a.org/x",
        "url=http://a.org/x",
    ]);
    let forms = prop::sample::select(vec![
        "http://q|1",
        "http://q",
        "http://q|2",
        "http://q|1,http://r|",
        "http://q|3",
    ]);
    prop_oneof![
        2 => filters::observed()
            .prop_map(|filter| format!("Observation?_filter={filter}&_total=accurate&_count=3")),
        1 => filters::people().prop_map(|filter| format!("Patient?_filter={filter}&_total=accurate&_count=2")),
        1 => forms.prop_map(|form| format!("QuestionnaireResponse?questionnaire={form}&_total=accurate&_count=2")),
        1 => uris.prop_map(|uri| format!("ValueSet?{uri}&_total=accurate&_count=2")),
        3 => many(leaf.boxed()).prop_map(|all| format!("Observation?{all}&_total=accurate&_count=3")),
        2 => many(person.boxed()).prop_map(|all| format!("Patient?{all}&_total=accurate&_count=2")),
        1 => prop::sample::select(vec!["?_id=p1", "?_lastUpdated=ge2023", "?_type=Patient,Observation&_id=o1,p1", "?_type=Patient"])
            .prop_map(|url| format!("{url}&_total=accurate&_count=4")),
    ]
}

fn composites() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["code-value", "component-code-value", "combo-code-value"])
}

fn response(id: usize) -> impl Strategy<Value = (String, String)> {
    let form = prop::sample::select(vec!["http://q|1", "http://q|2", "http://q", "http://r|1"]);
    form.prop_map(move |form| {
        let json = format!(
            r#"{{"resourceType":"QuestionnaireResponse","id":"q{id}","status":"completed","questionnaire":"{form}"}}"#
        );
        (format!("q{id}"), json)
    })
}

fn value_set(id: usize) -> impl Strategy<Value = (String, String)> {
    let long = format!("http://a.org/x/{}", "y".repeat(1_100));
    let url = [
        "http://a.org",
        "http://a.org/",
        "http://a.org/x",
        "http://a.org/x/y",
        "http://b.org/x",
        "urn:oid:1.2",
        &long,
    ];
    let url = prop::sample::select(url.map(str::to_owned).to_vec());
    let name = format!("v{id}");
    url.prop_map(move |url| {
        (
            name.clone(),
            format!(r#"{{"resourceType":"ValueSet","id":"{name}","status":"draft","url":"{url}"}}"#),
        )
    })
}

/// Writes: the second half of the resources is written again, and some are deleted, so that old versions exist to hide.
fn writes() -> impl Strategy<Value = Vec<(String, String, u64)>> {
    let round = || {
        let observations: Vec<_> = (0..12).map(observation).collect();
        let patients: Vec<_> = (0..8).map(patient).collect();
        let value_sets: Vec<_> = (0..6).map(value_set).collect();
        let responses: Vec<_> = (0..4).map(response).collect();
        (observations, patients, value_sets, responses)
    };
    (round(), round()).prop_map(|((first_o, first_p, first_v, first_q), (again_o, again_p, _, _))| {
        let first = first_o
            .into_iter()
            .map(|w| ("Observation", w))
            .chain(first_p.into_iter().map(|w| ("Patient", w)))
            .chain(first_v.into_iter().map(|w| ("ValueSet", w)))
            .chain(first_q.into_iter().map(|w| ("QuestionnaireResponse", w)));
        let again = again_o
            .into_iter()
            .skip(6)
            .map(|w| ("Observation", w))
            .chain(again_p.into_iter().skip(4).map(|w| ("Patient", w)));
        let first = first.map(|(t, (id, json))| (format!("{t}/{id}"), json, 1));
        let again = again.map(|(t, (id, json))| (format!("{t}/{id}"), json, 2));
        let mut all: Vec<_> = first.chain(again).collect();
        all.push(("Observation/o0".to_owned(), String::new(), 2));
        all.push(("Patient/p7".to_owned(), String::new(), 3));
        all
    })
}

fn changes(writes: &[(String, String, u64)]) -> Vec<Change> {
    let change = |(name, json, version): &(String, String, u64)| {
        let (t, id) = name.split_once('/').expect("a name");
        if json.is_empty() { delete(t, id, *version) } else { put(t, id, *version, json) }
    };
    writes.iter().map(change).collect()
}

fn current(changes: &[Change]) -> Vec<Change> {
    let newer = |change: &Change| {
        changes.iter().any(|other| other.key == change.key && other.version > change.version)
    };
    changes.iter().filter(|change| !newer(change)).cloned().collect()
}

proptest! {
    // A failing case prints its seed and shrinks.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_back_ends_agree(
        writes in writes(),
        queries in prop::collection::vec(one_query(), 40),
        split in 0usize..37,
    ) {
        let changes = changes(&writes);
        let rows = current(&changes);
        let dir = folder();
        let memory = in_memory();
        publish(&memory, &changes, 0);
        let split = split.min(changes.len());
        // The first part is sealed by closing; the rest stays in the tail.
        let (engine, _) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        publish(&engine, &changes[..split], 0);
        engine.close();
        let (engine, recovered) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        prop_assert!(recovered.rebuilt.is_empty());
        publish(&engine, &changes[split..], split);
        for url in queries {
            let query = query(&url).expect(&url);
            prop_assert_eq!(found(&engine, &query), expected(&rows, &query), "{}, {} of {} sealed", url, split, changes.len());
            assert_same_pages(&engine, &memory, &query);
        }
    }
}

fn publish(engine: &Engine, changes: &[Change], before: usize) {
    for (number, change) in changes.iter().enumerate() {
        engine.blocking_publish(
            partition(change),
            (before + number + 1) as u64,
            std::slice::from_ref(change),
        );
    }
}

/// Enough documents for scans in several blocks, with none, one and many values of each interval.
#[test]
fn intervals_agree_over_many_documents() {
    const ROWS: u64 = 6000;
    let row = |i: u64| {
        let h = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut json = format!(
            r#"{{"resourceType":"Observation","id":"o{i}","status":"final","code":{{"coding":[{{"code":"c{}"}}]}}"#,
            (h >> 30) % 5
        );
        if !h.is_multiple_of(7) {
            let day = (h >> 16) % 28 + 1;
            json += &format!(r#","effectiveDateTime":"20{:02}-03-{day:02}T10:00:00Z""#, 10 + (h >> 40) % 10);
        }
        let parts: Vec<_> = (0..(h >> 8) % 4)
            .map(|part| {
                let (value, unit) = ((h >> (10 + part)) % 50, (h >> part) % 2);
                format!(r#"{{"code":{{"coding":[{{"code":"p{unit}"}}]}},"valueQuantity":{{"value":{value},"system":"http://u","code":"u{unit}"}}}}"#)
            })
            .collect();
        if !parts.is_empty() {
            json += &format!(r#","component":[{}]"#, parts.join(","));
        }
        put("Observation", &format!("o{i}"), 1, &(json + "}"))
    };
    let rows: Vec<Change> = (0..ROWS).map(row).collect();
    let dir = folder();
    let memory = in_memory();
    publish(&memory, &rows, 0);
    let open = || Engine::open(dir.path(), &options(4096)).expect("an engine").0;
    let engine = open();
    publish(&engine, &rows, 0);
    engine.close();
    let engine = open();
    let dates =
        ["", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"].map(|prefix| format!("date={prefix}2015-03"));
    let amounts = ["gt40", "le3||u1", "eq7|http://u|u0", "ne7"]
        .map(|value| format!("component-value-quantity={value}"));
    let both = ["p1$gt40", "p0$le3||u1", "p1$lt9||u1,p0$ge45"]
        .map(|value| format!("component-code-value-quantity={value}"));
    for condition in dates.iter().chain(&amounts).chain(&both) {
        for rest in [
            "",
            "&code=c3",
            "&date=lt2018",
            "&code:not=c1&date=ge2012",
            "&component-value-quantity=lt20",
            "&component-code-value-quantity=p1$ge7",
        ] {
            let url = format!("Observation?{condition}{rest}&_total=accurate&_count=700");
            let query = query(&url).expect(&url);
            assert_eq!(found(&engine, &query), expected(&rows, &query), "{url}");
            assert_same_pages(&engine, &memory, &query);
        }
    }
}
