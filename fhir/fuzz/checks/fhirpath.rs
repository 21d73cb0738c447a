//! FHIRPath: an expression, a zero byte, a document; without the zero byte an expression on a patient.

use fhir::fhirpath::{Expression, Input, Limits};
use fhir::json::{self, Document};

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","active":true,"name":[{"use":"official","family":"Ä","given":["A","B"]},
{"given":["C"],"_given":[{"extension":[{"url":"http://e","valueDecimal":1.50}]}]}],"birthDate":"1970-03","multipleBirthInteger":2,
"contained":[{"resourceType":"Observation","status":"final","code":{"text":"t"},"valueQuantity":{"value":1.0,"unit":"mg",
"system":"http://unitsofmeasure.org","code":"mg"}}],"managingOrganization":{"reference":"Organization/o"}}"#;

/// Panics when the parser, the compiler or the evaluator does, or when the evaluations of one expression disagree.
pub fn check(bytes: &[u8]) {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let Ok(text) = std::str::from_utf8(&bytes[..end]) else { return };
    let Ok(expression) = Expression::compile(text) else { return };
    let document = match bytes.get(end + 1..) {
        Some(json) => Document::parse(json.to_vec(), &json::Limits::default()),
        None => Document::parse(PATIENT, &json::Limits::default()),
    };
    let Ok(document) = document else { return };
    let limits = Limits { steps_max: 20_000, items_max: 5_000, text_bytes_max: 1 << 14 };
    let input = Input { limits, ..Input::resource(document.root()) };
    let all = expression.evaluate(&input);
    for item in all.iter().flatten() {
        let _ = (
            item.value().map(|value| value.to_string()),
            item.element().map(|element| element.path()),
            item.type_info(),
        );
    }
    if let (Ok(all), Ok(first)) = (&all, expression.first(&input)) {
        assert_eq!(all.is_empty(), first.is_none(), "evaluate and first disagree");
    }
    if let (Ok(truth), Ok(is_true)) = (expression.truth(&input), expression.is_true(&input)) {
        assert_eq!(truth == Some(true), is_true, "truth and is_true disagree");
    }
}
