//! Invariants that are checked without FHIRPath say what their expressions say.

use fhir::conformance::{Core, Source};
use fhir::definitions::ResourceType;
use fhir::fhirpath::{self, Element, Expression, Input};
use fhir::json::{Document, Limits, Node};
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator};
use std::sync::Arc;

/// The expression R4 has for an invariant of a type.
fn expression(type_name: &str, key: &str) -> Expression {
    let url = format!("http://hl7.org/fhir/StructureDefinition/{type_name}");
    let kind = ResourceType::from_name("StructureDefinition").expect("a type");
    let definition = Core.find(kind, &url, None).expect("R4 has it");
    let element = definition.root().get("snapshot").and_then(|all| all.get("element")?.items().next());
    let constraints = element.and_then(|element| element.get("constraint")).expect("constraints");
    let is_it = |one: &Node<'_>| one.get("key").and_then(Node::as_str).is_some_and(|own| own == key);
    let text = constraints.items().find(is_it).and_then(|one| one.get("expression")?.as_str()).expect(key);
    Expression::compile_with(&text, fhirpath::Options::R4).expect(&text)
}

fn document(text: &str) -> Document {
    Document::parse(text.to_owned(), &Limits::default()).expect(text)
}

/// Key, type that has it, where its focus is, what the validator says when it is broken, resources.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

const DIV: &str = r#"<div xmlns=\"http://www.w3.org/1999/xhtml\">"#;

const CASES: [Case; 11] = [
    (
        "ele-1",
        "Element",
        "name",
        "needs a value or children",
        &[
            r#"{"resourceType":"Patient","name":[{"id":"a"}]}"#,
            r#"{"resourceType":"Patient","name":[{"id":"a","text":"b"}]}"#,
        ],
    ),
    (
        "que-2",
        "Questionnaire",
        "$this",
        "(que-2)",
        &[
            r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"a","type":"group","item":[{"linkId":"b","type":"string"}]},{"linkId":"b","type":"string"}]}"#,
            r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"a","type":"group","item":[{"linkId":"b","type":"string"}]},{"linkId":"c","type":"string"}]}"#,
        ],
    ),
    (
        "bdl-3",
        "Bundle",
        "$this",
        "(bdl-3)",
        &[
            r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"a"}},{"fullUrl":"urn:uuid:a"}]}"#,
            r#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"a"}}]}"#,
            r#"{"resourceType":"Bundle","type":"collection","entry":[{"request":{"method":"GET","url":"a"}}]}"#,
        ],
    ),
    (
        "bdl-4",
        "Bundle",
        "$this",
        "(bdl-4)",
        &[
            r#"{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"200"}},{"fullUrl":"urn:uuid:a"}]}"#,
            r#"{"resourceType":"Bundle","type":"history","entry":[{"response":{"status":"200"}}]}"#,
            r#"{"resourceType":"Bundle","type":"collection","entry":[{"response":{"status":"200"}}]}"#,
        ],
    ),
    (
        "ext-1",
        "Extension",
        "extension",
        "(ext-1)",
        &[
            r#"{"resourceType":"Patient","extension":[{"url":"http://a","valueCode":"a"}]}"#,
            r#"{"resourceType":"Patient","extension":[{"url":"http://a"}]}"#,
            r#"{"resourceType":"Patient","extension":[{"url":"http://a","_valueCode":{"id":"b"},"extension":[{"url":"b","valueCode":"c"}]}]}"#,
            r#"{"resourceType":"Patient","extension":[{"url":"http://a","extension":[{"url":"b","valueCode":"c"}]}]}"#,
        ],
    ),
    (
        "dom-2",
        "DomainResource",
        "$this",
        "may not contain others",
        &[
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Basic","code":{"text":"a"},"contained":[{"resourceType":"Patient"}]}]}"#,
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Basic","code":{"text":"a"}}]}"#,
        ],
    ),
    (
        "dom-3",
        "DomainResource",
        "$this",
        "(dom-3)",
        &[
            r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","name":"b"}]}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","name":"b"}],"managingOrganization":{"reference":"#a"}}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","name":"b"}],"managingOrganization":{"display":"#a"}}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#"}}]}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"a","partOf":{"reference":"#b"}},{"resourceType":"Organization","id":"b","partOf":{"reference":"#a"}}]}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"ValueSet","id":"a","status":"draft"}],"extension":[{"url":"http://a","valueCanonical":"#a"}]}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"ValueSet","id":"a","status":"draft"}],"_gender":{"extension":[{"url":"http://a","valueUri":"#a"}]}}"##,
            r##"{"resourceType":"Patient","contained":[{"resourceType":"ValueSet","id":"a","status":"draft"}],"extension":[{"url":"http://a","valueString":"#a"}]}"##,
        ],
    ),
    (
        "dom-4",
        "DomainResource",
        "$this",
        "(dom-4)",
        &[
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Patient","meta":{"versionId":"1"}}]}"#,
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Patient","meta":{"lastUpdated":"2020-01-01T00:00:00Z"}}]}"#,
            r#"{"resourceType":"Patient","meta":{"versionId":"1"},"contained":[{"resourceType":"Patient","meta":{"source":"a"}}]}"#,
        ],
    ),
    (
        "dom-5",
        "DomainResource",
        "$this",
        "(dom-5)",
        &[
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Patient","meta":{"security":[{"code":"a"}]}}]}"#,
            r#"{"resourceType":"Patient","meta":{"security":[{"code":"a"}]},"contained":[{"resourceType":"Patient"}]}"#,
        ],
    ),
    (
        "dom-6",
        "DomainResource",
        "$this",
        "(dom-6)",
        &[
            r#"{"resourceType":"Patient"}"#,
            r#"{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}}"#,
        ],
    ),
    (
        "ref-1",
        "Reference",
        "managingOrganization",
        "leads to no contained resource",
        &[
            r##"{"resourceType":"Patient","managingOrganization":{"reference":"#a"}}"##,
            r##"{"resourceType":"Patient","managingOrganization":{"reference":"#a"},"contained":[{"resourceType":"Organization","id":"a","name":"b"}]}"##,
            r##"{"resourceType":"Patient","managingOrganization":{"reference":"Organization/a"}}"##,
        ],
    ),
];

