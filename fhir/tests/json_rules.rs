//! What the JSON reader accepts, refuses and reports.

use fhir::json::{Document, ErrorKind, Kind, Limits, NameId, equal, write_string};

fn parse(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: impl Into<Vec<u8>>) -> fhir::json::Error {
    Document::parse(text.into(), &Limits::default()).expect_err("must be refused")
}

#[test]
fn walks_a_resource() {
    let text = r#" { "resourceType" : "Patient", "active": true, "name": [ {"family":"Ångström", "given":["A\u00e9\n\ud83d\ude00","B"]}, {} ],
        "multipleBirthInteger": -2, "x-unknown": null, "maritalStatus": {}, "extension": [] } "#;
    let document = parse(text);
    let root = document.root();
    assert_eq!(root.kind(), Kind::Object);
    assert_eq!(root.raw(), text.trim().as_bytes());
    assert_eq!(root.get("active").unwrap().as_bool(), Some(true));
    assert_eq!(root.get("multipleBirthInteger").unwrap().number_text(), Some("-2"));
    assert_eq!(root.get("x-unknown").unwrap().kind(), Kind::Null);
    assert!(root.get("maritalStatus").unwrap().is_empty() && root.get("extension").unwrap().is_empty());
    assert!(root.get("birthDate").is_none() && root.get("nonsense").is_none());
    let name = root.get("name").unwrap().items().next().unwrap();
    assert_eq!(name.get("family").unwrap().as_str().unwrap(), "Ångström");
    let given = name.get("given").unwrap().items().collect::<Vec<_>>();
    assert_eq!(given[0].as_str().unwrap(), "Aé\n😀");
    assert_eq!(given[1].path(), "Patient.name[0].given[1]");
    assert_eq!(&document.source()[given[1].span()], br#""B""#);
    let keys = root.members().map(|(key, _)| key.as_str().into_owned()).collect::<Vec<_>>();
    assert_eq!(keys.len(), 7);
    assert_eq!((keys[0].as_str(), keys[6].as_str()), ("resourceType", "extension"));
}

#[test]
fn names_are_interned_and_escapes_in_them_resolved() {
    let document = parse(r#"{"na\u006de":1,"unheard-of":2}"#);
    let mut members = document.root().members();
    let (name, _) = members.next().unwrap();
    assert_eq!(name.name_id(), fhir::definitions::names::lookup(b"name"));
    assert_ne!(name.name_id(), NameId::UNKNOWN);
    assert_eq!(members.next().unwrap().0.name_id(), NameId::UNKNOWN);
    assert_eq!(document.root().get("name").unwrap().number_text(), Some("1"));
    assert_eq!(document.root().get("unheard-of").unwrap().number_text(), Some("2"));
}

#[test]
fn decimals_keep_their_text() {
    for number in ["1.50", "0.0", "-0", "1E+2", "100000000000000000000000000000.10", "1e400", "-0.00e-5"] {
        assert_eq!(parse(number).root().number_text(), Some(number));
    }
}

#[test]
fn any_value_may_be_the_root_and_a_byte_order_mark_is_tolerated() {
    assert_eq!(parse("\u{feff} null ").root().kind(), Kind::Null);
    assert_eq!(parse("\"x\"").root().as_str().unwrap(), "x");
    assert_eq!(parse("[]").root().items().count(), 0);
    assert_eq!(*error("\u{feff} ").kind(), ErrorKind::Empty);
    assert_eq!(*error("").kind(), ErrorKind::Empty);
}

#[test]
fn refuses_what_is_not_json() {
    let bad = [
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{}}",
        "[]]",
        "{]",
        "[}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "[1 2]",
        "tru",
        "True",
        "nul",
        "nulll",
        "NaN",
        "Infinity",
        "-",
        "+1",
        ".5",
        "1.",
        "01",
        "-01",
        "1e",
        "1e+",
        "0x10",
        "1.e5",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800x\"",
        "\"a\tb\"",
        "\"a\nb\"",
        "// c\n1",
        "1 2",
        "\u{a0}1",
        "\u{feff}\u{feff}1",
        "\0",
    ];
    for text in bad {
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "not a bad example: {text}");
        error(text);
    }
    assert_eq!(*error(b"\"\xff\"").kind(), ErrorKind::NotUtf8);
    assert_eq!(error(b"{\"a\":\n\"\xff\"}").line(), 2);
}

#[test]
fn errors_tell_the_place_and_what_to_change() {
    let text = "{\"resourceType\":\"Patient\",\n \"name\": [{\"given\":[\"ä\",\"b\", x]}]}";
    let error = error(text);
    assert_eq!(error.path(), "Patient.name[0].given[2]");
    assert_eq!((error.line(), error.column()), (2, 30));
    assert_eq!(&text[error.offset()..error.offset() + 1], "x");
    assert_eq!(
        error.to_string(),
        "Patient.name[0].given[2], line 2, column 30: expected true, false, null, a number, a string, an array or \
         an object, found 'x'"
    );
}

