//! Turns the package's resources into the text tables of `fhir/definitions/`.

use crate::package::Package;
use crate::registry;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const DEFINITION: &str = "http://hl7.org/fhir/StructureDefinition/";
const PARAMETER: &str = "http://hl7.org/fhir/SearchParameter/";

/// The files to write, as name under `folder` and text. `folder` holds the registries so far.
pub fn generate(package: &Package, folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let concrete = package.structures.iter().filter(|d| d["kind"] == "resource" && d["abstract"] == false);
    let types = concrete.map(|d| text(&d["name"])).collect::<Result<BTreeSet<_>>>()?;
    let codes =
        package.search_parameters.iter().map(|p| text(&p["code"])).collect::<Result<BTreeSet<_>>>()?;
    Ok(vec![
        ("type-codes.txt", registry::extended(&folder.join("type-codes.txt"), &types)?),
        ("param-codes.txt", registry::extended(&folder.join("param-codes.txt"), &codes)?),
        ("r4/names.txt", names(package)?),
        ("r4/elements.txt", elements(package)?),
        ("r4/search-parameters.txt", search_parameters(package, types.len())?),
        ("r4/compartments.txt", compartments(package)?),
    ])
}

/// One JSON member name per line, choice elements under their concrete names.
fn names(package: &Package) -> Result<String> {
    let mut names = BTreeSet::from(["resourceType".to_owned()]);
    for element in package.structures.iter().flat_map(snapshot) {
        let path = text(&element["path"])?;
        let Some((_, name)) = path.rsplit_once('.') else { continue };
        let Some(stem) = name.strip_suffix("[x]") else {
            names.insert(name.to_owned());
            continue;
        };
        for element_type in list(&element["type"]) {
            let code = text(&element_type["code"])?;
            names.insert(format!("{stem}{}{}", code[..1].to_uppercase(), &code[1..]));
        }
    }
    Ok(names.iter().fold(String::new(), |text, name| text + name + "\n"))
}

/// `kind, name, base type` per type, then its own elements (not the inherited ones) as `, path, min, max, types`
/// and, where `_summary=true` keeps them, `summary`.
fn elements(package: &Package) -> Result<String> {
    let mut out = String::new();
    for definition in &package.structures {
        let name = text(&definition["name"])?;
        let kind = text(&definition["kind"])?.replace("-type", "");
        let base = definition["baseDefinition"].as_str().unwrap_or("-").trim_start_matches(DEFINITION);
        writeln!(out, "{kind}\t{name}\t{base}")?;
        if kind == "primitive" {
            continue; // id and extension are Element's; the value is the JSON value itself
        }
        for element in snapshot(definition) {
            let path = text(&element["path"])?;
            let Some((_, below)) = path.split_once('.') else { continue };
            if element["base"]["path"] == element["path"] {
                let summary = if element["isSummary"] == true { "\tsummary" } else { "" };
                writeln!(
                    out,
                    "\t{below}\t{}\t{}\t{}{summary}",
                    element["min"],
                    text(&element["max"])?,
                    types(element)?
                )?;
            }
        }
    }
    Ok(out)
}

/// Type codes with their targets, or `#path` for the content of another element.
fn types(element: &Value) -> Result<String> {
    if let Some(content) = element["contentReference"].as_str() {
        let (_, path) = content.split_once('.').context("a content reference without a path")?;
        return Ok(format!("#{path}"));
    }
    let one = |element_type: &Value| -> Result<String> {
        let targets: Vec<_> = list(&element_type["targetProfile"])
            .map(|t| Ok(text(t)?.replace(DEFINITION, "")))
            .collect::<Result<_>>()?;
        let code = match list(&element_type["extension"]).find(|extension| extension["url"] == FHIR_TYPE) {
            Some(extension) => text(&extension["valueUrl"])?,
            None => text(&element_type["code"])?,
        };
        Ok(if targets.is_empty() { code } else { format!("{code}({})", targets.join("|")) })
    };
    Ok(list(&element["type"]).map(one).collect::<Result<Vec<_>>>()?.join(" "))
}

/// `id, code, kind, bases, targets (- none, * all but Parameters), expression (- none)`, then `id=expression` per component.
fn search_parameters(package: &Package, type_count: usize) -> Result<String> {
    let mut out = String::new();
    for parameter in &package.search_parameters {
        let words = |key: &str| list(&parameter[key]).map(text).collect::<Result<Vec<_>>>();
        let targets = match words("target")? {
            none if none.is_empty() => "-".to_owned(),
            all if all.len() + 1 == type_count => "*".to_owned(),
            some => some.join(" "),
        };
        write!(
            out,
            "{}\t{}\t{}\t{}\t{targets}\t{}",
            text(&parameter["url"])?.trim_start_matches(PARAMETER),
            text(&parameter["code"])?,
            text(&parameter["type"])?,
            words("base")?.join(" "),
            parameter["expression"].as_str().unwrap_or("-"),
        )?;
        for component in list(&parameter["component"]) {
            let id = text(&component["definition"])?;
            let id = id.trim_start_matches(PARAMETER);
            write!(out, "\t{id}={}", component_expression(id, &text(&component["expression"])?))?;
        }
        out.push('\n');
    }
    Ok(out)
}

/// As R4 meant it: Observation's code-value-date names a type that does not exist, and the two expressions of
/// DocumentReference's relationship stand at each other's place.
fn component_expression(id: &str, expression: &str) -> String {
    match id {
        "DocumentReference-relatesto" => "target".to_owned(),
        "DocumentReference-relation" => "code".to_owned(),
        _ => expression.replace("as(DateTime)", "as(dateTime)"),
    }
}

/// `compartment, resource type, parameters` for every membership.
fn compartments(package: &Package) -> Result<String> {
    let mut out = String::new();
    for definition in &package.compartments {
        if !text(&definition["url"])?.starts_with("http://hl7.org/fhir/CompartmentDefinition/")
            || definition["id"] == "example"
        {
            continue;
        }
        for resource in list(&definition["resource"]) {
            let parameters = list(&resource["param"]).map(text).collect::<Result<Vec<_>>>()?;
            if !parameters.is_empty() {
                writeln!(
                    out,
                    "{}\t{}\t{}",
                    text(&definition["code"])?,
                    text(&resource["code"])?,
                    parameters.join(" ")
                )?;
            }
        }
    }
    Ok(out)
}

fn snapshot(definition: &Value) -> impl Iterator<Item = &Value> {
    list(&definition["snapshot"]["element"])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("not a text: {value}"))?.to_owned())
}
