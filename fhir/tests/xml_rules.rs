//! The rules of FHIR's XML, one by one: what is read as what, what is written as what, and what is refused where.

use fhir::json::{self, Document, Limits};
use fhir::xml;

fn patient(content: &str) -> String {
    format!("<Patient xmlns=\"http://hl7.org/fhir\">{content}</Patient>")
}

#[track_caller]
fn reads(xml: &str, expected: &str) {
    let read = xml::to_json(xml.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(String::from_utf8(read).unwrap(), expected);
}

#[track_caller]
fn refuses(xml: &str, expected: &str) {
    let error = xml::to_json(xml.as_bytes(), &Limits::default()).expect_err("must be refused");
    assert!(error.to_string().starts_with(expected), "{error}");
}

fn write(json: &str) -> Result<String, xml::Error> {
    let document = Document::parse(json.to_owned(), &Limits::default()).unwrap();
    xml::from_json(document.root()).map(|xml| String::from_utf8(xml).unwrap())
}

#[track_caller]
fn writes(json: &str, content: &str) {
    let written = write(json).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(written, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", patient(content)));
}

#[track_caller]
fn does_not_write(json: &str, expected: &str) {
    let error = write(json).expect_err("must be refused");
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn primitives_by_type_with_companions() {
    reads(
        &patient(
            "<id value=\"a\"/><active value=\"true\"/><name id=\"n\"><given value=\"A\"/><given><extension url=\"u\"><valueDecimal value=\"1.50\"/></extension></given></name><birthDate id=\"b\"/><multipleBirthInteger value=\"+2\"/>",
        ),
        r#"{"resourceType":"Patient","id":"a","active":true,"name":[{"id":"n","given":["A",null],"_given":[null,{"extension":[{"url":"u","valueDecimal":1.50}]}]}],"_birthDate":{"id":"b"},"multipleBirthInteger":2}"#,
    );
    reads(
        &patient("<name><given id=\"1\"/><given id=\"2\"/></name>"),
        r#"{"resourceType":"Patient","name":[{"_given":[{"id":"1"},{"id":"2"}]}]}"#,
    );
}

#[test]
fn resources_within_resources() {
    reads(
        &patient(
            "<contained><Organization><name value=\"O\"/></Organization></contained><contained><Basic/></contained>",
        ),
        r#"{"resourceType":"Patient","contained":[{"resourceType":"Organization","name":"O"},{"resourceType":"Basic"}]}"#,
    );
    reads(
        "<Bundle xmlns='http://hl7.org/fhir'><entry><resource><Parameters><parameter><name value='p'/><resource><Basic/></resource></parameter></Parameters></resource></entry></Bundle>",
        r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Parameters","parameter":[{"name":"p","resource":{"resourceType":"Basic"}}]}}]}"#,
    );
    refuses(
        &patient("<contained/>"),
        "Patient.contained[0], line 1, column 38: expected exactly one resource",
    );
    refuses(
        &patient("<contained><Basic/><Basic/></contained>"),
        "Patient.contained[0], line 1, column 57: expected exactly one",
    );
}

#[test]
fn what_says_nothing_is_dropped() {
    reads(
        "\u{feff}<?xml version='1.0' encoding='utf-8'?>\n<!-- c --><?pi x?>\n<Patient xmlns=\"http://hl7.org/fhir\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\">\r\n <!-- c --> <active value='true'>\t</active></Patient>\n<!-- c -->",
        r#"{"resourceType":"Patient","active":true}"#,
    );
    writes(
        r#"{"resourceType":"Patient","fhir_comments":["c"],"_active":{"fhir_comments":["c"]},"active":true}"#,
        "<active value=\"true\"/>",
    );
}

#[test]
fn namespaces_by_prefix() {
    reads(
        "<f:Patient xmlns:f='http://hl7.org/fhir' xmlns:h='http://www.w3.org/1999/xhtml'><f:text><h:div class='a'><h:b>x</h:b ><h:br/></h:div></f:text></f:Patient>",
        r#"{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" class='a'><b>x</b ><br/></div>"}}"#,
    );
    refuses("<Patient/>", "Patient, line 1, column 1: the namespace must be \"http://hl7.org/fhir\"");
    refuses("<f:Patient/>", "Patient, line 1, column 1: the namespace prefix \"f\" is not declared");
    refuses(&patient("<name xmlns='urn:x'/>"), "Patient.name, line 1, column 38: the namespace must be");
    refuses(
        &patient("<text><div>x</div></text>"),
        "Patient.text.div, line 1, column 44: the namespace must be \"http://www.w3.org/1999/xhtml\"",
    );
    refuses(
        &patient("<text><h:div xmlns:h='http://www.w3.org/1999/xhtml' h:a='1'/></text>"),
        "Patient.text.div, line 1, column 44: the attribute \"h:a\"",
    );
}

#[test]
fn the_narrative_is_kept_as_written() {
    let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\" >\n <p title='a &quot;b&quot;' >&#160;é&amp;<!-- c --><![CDATA[<]]></p\t><br />\u{a0}</div>";
    let json = format!(r#"{{"resourceType":"Patient","text":{{"div":{}}}}}"#, serde_json::Value::from(div));
    reads(&patient(&format!("<text>{div}</text>")), &json.replace("\\u00a0", "\u{a0}"));
    writes(&json, &format!("<text>{div}</text>"));
}

#[test]
fn line_ends_in_the_narrative() {
    let div = |text: &str| format!("<text><div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div></text>");
    let json = |text: &str| {
        format!(
            r#"{{"resourceType":"Patient","text":{{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>"}}}}"#
        )
    };
    reads(&patient(&div("a\r\nb\rc&#13;&#xD;<b a='x&#xD;\r\n'/>")), &json(r"a\nb\nc\r\r<b a='x\r\n'/>"));
    writes(&json(r"a\r\nb<b \r\n a='x\r'/>"), &div("a&#xD;\nb<b \n a='x&#xD;'/>"));
}

#[test]
fn entities_are_not_expanded() {
    refuses(
        "<!DOCTYPE Patient [<!ENTITY a 'x'>]><Patient xmlns='http://hl7.org/fhir'/>",
        "line 1, column 1: a document type declaration is not allowed",
    );
    refuses(
        &patient("<name><text value='&a;'/></name>"),
        "Patient.name[0].text, line 1, column 44: the entity &a; is not defined",
    );
    let nbsp = "<div xmlns=\"http://www.w3.org/1999/xhtml\">&nbsp;</div>";
    refuses(
        &patient(&format!("<text>{nbsp}</text>")),
        "Patient.text.div, line 1, column 86: the entity &nbsp; is not defined",
    );
    for (value, why) in [
        ("a&nbsp;&eacute;", "the entity &nbsp; is not defined; XML knows amp"),
        ("&eacute;", "the entity &eacute; is not defined"),
        ("&AMP;", "the entity &AMP; is not defined"),
        ("&#0;", "not well-formed XML: a character reference must name a character"),
        ("&#xD800;", "not well-formed XML: a character reference must name a character"),
        ("&#x110000;", "not well-formed XML: a character reference must name a character"),
        ("&#1;", "the character 0x0001 is not allowed in XML"),
        ("&#xFFFE;", "the character 0xfffe is not allowed in XML"),
        ("&#65535;", "the character 0xffff is not allowed in XML"),
    ] {
        let at = "Patient.name[0].family, line 1, column 44: ";
        refuses(&patient(&format!("<name><family value=\"{value}\"/></name>")), &format!("{at}{why}"));
        let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"{value}\"/></div>");
        let at = "Patient.text.div, line 1, column 86: ";
        refuses(&patient(&format!("<text>{div}</text>")), &format!("{at}{why}"));
    }
    // JSON's narratives have them; XML's must not.
    writes(
        r#"{"resourceType":"Patient","text":{"div":"<div title='a&nbsp;&eacute;&amp;&#233;&gt;'/>"}}"#,
        "<text><div xmlns=\"http://www.w3.org/1999/xhtml\" title='a&#160;&#233;&amp;&#233;&gt;'/></text>",
    );
    writes(
        r#"{"resourceType":"Patient","text":{"div":"<div>&nbsp;&lt;</div>"}}"#,
        "<text><div xmlns=\"http://www.w3.org/1999/xhtml\">&#160;&lt;</div></text>",
    );
}

#[test]
fn elements_that_cannot_be_there() {
    refuses(&patient("\n  <nam/>"), "Patient.nam, line 2, column 3: R4 has no such element here");
    refuses(&patient("<_active/>"), "Patient._active, line 1, column 38: R4 has no such element");
    refuses(
        &patient("<name><family value='a'/><family value='b'/></name>"),
        "Patient.name[0].family, line 1, column 63: given more than once",
    );
    refuses(
        &patient("<deceasedBoolean value='true'/><deceasedDateTime value='2000'/>"),
        "Patient.deceasedDateTime, line 1, column 69: given more than once",
    );
    refuses(
        &patient("<name/><active value='true'/><name/>"),
        "Patient.name, line 1, column 67: the repetitions of an element must stand together",
    );
    refuses(
        &patient("<name><id value='a'/></name>"),
        "Patient.name[0].id, line 1, column 44: this is an attribute",
    );
    refuses(&patient("text"), "Patient, line 1, column 38: text is not allowed here");
    refuses(&patient("<name>&#65;</name>"), "Patient.name[0], line 1, column 44: text is not allowed");
    refuses(&patient("<active/>"), "Patient.active, line 1, column 38: neither a value nor an extension");
    refuses(
        &patient("<name x='1'/>"),
        "Patient.name[0], line 1, column 38: the attribute \"x\" is not allowed",
    );
    refuses(
        &patient("<name value='1'/>"),
        "Patient.name[0], line 1, column 38: the attribute \"value\" is not allowed",
    );
    refuses(
        "<Nothing xmlns='http://hl7.org/fhir'/>",
        "Nothing, line 1, column 1: \"Nothing\" is not a resource type",
    );
}

#[test]
fn another_order_is_read() {
    reads(
        &patient("<active value='true'/><id value='a'/>"),
        r#"{"resourceType":"Patient","active":true,"id":"a"}"#,
    );
}

#[test]
fn values_that_have_no_json() {
    refuses(
        &patient("<active value='yes'/>"),
        "Patient.active, line 1, column 38: expected true or false, found \"yes\"",
    );
    refuses(
        &patient("<multipleBirthInteger value='1.0'/>"),
        "Patient.multipleBirthInteger, line 1, column 38: expected an integer",
    );
    refuses(&patient("<id value='a\u{1}'/>"), "line 1, column 50: the character 0x0001 is not allowed");
    refuses(
        &patient("<id value='a&#1;'/>"),
        "Patient.id, line 1, column 38: the character 0x0001 is not allowed",
    );
}

#[test]
fn what_is_not_well_formed() {
    for (xml, expected) in [
        ("", "the body is empty"),
        (" \n", "the body is empty"),
        ("{}", "line 1, column 1: text is not allowed"),
        ("<Patient xmlns='http://hl7.org/fhir'>", "Patient, line 1, column 38: not well-formed"),
        (
            "<Patient xmlns='http://hl7.org/fhir'></patient>",
            "Patient, line 1, column 38: not well-formed XML: expected the end tag </Patient>",
        ),
        (
            "<Patient xmlns='http://hl7.org/fhir'/><Patient/>",
            "Patient, line 1, column 39: expected exactly one resource",
        ),
        ("<Patient xmlns='http://hl7.org/fhir' xmlns='x'/>", "line 1, column 1: not well-formed"),
        (
            "<Patient xmlns='http://hl7.org/fhir'><id value='a'value='b'/></Patient>",
            "Patient.id, line 1, column 38: not well-formed",
        ),
        (
            "<Patient xmlns='http://hl7.org/fhir'><id value='<'/></Patient>",
            "Patient.id, line 1, column 38: not well-formed",
        ),
        (
            " <?xml version='1.0'?><Patient/>",
            "line 1, column 2: not well-formed XML: the XML declaration must be the very first",
        ),
        ("<?xml version='1.1'?><Patient/>", "line 1, column 1: not well-formed XML: XML version 1.1"),
        (
            "<?xml version='1.0' encoding='UTF-16'?><Patient/>",
            "line 1, column 1: the encoding \"UTF-16\" is not supported",
        ),
    ] {
        refuses(xml, expected);
    }
    let latin = xml::to_json(b"<Patient>\xe9</Patient>", &Limits::default()).unwrap_err();
    assert_eq!((latin.kind(), latin.offset()), (&xml::ErrorKind::NotUtf8, 9));
}

#[test]
fn size_depth_attributes_and_namespaces_are_bounded() {
    let limits = Limits { depth_max: 8, bytes_max: 2000 };
    let deep = patient(&format!("{}{}", "<extension url='u'>".repeat(9), "</extension>".repeat(9)));
    let error = xml::to_json(deep.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.kind(), &xml::ErrorKind::TooDeep { max: 8 });
    let error = xml::to_json(patient(&" ".repeat(2000)).as_bytes(), &limits).unwrap_err();
    assert!(matches!(error.kind(), xml::ErrorKind::TooLarge { max: 2000, .. }));
    let many = (0..70).map(|n| format!(" a{n}='1'")).collect::<String>();
    refuses(
        &patient(&format!("<text><div xmlns='http://www.w3.org/1999/xhtml'{many}/></text>")),
        "Patient.text, line 1, column 44: more than 64 attributes",
    );
    let div = format!(
        "<text><div xmlns='http://www.w3.org/1999/xhtml'>{}{}</div></text>",
        "<p>".repeat(300),
        "</p>".repeat(300)
    );
    refuses(&patient(&div), "Patient.text.div, line 1, column 851: nested deeper than the 256 levels");
    let mut namespaces = String::new();
    for n in 0..70 {
        namespaces.push_str(&format!("<p xmlns:a{n}='urn:a'>"));
    }
    refuses(
        &patient(&format!("<text><div xmlns='http://www.w3.org/1999/xhtml'>{namespaces}")),
        "Patient.text.div, line 1, column 13",
    );
}

#[test]
fn written_in_the_order_of_the_definition() {
    writes(
        r#"{"birthDate":"1970","_birthDate":{"extension":[{"valueString":"v","url":"u"}],"id":"b"},"name":[{"given":["A",null],"family":"F","_given":[null,{"id":"g"}],"id":"n"}],"active":false,"id":"a","resourceType":"Patient"}"#,
        "<id value=\"a\"/><active value=\"false\"/><name id=\"n\"><family value=\"F\"/><given value=\"A\"/><given id=\"g\"/></name><birthDate id=\"b\" value=\"1970\"><extension url=\"u\"><valueString value=\"v\"/></extension></birthDate>",
    );
    writes(
        r#"{"resourceType":"Patient","id":"<&>\"'\n\r\t\u00e9"}"#,
        "<id value=\"&lt;&amp;>&quot;'&#xA;&#xD;&#x9;é\"/>",
    );
}

#[test]
fn pretty_is_the_same_with_lines() {
    let json = r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>"},"name":[{"family":"F"}]}"#;
    let document = Document::parse(json, &Limits::default()).unwrap();
    let pretty = xml::from_json_pretty(document.root()).unwrap();
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patient xmlns=\"http://hl7.org/fhir\">\n  <text>\n    <status value=\"generated\"/>\n    <div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a</p></div>\n  </text>\n  <name>\n    <family value=\"F\"/>\n  </name>\n</Patient>\n";
    assert_eq!(String::from_utf8(pretty.clone()).unwrap(), expected);
    let back =
        Document::parse(xml::to_json(&pretty, &Limits::default()).unwrap(), &Limits::default()).unwrap();
    assert!(json::equal(back.root(), document.root()));
}

#[test]
fn json_that_has_no_xml() {
    does_not_write(
        r#"{"resourceType":"Nothing"}"#,
        "Nothing, line 1, column 1: \"Nothing\" is not a resource type",
    );
    does_not_write(
        r#"{"resourceType":"Patient","nam":1}"#,
        "Patient.nam, line 1, column 33: R4 has no such element",
    );
    does_not_write(
        r#"{"resourceType":"Patient","name":{}}"#,
        "Patient.name, line 1, column 34: expected an array",
    );
    does_not_write(
        r#"{"resourceType":"Patient","active":[true]}"#,
        "Patient.active, line 1, column 36: expected a string, number or boolean",
    );
    does_not_write(
        r#"{"resourceType":"Patient","active":null}"#,
        "Patient.active, line 1, column 36: neither a value",
    );
    does_not_write(
        r#"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2000"}"#,
        "Patient.deceasedDateTime, line 1, column 69: given more than once",
    );
    does_not_write(
        r#"{"resourceType":"Patient","id":"\u0001"}"#,
        "Patient.id, line 1, column 32: the character 0x0001",
    );
    does_not_write(
        r#"{"resourceType":"Patient","text":{"div":"<div><br></div>"}}"#,
        "Patient.text.div, line 1, column 41: not well-formed XML: expected the end tag </br>",
    );
    does_not_write(
        r#"{"resourceType":"Patient","text":{"div":"a"}}"#,
        "Patient.text.div, line 1, column 41: text is not allowed",
    );
    does_not_write(
        r#"{"resourceType":"Patient","text":{"div":"<p/>"}}"#,
        "Patient.text.div, line 1, column 41: not well-formed XML: a narrative is one div",
    );
    does_not_write(
        r#"{"resourceType":"Patient","text":{"_div":{"id":"a"}}}"#,
        "Patient.text._div, line 1, column 42: R4 has no such element",
    );
}
