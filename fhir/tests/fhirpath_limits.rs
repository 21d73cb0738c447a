//! Nothing an expression or a document says makes the engine panic, hang or grow without bound.

use fhir::fhirpath::{Error, Expression, Input, Limits, Options, parse};
use fhir::json::{self, Document};
use proptest::prelude::*;

const SMALL: Limits = Limits { steps_max: 20_000, items_max: 1_000, text_bytes_max: 10_000 };

fn evaluate(text: &str, json: &str) -> Result<usize, Error> {
    let document = Document::parse(json.to_owned(), &json::Limits::default()).expect("JSON");
    let input = Input { limits: SMALL, ..Input::resource(document.root()) };
    Expression::compile(text)?.evaluate(&input).map(|items| items.len())
}

#[test]
fn every_resource_is_bounded() {
    let given: String = (0..2_000).map(|number| format!("\"{number}\",")).collect();
    let patient = format!(r#"{{"resourceType":"Patient","name":[{{"given":[{given}"x"]}}]}}"#);
    for text in ["name.given.select($this)", "name.given.where(true).skip(1)", "descendants()"] {
        assert!(matches!(evaluate(text, &patient), Err(Error::TooManyItems { max: 1_000 })), "{text}");
    }
    assert_eq!(evaluate("name.given.exists()", &patient), Ok(1));
    assert_eq!(evaluate("name.given.take(3)", &patient), Ok(3));
    for text in [
        "name.given.all(%resource.name.given.count() > 0)".to_owned(),
        "name.given.select(toInteger()).distinct()".to_owned(),
        "name.repeat(given | %resource.name)".to_owned(),
    ] {
        let outcome = evaluate(&text, &patient);
        assert!(
            matches!(outcome, Err(Error::TooManySteps { .. } | Error::TooManyItems { .. })),
            "{text}: {outcome:?}"
        );
    }
    for text in [
        "'aaaaaaaaaa'.replace('a', 'bbbbbbbbbb').replace('b', 'cccccccccccc').replace('c', 'dddddddddd')",
        "(name.given).join('xxxxxxxxxx')",
        "name.given.take(30).aggregate($total & $total & $this, 'abc')",
        "'a'.replaceMatches('a', '$0$0$0$0$0$0$0$0$0$0').replaceMatches('a', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb').replaceMatches('b', 'cccccccccccccccccccccccccccccccccccc')",
    ] {
        assert!(matches!(evaluate(text, &patient), Err(Error::TextTooLong { .. })), "{text}");
    }
    for pattern in ["(a{1000}){1000}", "((((((a{99}){99}){99}){99}){99}){99})"] {
        assert!(matches!(
            Expression::compile(&format!("'a'.matches('{pattern}')")),
            Err(Error::Pattern { .. })
        ));
    }
    // Exponential in engines that track back.
    assert_eq!(evaluate("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')", "{}"), Ok(1));
}

#[test]
fn the_deepest_expression_fits_a_small_stack() {
    let depth = parse::DEPTH_MAX - 6;
    let nested = |open: &str, inner: &str, close: &str, count: usize| {
        format!("{}{inner}{}", open.repeat(count), close.repeat(count))
    };
    let texts = [
        vec!["1"; depth].join(" + "),
        nested("iif(true, ", "1", ")", depth),
        nested("Patient.select(", "id", ")", depth),
        nested("Patient.where(", "true", ").exists()", depth / 2),
        nested("not(", "true", ")", 0) + &".not()".repeat(depth),
        nested("-", "1", "", depth),
        nested("name[", "0", "].count()", depth / 2),
        nested("(true or false) and (", "true", ")", depth / 2),
    ];
    let work = move || {
        for text in &texts {
            let outcome = evaluate(text, r#"{"resourceType":"Patient","id":"p"}"#);
            assert!(outcome.is_ok(), "{}: {outcome:?}", &text[..text.len().min(60)]);
        }
    };
    // Half of what threads have by default.
    std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(work)
        .expect("a thread")
        .join()
        .expect("no overflow");
}

/// Expressions of all kinds, many of them without meaning.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("{}".to_owned()),
        Just("$this".to_owned()),
        Just("$index".to_owned()),
        Just("$total".to_owned()),
        Just("true".to_owned()),
        Just("%resource".to_owned()),
        Just("%context".to_owned()),
        Just("@2015-02".to_owned()),
        Just("@2015-02-04T14:34:28+10:00".to_owned()),
        Just("@T14:34".to_owned()),
        Just("1 'kg'".to_owned()),
        Just("3 months".to_owned()),
        Just("'Peter'".to_owned()),
        Just("Patient".to_owned()),
        Just("-9223372036854775807".to_owned()),
        Just("79228162514264337593543950335.0".to_owned()),
        "[0-9]{1,4}(\\.[0-9]{1,12})?",
        prop::sample::select(vec![
            "name",
            "given",
            "birthDate",
            "value",
            "extension",
            "contained",
            "id",
            "active",
            "deceased"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let unary = prop::sample::select(vec![
            "children()",
            "descendants()",
            "count()",
            "not()",
            "first()",
            "last()",
            "tail()",
            "toString()",
            "toInteger()",
            "toDecimal()",
            "toDate()",
            "toDateTime()",
            "toTime()",
            "toQuantity()",
            "toBoolean()",
            "type()",
            "hasValue()",
            "abs()",
            "ceiling()",
            "sqrt()",
            "exp()",
            "ln()",
            "round()",
            "lowBoundary()",
            "highBoundary()",
            "precision()",
            "length()",
            "upper()",
            "toChars()",
            "resolve()",
            "distinct()",
            "isDistinct()",
            "sort()",
            "is(Patient)",
            "as(string)",
            "ofType(Quantity)",
            "empty()",
            "exists()",
            "getValue()",
            "htmlChecks()",
            "single()",
            "join()",
        ]);
        let with = prop::sample::select(vec![
            "where",
            "select",
            "all",
            "exists",
            "repeat",
            "aggregate",
            "sort",
            "skip",
            "take",
            "union",
            "combine",
            "exclude",
            "intersect",
            "subsetOf",
            "substring",
            "indexOf",
            "startsWith",
            "matches",
            "split",
            "power",
            "log",
            "round",
            "lowBoundary",
            "highBoundary",
            "comparable",
            "extension",
            "trace",
            "encode",
            "decode",
            "escape",
            "unescape",
            "join",
            "conformsTo",
            "memberOf",
            "toQuantity",
        ]);
        let operator = prop::sample::select(vec![
            "+", "-", "*", "/", "div", "mod", "&", "|", "<", "<=", ">", ">=", "=", "!=", "~", "!~", "in",
            "contains", "and", "or", "xor", "implies",
        ]);
        prop_oneof![
            (inner.clone(), unary).prop_map(|(on, name)| format!("({on}).{name}")),
            (inner.clone(), with, inner.clone())
                .prop_map(|(on, name, with)| format!("({on}).{name}({with})")),
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, by, right)| format!("({left}) {by} ({right})")),
            (inner.clone(), inner.clone()).prop_map(|(on, index)| format!("({on})[{index}]")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("iif({a}, {b}, {c})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a}).replace({b}, {c})")),
            inner.prop_map(|operand| format!("-({operand})")),
        ]
    })
}