#[test]
fn paths_of_errors() {
    let cases = [
        ("{\"a\":{\"b\":[[],{\"c\":01}]}}", "$.a.b[1].c"),
        ("{\"a\":1,b}", "$"),
        ("{\"resourceType\":\"Patient\" 1}", "Patient"),
        ("[1,{\"a\":2},nope]", "$[2]"),
        ("[[1,2],[3", "$[1][1]"),
        ("x", ""),
    ];
    for (text, path) in cases {
        assert_eq!(error(text).path(), path, "{text}");
    }
}

#[test]
fn a_key_twice_is_refused() {
    let cases = [
        (
            r#"{"resourceType":"Patient","name":[{"family":"A","given":[],"family":"B"}]}"#,
            "family",
            "Patient.name[0].family",
        ),
        (r#"{"zz":1,"yy":{"zz":2},"zz":3}"#, "zz", "$.zz"),
        (r#"{"name":1,"n\u0061me":2}"#, "name", "$.name"),
        (r#"{"quux":1,"qu\u0075x":2}"#, "quux", "$.quux"),
        (r#"{"qu\u0075x":1,"other":3,"quux":2}"#, "quux", "$.quux"),
        (r#"{"":1,"":2}"#, "", "$."),
    ];
    for (text, key, path) in cases {
        let error = error(text);
        assert_eq!(*error.kind(), ErrorKind::DuplicateKey(key.into()), "{text}");
        assert_eq!(error.path(), path, "{text}");
    }
}

#[test]
fn a_key_twice_in_a_large_object_is_refused_and_found_fast() {
    let mut members = (0..200_000).map(|n| format!("\"k{n}\":{{}}")).collect::<Vec<_>>();
    parse(&format!("{{{}}}", members.join(",")));
    members.push("\"k77\":1".into());
    members.push("\"k5\":1".into());
    let error = error(format!("{{\"list\":[{{{}}}]}}", members.join(",")));
    assert_eq!(*error.kind(), ErrorKind::DuplicateKey("k77".into()));
    assert_eq!(error.path(), "$.list[0].k77");
}

#[test]
fn depth_and_size_are_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    parse(&nested(64));
    assert_eq!(*error(nested(65)).kind(), ErrorKind::TooDeep { max: 64 });
    assert_eq!(*error("[".repeat(100_000)).kind(), ErrorKind::TooDeep { max: 64 });
    assert_eq!(*error("{\"a\":".repeat(100_000)).kind(), ErrorKind::TooDeep { max: 64 });
    let wide = Limits { depth_max: usize::MAX, bytes_max: usize::MAX };
    assert!(matches!(
        Document::parse("[".repeat(100_000), &wide).unwrap_err().kind(),
        ErrorKind::TooDeep { .. }
    ));
    let small = Limits { bytes_max: 3, ..Limits::default() };
    assert!(Document::parse("[1]", &small).is_ok());
    assert_eq!(
        *Document::parse("[12]", &small).unwrap_err().kind(),
        ErrorKind::TooLarge { bytes: 4, max: 3 }
    );
}

#[test]
fn a_large_tape_takes_what_was_told_before_and_no_more() {
    let dense = format!("[{}]", ["0"; 100_000].join(","));
    let pretty = format!(
        "{{\n{}\n}}",
        (0..20_000).map(|n| format!("    \"{n}\" : \"a, b: c\"")).collect::<Vec<_>>().join(",\n")
    );
    for (text, entries) in [(dense, 100_001), (pretty, 40_001)] {
        let told = Document::tape_bytes_max(text.as_bytes());
        let document = parse(&text);
        assert_eq!(document.memory_bytes() - text.len(), told, "it never grew");
        assert!((16 * entries..=32 * entries).contains(&told), "{told} for {entries} entries");
    }
}

#[test]
fn equality_ignores_layout_but_not_digits() {
    let same = |a: &str, b: &str| equal(parse(a).root(), parse(b).root());
    assert!(same(r#"{"a":[1,{"b":"x"}],"c":null}"#, r#" { "c" : null, "a" : [ 1, {"b":"\u0078"} ] } "#));
    assert!(!same("1.5", "1.50"));
    assert!(!same("[1,2]", "[2,1]"));
    assert!(!same("[1]", "[1,1]") && !same("[1,1]", "[1]"));
    assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":2}"#) && !same(r#"{"a":1,"b":2}"#, r#"{"a":1}"#));
    assert!(!same(r#"{"a":1,"b":2}"#, r#"{"a":1,"c":2}"#));
    assert!(!same("true", "false") && !same("\"1\"", "1"));
}

#[test]
fn written_strings_are_read_back() {
    let text = "a\"b\\c\n\r\t\u{1}\u{1f}\u{7f}é😀/";
    let mut out = Vec::new();
    write_string(&mut out, text);
    assert_eq!(parse(std::str::from_utf8(&out).unwrap()).root().as_str().unwrap(), text);
}
