//! `$translate`: <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>

use super::answer::Answer;
use super::concept_map::{Match, Product, Question, Unmapped, matches};
use super::request::REPEATS_MAX;
use super::{Coded, Error, Request};
use crate::conformance::Canonical;
use crate::definitions::ResourceType;
use crate::json::Document;
use crate::terminology::error::within;
use crate::terminology::{Terminology, member};
use std::sync::Arc;

const CONCEPT_MAP: ResourceType = ResourceType::from_name("ConceptMap").expect("a resource type");
/// How many maps may refer to each other for codes they do not list.
const OTHER_MAPS_MAX: usize = 8;
/// Matches of one answer.
const MATCHES_MAX: usize = 1_000;

/// Parameters with `result`, `message` and one `match` per translation.
///
/// The map is the subject, `conceptMap`, or `url`; else all maps from the value set `source` (if given) to the value set
/// `target` (if given) are asked. `targetsystem` narrows to one code system, `dependency` meets the conditions of a map,
/// `reverse` goes from target to source. Wishes about versions (`system-version`, …) are about the code that is translated.
pub fn translate(terminology: &Terminology, request: &Request<'_>) -> Result<Vec<u8>, Error> {
    request.refuse(&["date"])?;
    let maps = maps(terminology, request)?;
    let dependencies = dependencies(request)?;
    let target_system = request.text("targetsystem")?;
    let asked = versioned(request, request.codes("version")?)?;
    if request.text("code")?.is_some() && asked.iter().any(|coded| coded.system.is_none()) {
        return Err(Error::Missing { name: "system", problem: "a code needs it; or give a coding" });
    }
    let mut found = Vec::new();
    for coded in &asked {
        let reverse = request.flag("reverse")?.unwrap_or(false);
        let question =
            Question { coded, target_system: target_system.as_deref(), dependencies: &dependencies, reverse };
        for map in &maps {
            found.extend(ask(terminology, map.clone(), &question)?);
            within("matches of a translation", found.len(), MATCHES_MAX, "1000 matches")?;
        }
    }
    Ok(write(&found, &asked))
}

/// The codes in the versions that the wishes about versions make.
fn versioned(request: &Request<'_>, mut asked: Vec<Coded>) -> Result<Vec<Coded>, Error> {
    let rules = request.version_rules()?;
    for coded in &mut asked {
        if let Some(system) = &coded.system {
            coded.version = rules.version(system, coded.version.as_deref()).map(Into::into);
        }
    }
    Ok(asked)
}

/// What the map says, or those it refers to for codes it does not list.
fn ask(terminology: &Terminology, map: Arc<Document>, question: &Question<'_>) -> Result<Vec<Match>, Error> {
    let mut found = Vec::new();
    let mut waiting = vec![map];
    let mut asked = 0;
    while let Some(map) = waiting.pop() {
        asked += 1;
        if asked > OTHER_MAPS_MAX {
            let what = "maps that refer to each other";
            return Err(Error::TooCostly { what, found: asked, max: OTHER_MAPS_MAX, limit: "8 maps" });
        }
        let (listed, unmapped) = matches(&map, question);
        found.extend(listed);
        for one in unmapped {
            match one {
                Unmapped::Match(one) => found.push(one),
                Unmapped::Other(url) => waiting.push(find(terminology, &url)?),
            }
        }
    }
    Ok(found)
}

fn find(terminology: &Terminology, canonical: &str) -> Result<Arc<Document>, Error> {
    let (url, version, _) = Canonical::read(canonical);
    let found = terminology.source().find(CONCEPT_MAP, url, version);
    found.ok_or_else(|| Error::NotFound { resource_type: "ConceptMap", url: canonical.into() })
}

/// The maps to ask, in the order of their URLs.
fn maps(terminology: &Terminology, request: &Request<'_>) -> Result<Vec<Arc<Document>>, Error> {
    if let Some(document) = request.given("conceptMap", "ConceptMap")? {
        request.is_named(&document, "url", "conceptMapVersion")?;
        return Ok(vec![document]);
    }
    if let Some(url) = request.text("url")? {
        let canonical = request.versioned(url.into_owned(), "conceptMapVersion")?;
        return Ok(vec![find(terminology, &canonical)?]);
    }
    let (mut source, mut target) = (request.text("source")?, request.text("target")?);
    if request.flag("reverse")?.unwrap_or(false) {
        std::mem::swap(&mut source, &mut target);
    }
    if source.is_none() && target.is_none() && request.text("targetsystem")?.is_none() {
        let problem = "name a map by url or conceptMap, or value sets by source and target";
        return Err(Error::Missing { name: "url", problem });
    }
    let known = terminology.source().canonicals(CONCEPT_MAP);
    let documents = known.iter().filter_map(|one| {
        let document = terminology.source().find(CONCEPT_MAP, &one.url, one.version.as_deref())?;
        let fits = is_about(&document, "source", source.as_deref())
            && is_about(&document, "target", target.as_deref());
        fits.then_some(document)
    });
    Ok(documents.collect())
}

/// Whether the map's `source[x]` or `target[x]` is that value set, whatever its version, if one is wanted.
fn is_about(document: &Document, side: &str, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted else { return true };
    let of = |suffix| member::text(document.root(), &format!("{side}{suffix}"));
    let own = of("Canonical").or_else(|| of("Uri"));
    own.is_some_and(|own| Canonical::read(&own).0 == Canonical::read(wanted).0)
}

/// `dependency`: an element and the concept it has.
fn dependencies(request: &Request<'_>) -> Result<Vec<Product>, Error> {
    let mut all = Vec::new();
    for dependency in request.all("dependency") {
        let part = |name: &str| {
            let named = |part: &crate::json::Node<'_>| member::text(*part, "name").as_deref() == Some(name);
            let part = member::list(dependency, "part").find(named)?;
            member::choice(part, "value").map(|(_, value)| value)
        };
        let element = part("element").and_then(|value| value.as_str());
        let (Some(element), Some(concept)) = (element, part("concept")) else {
            return Err(Error::Invalid { problem: "a dependency has the parts element and concept".into() });
        };
        let codings = member::list(concept, "coding").map(Coded::read);
        let codings: Vec<_> =
            if concept.get("coding").is_some() { codings.collect() } else { vec![Coded::read(concept)] };
        all.extend(codings.into_iter().map(|concept| Product { element: (&*element).into(), concept }));
        within("dependencies of a translation", all.len(), REPEATS_MAX, "64 dependencies")?;
    }
    Ok(all)
}

fn write(found: &[Match], asked: &[Coded]) -> Vec<u8> {
    let mut answer = Answer::new();
    let result = found.iter().any(Match::translates);
    answer.flag("result", result);
    if !result {
        let names: Vec<_> = asked.iter().map(Coded::name).collect();
        answer.text("message", "String", &format!("there is no translation of {}", names.join(", ")));
    }
    for one in found {
        answer.begin("match");
        answer.text("equivalence", "Code", &one.equivalence);
        if let Some(concept) = &one.concept {
            answer.json("concept", "Coding", &json(concept));
        }
        for product in &one.products {
            answer.begin("product");
            answer.text("element", "Uri", &product.element);
            answer.json("concept", "Coding", &json(&product.concept));
            answer.end();
        }
        if !one.source.is_empty() {
            answer.text("source", "Uri", &one.source);
        }
        answer.end();
    }
    answer.finish()
}

fn json(coded: &Coded) -> Vec<u8> {
    let mut out = Vec::new();
    coded.write(&mut out);
    out
}
