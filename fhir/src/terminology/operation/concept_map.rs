//! Concept maps, read as they are needed (<https://hl7.org/fhir/R4/conceptmap.html>).

use super::Coded;
use crate::json::{Document, Node};
use crate::terminology::member;

/// One translation of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// <https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html>
    pub equivalence: Box<str>,
    /// The concept; `None` where there is none to give.
    pub concept: Option<Coded>,
    pub products: Vec<Product>,
    /// The canonical URL of the map it is from.
    pub source: Box<str>,
}

impl Match {
    /// Whether it translates the code: unmatched and disjoint say that nothing does.
    pub fn translates(&self) -> bool {
        !matches!(&*self.equivalence, "unmatched" | "disjoint")
    }
}

/// A further code the translation yields, or one it depends on: an element with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub element: Box<str>,
    pub concept: Coded,
}

impl Product {
    /// `dependsOn` or `product` of a map.
    fn read(node: Node<'_>) -> Option<Product> {
        Some(Product {
            element: member::text(node, "property")?,
            concept: Coded {
                system: member::text(node, "system"),
                version: None,
                code: member::text(node, "value")?,
                display: member::text(node, "display"),
            },
        })
    }
}

/// What is to be translated, and under which conditions.
pub(super) struct Question<'q> {
    pub coded: &'q Coded,
    /// The code system to translate to.
    pub target_system: Option<&'q str>,
    pub dependencies: &'q [Product],
    /// From target to source.
    pub reverse: bool,
}

/// What a map says of a code that it does not list.
pub(super) enum Unmapped {
    Match(Match),
    /// The canonical URL of the map to ask instead.
    Other(Box<str>),
}

/// The translations a map lists, else what it says of codes it does not list.
pub(super) fn matches(document: &Document, question: &Question<'_>) -> (Vec<Match>, Vec<Unmapped>) {
    let root = document.root();
    let source = member::text(root, "url").unwrap_or_default();
    let (mut found, mut unmapped) = (Vec::new(), Vec::new());
    for group in member::list(root, "group") {
        let (from, to) = match question.reverse {
            false => (member::text(group, "source"), member::text(group, "target")),
            true => (member::text(group, "target"), member::text(group, "source")),
        };
        let version = member::text(group, if question.reverse { "targetVersion" } else { "sourceVersion" });
        let other = |wanted: Option<&str>, own: &Option<Box<str>>| {
            wanted.is_some_and(|wanted| own.as_deref().is_some_and(|own| own != wanted))
        };
        let other_version = other(question.coded.version.as_deref(), &version);
        if other(question.coded.system.as_deref(), &from)
            || other_version
            || other(question.target_system, &to)
        {
            continue;
        }
        let listed = match question.reverse {
            false => forward(group, question, to.as_deref(), &source),
            true => backward(group, question, to.as_deref(), &source),
        };
        if let Some(listed) = listed {
            found.extend(listed);
        } else if !question.reverse {
            unmapped.extend(of_unmapped(group, question.coded, to.as_deref(), &source));
        }
    }
    (found, unmapped)
}

/// The targets of the code's element; `None` if it has no element.
fn forward(
    group: Node<'_>,
    question: &Question<'_>,
    system: Option<&str>,
    source: &str,
) -> Option<Vec<Match>> {
    let is_it = |element: &Node<'_>| has_code(*element, &question.coded.code);
    let mut elements = member::list(group, "element").filter(is_it).peekable();
    elements.peek()?;
    let mut found = Vec::new();
    for target in elements.flat_map(|element| member::list(element, "target")) {
        let needed = member::list(target, "dependsOn").filter_map(Product::read);
        if !needed.into_iter().all(|needed| question.dependencies.iter().any(|given| is_met(&needed, given)))
        {
            continue;
        }
        found.push(Match {
            equivalence: member::text(target, "equivalence").unwrap_or_else(|| "equivalent".into()),
            concept: concept(target, system, group, "targetVersion"),
            products: member::list(target, "product").filter_map(Product::read).collect(),
            source: source.into(),
        });
    }
    Some(found)
}

/// The elements that have the code as a target.
fn backward(
    group: Node<'_>,
    question: &Question<'_>,
    system: Option<&str>,
    source: &str,
) -> Option<Vec<Match>> {
    let mut found = Vec::new();
    for element in member::list(group, "element") {
        for target in member::list(element, "target").filter(|target| has_code(*target, &question.coded.code))
        {
            let equivalence = member::text(target, "equivalence").unwrap_or_else(|| "equivalent".into());
            found.push(Match {
                equivalence: turned(&equivalence).into(),
                concept: concept(element, system, group, "sourceVersion"),
                products: Vec::new(),
                source: source.into(),
            });
        }
    }
    (!found.is_empty()).then_some(found)
}

fn has_code(node: Node<'_>, code: &str) -> bool {
    node.get("code").and_then(Node::as_str).is_some_and(|own| own == code)
}

fn concept(node: Node<'_>, system: Option<&str>, group: Node<'_>, version: &str) -> Option<Coded> {
    Some(Coded {
        system: system.map(Into::into),
        version: member::text(group, version),
        code: member::text(node, "code")?,
        display: member::text(node, "display"),
    })
}

fn is_met(needed: &Product, given: &Product) -> bool {
    let system = needed.concept.system.is_none() || needed.concept.system == given.concept.system;
    needed.element == given.element && needed.concept.code == given.concept.code && system
}

/// The equivalence read in the other direction.
fn turned(equivalence: &str) -> &str {
    match equivalence {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        other => other,
    }
}

/// What the group says of codes it does not list. A code that stays as it is counts as equal; one code for all the rest is
/// wider than each.
fn of_unmapped(group: Node<'_>, coded: &Coded, system: Option<&str>, source: &str) -> Option<Unmapped> {
    let unmapped = group.get("unmapped")?;
    let (equivalence, mut concept) = match member::text(unmapped, "mode").as_deref()? {
        "provided" => {
            ("equal", Coded { code: coded.code.clone(), display: coded.display.clone(), ..Coded::default() })
        }
        "fixed" => {
            let code = member::text(unmapped, "code")?;
            ("wider", Coded { code, display: member::text(unmapped, "display"), ..Coded::default() })
        }
        "other-map" => return Some(Unmapped::Other(member::text(unmapped, "url")?)),
        _ => return None,
    };
    concept.system = system.map(Into::into);
    let (equivalence, source) = (equivalence.into(), source.into());
    Some(Unmapped::Match(Match { equivalence, concept: Some(concept), products: Vec::new(), source }))
}
