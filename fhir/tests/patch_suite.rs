//! The public cases of FHIRPath Patch: `../shared/conformance/patch`.

use fhir::{
    json::{self, Document, Node},
    patch::{self, Class, Kind, Patch},
    xml,
};
use roxmltree::Node as Xml;
use testkit::outside;

struct Case {
    name: String,
    /// `both`: the differences of input and output are the patch, too. `forwards`: they need not be.
    both: bool,
    input: Document,
    patch: Document,
    /// `None`: the patch must be refused.
    output: Option<Document>,
}

fn document(text: Vec<u8>) -> Document {
    Document::parse(text, &json::Limits::default()).unwrap()
}

fn child<'a>(case: Xml<'a, 'a>, name: &str) -> Option<Xml<'a, 'a>> {
    case.children().find(|node| node.has_tag_name(name))
}

/// The resource below `holder`, as JSON.
fn resource(holder: Xml<'_, '_>, source: &str) -> Document {
    let element = holder.children().find(Xml::is_element).expect("a resource");
    document(xml::to_json(source[element.range()].as_bytes(), &Default::default()).unwrap())
}

fn cases(source: &str) -> Vec<Case> {
    let suite = roxmltree::Document::parse(source).unwrap();
    let cases = suite.root_element().children().filter(|node| node.has_tag_name("case"));
    cases
        .map(|case| Case {
            name: case.attribute("name").unwrap().to_owned(),
            both: case.attribute("mode") == Some("both"),
            input: resource(child(case, "input").unwrap(), source),
            patch: resource(child(case, "diff").unwrap(), source),
            output: child(case, "output").map(|output| resource(output, source)),
        })
        .collect()
}

/// Equal but for how the narrative is escaped and spaced: it is compared as XML.
fn equal(one: &Document, other: &Document) -> bool {
    let div = |document: &Document| {
        let text = document.root().get("text").and_then(|text| text.get("div")).and_then(Node::as_str);
        text.map(|div| div.into_owned())
    };
    match (div(one), div(other)) {
        (Some(left), Some(right)) => {
            let without = |document: &Document, div: &str| {
                let mut quoted = Vec::new();
                json::write_string(&mut quoted, div);
                let raw = document.root().get("text").and_then(|text| text.get("div")).unwrap();
                let mut bytes = document.source().to_vec();
                bytes.splice(raw.span(), quoted);
                self::document(bytes)
            };
            narrative(&left) == narrative(&right)
                && json::equal(without(one, "").root(), without(other, "").root())
        }
        _ => json::equal(one.root(), other.root()),
    }
}

/// Tags and words in order.
fn narrative(div: &str) -> Vec<String> {
    let parsed = roxmltree::Document::parse(div).unwrap();
    let texts = parsed.descendants().flat_map(|node| match node.is_text() {
        true => node.text().unwrap().split_whitespace().map(str::to_owned).collect(),
        false => vec![format!("<{}>", node.tag_name().name())],
    });
    texts.collect()
}

#[test]
fn every_case_of_the_public_suite() {
    let Some(file) = outside::shared("conformance/patch/fhir-patch-tests.xml") else { return };
    let source = std::fs::read_to_string(&file).unwrap();
    let cases = cases(&source);
    let mut failed = vec![];
    for case in &cases {
        if let Err(why) = holds(case) {
            failed.push(format!("{}: {why}", case.name));
        }
    }
    assert_eq!(cases.len(), 33);
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
    println!(
        "all {} cases hold, {} of them both ways",
        cases.len(),
        cases.iter().filter(|case| case.both).count()
    );
}

fn holds(case: &Case) -> Result<(), String> {
    let limits = patch::Limits::default();
    let read =
        |patch: Vec<u8>| Patch::read(Kind::FhirPath, patch, &limits).map_err(|error| error.to_string());
    let result = read(case.patch.source().to_vec())?.apply(&case.input);
    let output = match (result, &case.output) {
        (Err(error), None) if error.class() == Class::Unprocessable => return Ok(()),
        (Ok(bytes), Some(output)) if equal(&document(bytes.clone()), output) => output,
        (result, _) => return Err(format!("{:?}", result.map(|bytes| String::from_utf8(bytes).unwrap()))),
    };
    if !case.both {
        return Ok(());
    }
    let found = patch::diff(&case.input, output, &limits).map_err(|error| error.to_string())?;
    let same = same_patch(&document(found.clone()), &case.patch);
    same.then_some(()).ok_or_else(|| format!("the difference is {}", String::from_utf8_lossy(&found)))
}

/// The same operations; a narrative in them is compared as XML.
fn same_patch(one: &Document, other: &Document) -> bool {
    let operations = |document: &Document| -> Vec<Vec<(String, String)>> {
        let list = document.root().get("parameter").into_iter().flat_map(Node::items);
        list.map(|operation| operation.get("part").into_iter().flat_map(Node::items).map(part).collect())
            .collect()
    };
    operations(one) == operations(other)
}

fn part(part: Node<'_>) -> (String, String) {
    let name = part.get("name").and_then(Node::as_str).unwrap().into_owned();
    let mut members: Vec<_> = part.members().filter(|(key, _)| !key.is("name")).collect();
    members.sort_by_key(|(key, _)| key.as_str().into_owned());
    let shown = members.iter().map(|(key, value)| match value.as_str() {
        Some(text) if text.starts_with("<div") => format!("{key:?}: {:?}", narrative(&text)),
        _ => format!("{key:?}: {:?}", String::from_utf8_lossy(value.raw())),
    });
    (name, shown.collect())
}