const DOCUMENTS: [&str; 4] = [
    r#"{"resourceType":"Patient","id":"p","name":[{"given":["Peter",null,"Jim"],"_given":[null,{"id":"g"}]},{"given":"odd"}],
        "birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"u","valueQuantity":{"value":1e400,"code":"kg"}}]},
        "deceasedBoolean":false,"contained":[{"resourceType":"Patient","id":"q"},{"resourceType":1}],"active":[[true]]}"#,
    r#"{"resourceType":"Observation","valueQuantity":{"value":1.50,"unit":"kg"},"extension":[{"value":1},2,null,"x"]}"#,
    r#"{"resourceType":"Nonsense","a":{"b":[1,{"c":null}]}}"#,
    "[1]",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn evaluation_never_panics(text in expression(), document in prop::sample::select(&DOCUMENTS[..])) {
        let document = Document::parse(document, &json::Limits::default()).expect("JSON");
        let input = Input { limits: SMALL, ..Input::resource(document.root()) };
        if let Ok(compiled) = Expression::compile_with(&text, Options::R4) {
            let all = compiled.evaluate(&input);
            let first = compiled.first(&input);
            if let (Ok(all), Ok(first)) = (&all, &first) {
                prop_assert_eq!(all.is_empty(), first.is_none());
            }
            let _ = compiled.truth(&input);
            let patient = fhir::definitions::TypeId::from_path("Patient").expect("a type");
            let _ = compiled.check(patient);
        }
    }

    #[test]
    fn the_parser_never_panics(text in "[a-z0-9 .,()\\[\\]{}'`\"@%$T:+*/|&<>=!~\\\\u-]{0,60}") {
        let _ = parse::parse(&text);
    }

    #[test]
    fn the_parser_never_panics_on_any_text(text in any::<String>()) {
        let _ = Expression::compile(&text);
    }
}
