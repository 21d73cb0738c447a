use super::super::words::{WORD_BYTES_MAX, Words, words};
use super::super::{ExtractOptions, Value, Values};
use super::*;
use crate::json::{Document, Limits};

/// The values of both parameters.
fn of(json: &str, kept: FullText) -> (Vec<u8>, usize) {
    let document = Document::parse(json.as_bytes().to_vec(), &Limits::default()).expect("JSON");
    let (mut out, mut without) = (Vec::new(), Vec::new());
    super::super::extract(document.root(), &ExtractOptions { words: kept, ..Default::default() }, &mut out)
        .expect("a resource");
    super::super::extract(document.root(), &ExtractOptions::default(), &mut without).expect("a resource");
    let grown = out.len() - without.len();
    (out, grown)
}

fn texts(bytes: &[u8], param: ParamId) -> Vec<String> {
    let values = Values::parse(bytes).expect("values");
    let mut all = Vec::new();
    for value in values.of(param) {
        let Value::Words(words) = value else { panic!("{value}") };
        words.each(|word| all.push(word.to_owned()));
    }
    all.sort_unstable();
    all
}

fn only(bytes: &[u8], param: ParamId, test: impl Fn(Words<'_>) -> bool) -> bool {
    Values::parse(bytes)
        .expect("values")
        .of(param)
        .any(|value| matches!(value, Value::Words(words) if test(words)))
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"secret","language":"de",
    "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title='no>ne'>Anna <b>M\u00fc</b>ller &amp; S&#246;hne</p><!-- hidden --><table><tr><td>knee</td><td>pain<br/>left</td></tr></table></div>"},
    "identifier":[{"system":"http://numbers","value":"4711","type":{"coding":[{"code":"MR","display":"Medical record"}]}}],
    "name":[{"family":"M\u00fcller","given":["Anna","Lena"]}],
    "address":[{"line":["Am Hang 8-12"],"city":"\u0141\u00f3d\u017a"}],
    "contact":[{"name":{"text":"Karl"}}],
    "extension":[{"url":"http://x","valueMarkdown":"*very* ill"},{"url":"http://y","valueUri":"http://uri"}],
    "generalPractitioner":[{"reference":"Practitioner/hidden","display":"Dr. No"}],
    "contained":[{"resourceType":"Organization","id":"o","name":"Clinic","text":{"div":"<div>inner</div>"}}],
    "photo":[{"title":"smiling","data":"AAAA","url":"http://photo"}]}"#;

#[test]
fn what_people_read_is_kept_and_no_more() {
    let (bytes, _) = of(PATIENT, FullText::All);
    let narrative = ["anna", "knee", "left", "muller", "pain", "sohne"];
    assert_eq!(texts(&bytes, NARRATIVE), narrative);
    let content = [
        "12", "8", "am", "anna", "clinic", "dr", "hang", "ill", "inner", "karl", "lena", "lodz", "medical",
        "no", "record", "smiling", "very",
    ];
    let mut found = texts(&bytes, CONTENT);
    found.retain(|word| word != "anna");
    let expected: Vec<_> = content.into_iter().filter(|word| *word != "anna").collect();
    assert_eq!(found, expected);
    let (bytes, _) = of(PATIENT, FullText::Narrative);
    assert_eq!((texts(&bytes, NARRATIVE).len(), texts(&bytes, CONTENT).len()), (6, 0));
    assert_eq!(of(PATIENT, FullText::Off).1, 0);
}

#[test]
fn neighbours_are_those_of_one_text() {
    let (bytes, _) = of(PATIENT, FullText::All);
    let phrase = |param, text: &str| only(&bytes, param, |found| found.has_phrase(&words(text)));
    assert!(phrase(NARRATIVE, "Anna Müller") && phrase(NARRATIVE, "pain left") && phrase(CONTENT, "8-12"));
    assert!(
        !phrase(NARRATIVE, "knee pain") && !phrase(NARRATIVE, "Müller Anna") && !phrase(CONTENT, "hang 12")
    );
    assert!(!phrase(CONTENT, "Lena Am") && !phrase(NARRATIVE, "nobody"));
    assert!(only(&bytes, NARRATIVE, |found| found.has("knee")
        && !found.has("kne")
        && found.has_start("kne")));
    assert!(!only(&bytes, NARRATIVE, |found| found.has("clinic") || found.has_start("clin")));
}

#[test]
fn broken_markup_is_read_as_far_as_it_goes() {
    for (div, expected) in [
        ("<div>a &nbsp; b &#x41; &#0; &unknown; c & d", "a b c d"),
        ("<div>a<p>b", "a b"),
        ("a<", "a"),
        ("<div>a<!-- b", "a"),
        ("<div>one<b title=\"", "one"),
        ("x&lt;script&gt;y", "script x y"),
    ] {
        let json = with_narrative(div);
        let (bytes, _) = of(&json, FullText::Narrative);
        let mut wanted: Vec<_> = expected.split(' ').collect();
        wanted.sort_unstable();
        wanted.dedup();
        assert_eq!(texts(&bytes, NARRATIVE), wanted, "{div}");
    }
}

fn with_narrative(div: &str) -> String {
    let div = div.replace('\\', "\\\\").replace('"', "\\\"");
    format!(r#"{{"resourceType":"Patient","text":{{"div":"{div}"}}}}"#)
}

#[test]
fn a_resource_has_so_many_words_and_no_more() {
    let long: String = (0..40_000).map(|number| format!("w{number} ")).collect();
    let (bytes, grown) = of(&with_narrative(&long), FullText::All);
    assert!(grown <= gather::BYTES_MAX + 64, "{grown}");
    assert!(only(&bytes, NARRATIVE, |found| found.has("w0") && !found.has("w39999")));
    let word = "ab".repeat(100);
    let (bytes, _) = of(&with_narrative(&word), FullText::All);
    assert_eq!(words(&word), [&word[..WORD_BYTES_MAX]]);
    assert!(only(&bytes, NARRATIVE, |found| found.has(&words(&word)[0])));
}

#[test]
fn what_is_said_twice_is_kept_once() {
    let once = r#"{"resourceType":"Observation","code":{"text":"Blood pressure"}}"#;
    let twice = r#"{"resourceType":"Observation","code":{"text":"Blood pressure","coding":[{"display":"BLOOD PRESSURE"}]},"note":[{"text":"blood"}]}"#;
    assert_eq!(of(once, FullText::All).1, of(twice, FullText::All).1);
}
