//! XML that is random, nearly good or damaged: never a panic, and what is read is JSON that goes back.

use fhir::json::{self, Document, Limits};
use fhir::xml;
use proptest::prelude::*;

const PATIENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir fhir.xsd">
  <id value="a"/><!-- a comment --><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p title="x &amp; y">A&#160;b<br/></p></div></text>
  <contained><Observation><status value="final"/><code/><valueQuantity><value value="1.50"/></valueQuantity></Observation></contained>
  <extension url="http://e.org"><valueBoolean value="true"/></extension>
  <active value="true"/>
  <name><given value="A"/><given id="g"><extension url="u"><valueInteger value="+3"/></extension></given><given value="B"/></name>
  <birthDate value="1970"><extension url="x"><valueDateTime value="1970-01-01T00:00:00Z"/></extension></birthDate>
</Patient>"#;

/// What is read is good JSON; written and read again it says the same, unless XML has no place for it.
fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    let limits = Limits::default();
    let read = match xml::to_json(bytes, &limits) {
        Ok(read) => read,
        Err(error) => {
            prop_assert!(error.offset() <= bytes.len() && !error.to_string().is_empty());
            return Ok(());
        }
    };
    let document = Document::parse(read, &limits)
        .map_err(|error| TestCaseError::fail(format!("{error}: {}", String::from_utf8_lossy(bytes))))?;
    for write in [xml::from_json, xml::from_json_pretty] {
        let written = write(document.root()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again =
            xml::to_json(&written, &limits).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again =
            Document::parse(again, &limits).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(
            json::equal(again.root(), document.root()),
            "{:?} and {:?}",
            document.root(),
            again.root()
        );
    }
    Ok(())
}

fn token_soup() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "<?xml version=\"1.0\"?>",
        "<Patient xmlns=\"http://hl7.org/fhir\">",
        "</Patient>",
        "<f:Patient xmlns:f='http://hl7.org/fhir'>",
        "</f:Patient>",
        "<name>",
        "</name>",
        "<family value=\"x\"/>",
        "<family value='&lt;&#65;'>",
        "</family>",
        "<given/>",
        "<text>",
        "</text>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\">",
        "<div>",
        "</div>",
        "<p>",
        "</p>",
        "<br/>",
        "&nbsp;",
        "&amp;",
        "&#13;",
        "&#x1;",
        "\r\n",
        "<!-- c -->",
        "<!-- -- -->",
        "<![CDATA[ x ]]>",
        "<?pi?>",
        "<!DOCTYPE a>",
        "<",
        ">",
        "&",
        "/",
        "\"",
        "x",
        " ",
        "<extension url=\"u\">",
        "</extension>",
        "<valueDecimal value=\"1.0\"/>",
        "<contained>",
        "</contained>",
        "<active value=\"true\"/>",
        "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:b a='1'/></h:div>",
        "\u{feff}",
        "é",
        "]]>",
    ]);
    prop::collection::vec(token, 0..16).prop_map(|tokens| tokens.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        holds(&bytes)?;
    }

    #[test]
    fn tokens_within_a_patient(tokens in token_soup()) {
        let open = "<Patient xmlns=\"http://hl7.org/fhir\">";
        holds(&[open.as_bytes(), &tokens, b"</Patient>"].concat())?;
        holds(&[open.as_bytes(), b"<text>", &tokens, b"</text></Patient>"].concat())?;
        holds(&tokens)?;
    }

    #[test]
    fn damaged_xml(at in 0..PATIENT.len(), byte in any::<u8>(), how in 0..4) {
        let mut bytes = PATIENT.as_bytes().to_vec();
        match how {
            0 => bytes.truncate(at),
            1 => bytes[at] = byte,
            2 => { bytes.remove(at); }
            _ => bytes.insert(at, byte),
        }
        holds(&bytes)?;
    }

    #[test]
    fn any_string_goes_both_ways(text in "\\PC*|[ \\t\\r\\n<>&\"'a-c]*") {
        let mut patient = br#"{"resourceType":"Patient","id":"#.to_vec();
        json::write_string(&mut patient, &text);
        patient.extend_from_slice(br#","name":[{"text":"#);
        json::write_string(&mut patient, &text);
        patient.extend_from_slice(b"}]}");
        let document = Document::parse(patient, &Limits::default()).unwrap();
        let Ok(xml) = xml::from_json(document.root()) else {
            let forbidden = text.contains(['\u{fffe}', '\u{ffff}']);
            prop_assert!(forbidden);
            return Ok(());
        };
        let back = Document::parse(xml::to_json(&xml, &Limits::default()).unwrap(), &Limits::default()).unwrap();
        prop_assert!(json::equal(back.root(), document.root()));
    }
}