fn validator() -> Validator {
    let terminology = Arc::new(Terminology::new(Arc::new(Core), Default::default()));
    Validator::new(Arc::new(Core), terminology, Options { best_practice: true, ..Options::default() })
}

/// Whether the expression holds for every focus.
fn holds(expression: &Expression, focus: &str, document: &Document) -> bool {
    let input = Input::resource(document.root());
    let all = Expression::compile(focus).expect(focus).evaluate(&input).expect(focus);
    assert!(!all.is_empty(), "{focus}");
    all.iter().all(|item| {
        let element = *item.element().expect("an element");
        let input = Input::element(element).within(Element::resource(document.root()));
        expression.is_true(&input).expect("it has an answer")
    })
}

#[test]
fn natives_say_what_the_expressions_do() {
    let validator = validator();
    let mut broken = 0;
    for (key, type_name, focus, said, resources) in CASES {
        let expression = expression(type_name, key);
        for text in resources {
            let document = document(text);
            let issues = validator.validate(document.root(), &[]);
            let native = !issues.iter().any(|issue| issue.text.contains(said));
            assert_eq!(native, holds(&expression, focus, &document), "{key}: {text}\n{issues:#?}");
            broken += usize::from(!native);
        }
    }
    assert_eq!(broken, 17);
}

#[test]
fn narratives_are_judged_alike() {
    let validator = validator();
    for (content, fine) in
        [("a", true), (" ", false), ("<b>a</b>", true), ("<script>a</script>", false), ("<p>a", false)]
    {
        let text = format!(
            r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"{DIV}{content}</div>"}}}}"#
        );
        let document = document(&text);
        let about_div = |issue: &fhir::validation::Issue| issue.expression.ends_with(".div");
        assert_eq!(!validator.validate(document.root(), &[]).iter().any(about_div), fine, "{content}");
        assert!(holds(&expression("Narrative", "ele-1"), "text", &document));
        let checks = Expression::compile("text.div.htmlChecks()").expect("it compiles");
        assert_eq!(checks.is_true(&Input::resource(document.root())), Ok(fine), "{content}");
    }
}
