//! Published snapshots, and how another differs from one in what it requires.

use fhir::json::{Document, Limits, Node};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A published StructureDefinition, and the same without its snapshot.
pub struct Published {
    pub url: String,
    pub document: Document,
    pub differential: Document,
}

impl Published {
    /// Those of a package that have both differential and snapshot, in the order of URLs.
    pub fn of(package: &Path) -> Vec<Published> {
        let file = std::fs::File::open(package).expect("the caller looked");
        let mut archive = tar::Archive::new(GzDecoder::new(file));
        let mut all: Vec<_> =
            archive.entries().expect("an archive").filter_map(|entry| read(entry.ok()?)).collect();
        all.sort_by(|a, b| a.url.cmp(&b.url));
        all
    }

    pub fn elements(&self) -> usize {
        elements(&self.document).count()
    }
}

fn read(mut entry: tar::Entry<'_, impl Read>) -> Option<Published> {
    let path = entry.path().ok()?.to_string_lossy().into_owned();
    if !path.starts_with("package/StructureDefinition-") {
        return None;
    }
    let mut json = Vec::new();
    entry.read_to_end(&mut json).ok()?;
    let document = Document::parse(json, &Limits::default()).ok()?;
    let root = document.root();
    (root.get("snapshot").is_some() && root.get("differential").is_some()).then_some(())?;
    let url = root.get("url").and_then(Node::as_str)?.into_owned();
    let members: Vec<Vec<u8>> = root
        .members()
        .filter(|(key, _)| !key.is("snapshot"))
        .map(|(key, value)| {
            let mut member = Vec::new();
            fhir::json::write_string(&mut member, &key.as_str());
            [&member, b":".as_slice(), value.raw()].concat()
        })
        .collect();
    let differential = [b"{".to_vec(), members.join(&b','), b"}".to_vec()].concat();
    let differential = Document::parse(differential, &Limits::default()).ok()?;
    Some(Published { url, document, differential })
}

fn elements(document: &Document) -> impl Iterator<Item = Node<'_>> {
    let snapshot = document.root().get("snapshot").and_then(|snapshot| snapshot.get("element"));
    snapshot.into_iter().flat_map(Node::items)
}

/// What differs, element by element: ids, their order, and what each requires.
pub fn differences(published: &Document, made: &Document) -> Vec<String> {
    let by_id = |document| -> BTreeMap<String, BTreeMap<&'static str, String>> {
        elements(document).map(|element| (text(element, "id"), requirements(element))).collect()
    };
    let (published_by_id, made_by_id) = (by_id(published), by_id(made));
    let mut found = Vec::new();
    for (id, expected) in &published_by_id {
        let Some(got) = made_by_id.get(id) else {
            found.push(format!("{id} is missing"));
            continue;
        };
        for (field, value) in expected {
            if got[field] != *value {
                found.push(format!("{id} {field}: published {value}, made {}", got[field]));
            }
        }
    }
    found.extend(
        made_by_id
            .keys()
            .filter(|id| !published_by_id.contains_key(*id))
            .map(|id| format!("{id} is too much")),
    );
    let ids = |document| elements(document).map(|element| text(element, "id")).collect::<Vec<_>>();
    if found.is_empty() && ids(published) != ids(made) {
        found.push("the order of elements".into());
    }
    found
}

fn text(node: Node<'_>, name: &str) -> String {
    node.get(name).and_then(Node::as_str).map(String::from).unwrap_or_default()
}

fn raw(node: Node<'_>, name: &str) -> String {
    node.get(name).map(canonical).unwrap_or_default()
}

fn canonical(node: Node<'_>) -> String {
    let value: serde_json::Value = serde_json::from_slice(node.raw()).expect("it is JSON");
    value.to_string()
}

fn sorted(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<_> = items.collect();
    items.sort();
    items.join(" ")
}

fn list<'d>(node: Node<'d>, name: &str) -> impl Iterator<Item = Node<'d>> {
    node.get(name).into_iter().flat_map(Node::items)
}

fn requirements(element: Node<'_>) -> BTreeMap<&'static str, String> {
    let binding = element.get("binding");
    let slicing = element.get("slicing");
    // "Extensions are always sliced by (at least) url": R4 says so at some, the standard means all.
    let always =
        if text(element, "path").to_lowercase().ends_with("extension") { "open by value:url" } else { "" };
    let value = element.members().filter(|(key, _)| {
        let key = key.as_str();
        ["fixed", "pattern", "minValue", "maxValue", "maxLength"].iter().any(|choice| key.starts_with(choice))
    });
    BTreeMap::from([
        ("path", text(element, "path")),
        ("min", raw(element, "min")),
        ("max", text(element, "max")),
        ("sliceName", text(element, "sliceName")),
        ("contentReference", content_reference(element)),
        ("isModifier", (raw(element, "isModifier") == "true").to_string()),
        ("mustSupport", (raw(element, "mustSupport") == "true").to_string()),
        ("type", sorted(list(element, "type").map(type_of))),
        (
            "binding",
            binding.map(|one| text(one, "strength") + " " + &text(one, "valueSet")).unwrap_or_default(),
        ),
        ("slicing", slicing.map(slicing_of).filter(|slicing| slicing != always).unwrap_or_default()),
        ("constraint", sorted(list(element, "constraint").map(|one| text(one, "key")))),
        ("value", sorted(value.map(|(key, value)| format!("{}={}", key.as_str(), canonical(value))))),
    ])
}

fn type_of(node: Node<'_>) -> String {
    let texts = |name| sorted(list(node, name).filter_map(Node::as_str).map(String::from));
    format!(
        "{}<{}>({}){}",
        text(node, "code"),
        texts("profile"),
        texts("targetProfile"),
        texts("aggregation")
    )
}

fn slicing_of(node: Node<'_>) -> String {
    let by = list(node, "discriminator").map(|one| text(one, "type") + ":" + &text(one, "path"));
    let ordered = raw(node, "ordered") == "true";
    format!("{} by {}{}", text(node, "rules"), sorted(by), if ordered { " ordered" } else { "" })
}

/// Newer tools write the definition's URL before the `#`.
fn content_reference(element: Node<'_>) -> String {
    let reference = text(element, "contentReference");
    reference.split_once('#').map(|(_, id)| id.to_owned()).unwrap_or_default()
}
