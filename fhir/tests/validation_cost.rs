//! What validation costs grows with the document, not with its square: a body many times as long takes about as many times
//! the time. The bound is so wide that a busy machine does not reach it, and so far below the square that nothing quadratic
//! passes.

use fhir::conformance::{Core, Layers, Resources, Source};
use fhir::json::{Document, Limits};
use fhir::outcome::Severity;
use fhir::terminology::Terminology;
use fhir::validation::{Code, Options, Validator};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Items of the short body, and how many times as many the long one has.
const SHORT: usize = 500;
const TIMES: usize = 64;
/// The square of 64 is 4,096.
const FACTOR_MAX: u32 = 16 * TIMES as u32;
/// What is faster than the clock and the scheduler can tell is taken to be this long.
const SHORTEST: Duration = Duration::from_millis(2);

fn parsed(text: String) -> Document {
    Document::parse(text, &Limits::default()).expect("JSON")
}

/// `count` items of a list, made of their number.
fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

fn time(work: impl Fn()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn assert_linear(what: &str, body: impl Fn(usize) -> String, work: impl Fn(&Document)) {
    let (short, long) = (parsed(body(SHORT)), parsed(body(SHORT * TIMES)));
    // What is compiled on first use does not count.
    work(&short);
    let short = (0..3).map(|_| time(|| work(&short))).min().unwrap_or_default().max(SHORTEST);
    let long = time(|| work(&long));
    assert!(long < short * FACTOR_MAX, "{what}: {short:?} for one, {long:?} for {TIMES} times as much");
}

fn validator() -> Validator {
    of(Arc::new(Core))
}

fn of(source: Arc<dyn Source>) -> Validator {
    let terminology = Arc::new(Terminology::new(source.clone(), Default::default()));
    Validator::new(source, terminology, Options::default())
}

/// A profile of Patient with so many constraints, all different, each of which counts what `expression` selects.
fn costly_profile(constraints: usize, expression: &str) -> Validator {
    let one = |at| {
        format!(
            r#"{{"key":"c-{at}","severity":"error","human":"few","expression":"{expression}.count() > {at}"}}"#
        )
    };
    let profile = parsed(format!(
        r#"{{"resourceType":"StructureDefinition","url":"http://t/p","name":"p","status":"draft","kind":"resource","type":"Patient",
            "abstract":false,"derivation":"constraint","snapshot":{{"element":[{{"path":"Patient","constraint":[{}]}}]}}}}"#,
        list(constraints, one)
    ));
    let mut resources = Resources::default();
    assert!(resources.add(Arc::new(profile)));
    of(Arc::new(Layers::new(vec![Arc::new(resources), Arc::new(Core)])))
}

