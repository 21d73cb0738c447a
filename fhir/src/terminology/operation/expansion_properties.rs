//! Properties in an expansion, which R5 has (<https://hl7.org/fhir/R5/valueset-definitions.html#ValueSet.expansion.contains.property>)
//! and R4 writes as R5's extensions.

use super::property::{self, Property};
use crate::json::write_string;
use crate::terminology::supplements::Supplements;
use crate::terminology::{CodeSystem, Entry, ValueSet, member};

const DECLARED: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.property";
const OF_CODE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property";

/// Those a code has without its system declaring them, and what they mean (<https://hl7.org/fhir/R4/codesystem.html#defined-props>).
const OF_ALL: [(&str, Option<&str>); 5] = [
    ("definition", None),
    ("abstract", Some("http://hl7.org/fhir/concept-properties#notSelectable")),
    ("inactive", Some("http://hl7.org/fhir/concept-properties#inactive")),
    ("parent", Some("http://hl7.org/fhir/concept-properties#parent")),
    ("child", Some("http://hl7.org/fhir/concept-properties#child")),
];

/// Writes the member `extension` of an expansion: the properties wanted that one of its systems or of the supplements has, with what they
/// mean.
pub(super) fn declare(out: &mut Vec<u8>, wanted: &[String], value_set: &ValueSet, supplements: &Supplements) {
    let systems = || value_set.known_systems().map(|system| &**system).chain(supplements.systems());
    let meaning = |name: &str| -> Option<Option<Box<str>>> {
        let of_all = OF_ALL.iter().find(|(own, _)| *own == name);
        let of_all = of_all.map(|(_, uri)| uri.map(Into::into));
        of_all.or_else(|| systems().find_map(|system| declared(system, name)))
    };
    let known = wanted.iter().filter_map(|name| Some((&**name, meaning(name)?)));
    let extension = |(name, uri): (&str, Option<Box<str>>)| {
        let mut out = sub("code", "Code", name);
        if let Some(uri) = uri {
            out.push(b',');
            out.extend(sub("uri", "Uri", &uri));
        }
        out
    };
    write(out, DECLARED, known.map(extension));
}

/// Writes the member `extension` of one code.
pub(super) fn write_of(out: &mut Vec<u8>, entry: Entry<'_>, wanted: &[String], supplements: &Supplements) {
    let Some((system, number)) = entry.place().filter(|_| !wanted.is_empty()) else { return };
    let more: Vec<_> = supplements.of(entry.system(), entry.version(), entry.code()).collect();
    let all = property::of(system, number, &more, |code| wanted.iter().any(|one| one == code));
    let extension = |one: Property<'_>| {
        let mut out = sub("code", "Code", one.code);
        out.extend_from_slice(format!(",{{\"url\":\"value\",\"value{}\":", one.suffix).as_bytes());
        out.extend(one.json());
        out.push(b'}');
        out
    };
    write(out, OF_CODE, all.into_iter().map(extension));
}

/// `"extension":[…],` of extensions of that URL with those parts, or nothing.
fn write(out: &mut Vec<u8>, url: &str, parts: impl Iterator<Item = Vec<u8>>) {
    let mut first = true;
    for parts in parts {
        out.extend_from_slice(if first { b"\"extension\":[{\"url\":" } else { b",{\"url\":" });
        write_string(out, url);
        out.extend_from_slice(b",\"extension\":[");
        out.extend(parts);
        out.extend_from_slice(b"]}");
        first = false;
    }
    if !first {
        out.extend_from_slice(b"],");
    }
}

fn sub(url: &str, suffix: &str, text: &str) -> Vec<u8> {
    let mut out = format!("{{\"url\":\"{url}\",\"value{suffix}\":").into_bytes();
    write_string(&mut out, text);
    out.push(b'}');
    out
}

/// What a system that declares the property says it means.
fn declared(system: &CodeSystem, code: &str) -> Option<Option<Box<str>>> {
    let is_it = |one: &crate::json::Node<'_>| member::text(*one, "code").as_deref() == Some(code);
    let declared = member::list(system.document.root(), "property").find(is_it);
    declared.map(|one| member::text(one, "uri"))
}
