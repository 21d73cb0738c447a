//! What validation costs grows with the document, not with its square: a body many times as long takes about as many times
//! the time. The bound is so wide that a busy machine does not reach it, and so far below the square that nothing quadratic
//! passes.

use fhir::conformance::Core;
use fhir::json::{Document, Limits};
use fhir::terminology::Terminology;
use fhir::validation::{Options, Validator};
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
    let core = Arc::new(Core);
    let terminology = Arc::new(Terminology::new(core.clone(), Default::default()));
    Validator::new(core, terminology, Options::default())
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

#[test]
fn faults_in_long_lists() {
    let validator = validator();
    for (at, (what, _)) in faulty(0).into_iter().enumerate() {
        let body = |count| faulty(count).swap_remove(at).1;
        assert_linear(what, body, |document| drop(validator.structure(document.root())));
        assert_linear(what, body, |document| drop(validator.validate(document.root(), &[])));
    }
}