#[test]
fn invariants_share_the_steps_of_a_validation() {
    let patient = |names| {
        let names = list(names, |at| format!(r#"{{"family":"f{at}"}}"#));
        parsed(format!(r#"{{"resourceType":"Patient","name":[{names}]}}"#))
    };
    // Each by itself stays below what one evaluation may cost.
    let validator = costly_profile(50, "%resource.descendants().select(%resource.descendants())");
    let codes = |document: &Document, options: &Options| -> Vec<Code> {
        let issues = validator.validate_with(document.root(), &["http://t/p"], options);
        issues.iter().filter(|issue| issue.severity >= Severity::Error).map(|issue| issue.code).collect()
    };
    let options = Options::default();
    assert_eq!(codes(&patient(30), &options), [], "a small resource");
    assert_eq!(codes(&patient(1_000), &options), [Code::TooCostly], "a large one");
    let few = Options { steps_max: 10_000, ..Options::default() };
    assert_eq!(codes(&patient(30), &few), [Code::TooCostly], "few steps");
    // One alone that is beyond what an evaluation may cost.
    let validator =
        costly_profile(1, "descendants().select(%resource.descendants().select(%resource.descendants()))");
    let document = patient(300);
    let issues = validator.validate(document.root(), &["http://t/p"]);
    let costly: Vec<_> = issues.iter().filter(|issue| issue.code == Code::TooCostly).collect();
    assert!(
        matches!(&costly[..], [one] if one.severity == Severity::Error && one.text.contains("c-0")),
        "{issues:?}"
    );
}

#[test]
fn every_number_of_steps_is_enough_or_an_error() {
    let text = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"a\"}],\"contact\":[{\"name\":{\"family\":\"b\"}}]}";
    let document = parsed(text.into());
    let validator = validator();
    let total = (1..).find(|max| {
        let options = Options { steps_max: *max, ..Options::default() };
        validator.validate_with(document.root(), &[], &options).is_valid()
    });
    assert!(total.is_some_and(|total| total > 20), "{total:?}");
}

/// Bodies with as many faults, or things to say, as items.
fn faulty(count: usize) -> Vec<(&'static str, String)> {
    let patient = |rest: String| format!(r#"{{"resourceType":"Patient",{rest}}}"#);
    let url = |at: usize| format!(r#"{{"url":"http://nowhere.test/{at}","valueString":"a"}}"#);
    let code = |at: usize| format!(r#"{{"code":"wrong-{at}"}}"#);
    let coding = |at: usize| {
        format!(r#"{{"coding":[{{"system":"http://hl7.org/fhir/administrative-gender","code":"w-{at}"}}]}}"#)
    };
    vec![
        (
            "wrong names",
            patient(format!(r#""name":[{}]"#, list(count, |_| r#"{"family":1,"foo":2}"#.into()))),
        ),
        ("items of no type", patient(format!(r#""contact":[{}]"#, list(count, |_| "1".into())))),
        (
            "contacts that break an invariant",
            patient(format!(r#""contact":[{}]"#, list(count, |_| r#"{"gender":"male"}"#.into()))),
        ),
        ("unknown extensions", patient(format!(r#""extension":[{}]"#, list(count, url)))),
        ("unknown keys", patient(list(count, |at| format!(r#""key{at}":1"#)))),
        (
            "wrong listed codes",
            format!(
                r#"{{"resourceType":"ValueSet","status":"draft","compose":{{"include":[
            {{"system":"http://hl7.org/fhir/administrative-gender","concept":[{}]}}]}}}}"#,
                list(count, code)
            ),
        ),
        (
            "wrong codings",
            patient(format!(
                r#""communication":[{}]"#,
                list(count, |at| format!(r#"{{"language":{}}}"#, coding(at)))
            )),
        ),
    ]
}

/// Long bodies in which nothing is wrong, and all that is looked up by id, URL or link id is looked up for each item.
fn sound(count: usize) -> Vec<(&'static str, String)> {
    let organization = |at: usize| format!(r#"{{"resourceType":"Organization","id":"o{at}","name":"a"}}"#);
    let reference = |at: usize| format!("{{\"reference\":\"#o{}\"}}", count - 1 - at);
    let question = |at: usize| {
        format!(
            r#"{{"linkId":"q{at}","text":"a","type":"boolean","enableWhen":[{{"question":"first","operator":"=","answerBoolean":true}}]}}"#
        )
    };
    let entry = |at: usize| {
        format!(
            r#"{{"fullUrl":"http://a/Basic/b{at}","resource":{{"resourceType":"Basic","id":"b{at}","code":{{"text":"a"}},
        "subject":{{"reference":"Basic/b{}"}}}}}}"#,
            count - 1 - at
        )
    };
    let version = |at: usize| {
        format!(
            r#"{{"fullUrl":"http://a/Basic/b","resource":{{"resourceType":"Basic","id":"b","code":{{"text":"a"}},
        "meta":{{"versionId":"{at}"}},"subject":{{"reference":"http://a/Basic/b/_history/{}"}}}}}}"#,
            count - 1 - at
        )
    };
    let concept = |at: usize| format!(r#"{{"code":"c{at}","display":"a"}}"#);
    let bundle =
        |entries: String| format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#);
    vec![
        (
            "contained resources",
            format!(
                r#"{{"resourceType":"Patient","contained":[{}],"generalPractitioner":[{}]}}"#,
                list(count, organization),
                list(count, reference)
            ),
        ),
        ("entries that refer to entries", bundle(list(count, entry))),
        ("versions of one resource", bundle(list(count, version))),
        (
            "questions",
            format!(
                r#"{{"resourceType":"Questionnaire","status":"draft","item":[{{"linkId":"first","text":"a","type":"boolean"}},{}]}}"#,
                list(count, question)
            ),
        ),
        ("answers", response(list(count, question), list(count, |at| answer(&format!("q{at}"))))),
        (
            "repetitions",
            response(
                format!(
                    r#"{{"linkId":"g","type":"group","repeats":true,"item":[{},{}]}}"#,
                    r#"{"linkId":"second","type":"boolean","required":true}"#,
                    r#"{"linkId":"third","type":"boolean","enableWhen":[{"question":"second","operator":"=","answerBoolean":true}]}"#
                ),
                list(count, |_| {
                    format!(r#"{{"linkId":"g","item":[{},{}]}}"#, answer("second"), answer("third"))
                }),
            ),
        ),
        (
            "concepts",
            format!(
                r#"{{"resourceType":"CodeSystem","url":"http://a/c","status":"draft","content":"complete","concept":[{}]}}"#,
                list(count, concept)
            ),
        ),
        (
            "ids of elements",
            format!(
                r#"{{"resourceType":"Patient","name":[{}]}}"#,
                list(count, |at| format!(r#"{{"id":"n{at}","family":"a"}}"#))
            ),
        ),
    ]
}

/// A response with the questionnaire it answers; all of its questions rest on the first.
fn response(questions: String, items: String) -> String {
    format!(
        r##"{{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"#q","contained":[
        {{"resourceType":"Questionnaire","id":"q","status":"active","item":[{{"linkId":"first","type":"boolean"}},{questions}]}}],
        "item":[{},{items}]}}"##,
        answer("first")
    )
}

fn answer(link: &str) -> String {
    format!(r#"{{"linkId":"{link}","answer":[{{"valueBoolean":true}}]}}"#)
}

#[test]
fn long_lists_that_are_sound() {
    let validator = validator();
    for (at, (what, _)) in sound(1).into_iter().enumerate() {
        let body = |count| sound(count).swap_remove(at).1;
        assert_linear(what, body, |document| {
            let issues = validator.validate(document.root(), &[]);
            assert!(issues.is_valid(), "{what}: {issues:#?}");
        });
    }
}

#[test]
fn faults_in_long_lists() {
    let validator = validator();
    for (at, (what, _)) in faulty(0).into_iter().enumerate() {
        let body = |count| faulty(count).swap_remove(at).1;
        assert_linear(what, body, |document| drop(validator.structure(document.root())));
        assert_linear(what, body, |document| drop(validator.validate(document.root(), &[])));
    }
}
