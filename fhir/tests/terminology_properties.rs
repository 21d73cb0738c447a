//! Random code systems and value sets: membership, expansions, pages and subsumption agree with sets computed naively.
//! A failure prints the smallest case found and the seed.

use fhir::conformance::Resources;
use fhir::json::{Document, Limits as JsonLimits};
use fhir::terminology::operation::{self, Request};
use fhir::terminology::{Limits, Membership, Terminology};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A concept: its parents, in any shape, cycles and itself included, and a property.
#[derive(Clone, Debug)]
struct Concept {
    parents: Vec<Index>,
    colour: u8,
}

#[derive(Clone, Debug)]
enum Filter {
    IsA(Index),
    DescendentOf(Index),
    IsNotA(Index),
    Generalizes(Index),
    ChildOf(Index),
    ParentIs(Index),
    Colour(u8),
    ColourIn(u8, u8),
    ColourNotIn(u8),
    /// Codes whose number begins with that digit.
    Regex(u8),
}

#[derive(Clone, Debug)]
enum Codes {
    All,
    /// Every fourth is a code the system does not have.
    Listed(Vec<(Index, u8)>),
    Filtered(Vec<Filter>),
}

/// The codes of a system, in every one of some earlier value sets.
#[derive(Clone, Debug)]
struct Include {
    of_system: Option<(Index, Codes)>,
    imports: Vec<Index>,
}

#[derive(Clone, Debug)]
struct Set {
    includes: Vec<Include>,
    excludes: Vec<Include>,
}

type Code = (usize, String);

fn concept() -> impl Strategy<Value = Concept> {
    (prop::collection::vec(any::<Index>(), 0..3), 0..3_u8)
        .prop_map(|(parents, colour)| Concept { parents, colour })
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        any::<Index>().prop_map(Filter::IsA),
        any::<Index>().prop_map(Filter::DescendentOf),
        any::<Index>().prop_map(Filter::IsNotA),
        any::<Index>().prop_map(Filter::Generalizes),
        any::<Index>().prop_map(Filter::ChildOf),
        any::<Index>().prop_map(Filter::ParentIs),
        (0..4_u8).prop_map(Filter::Colour),
        (0..4_u8, 0..4_u8).prop_map(|(one, other)| Filter::ColourIn(one, other)),
        (0..4_u8).prop_map(Filter::ColourNotIn),
        (0..10_u8).prop_map(Filter::Regex),
    ]
}

fn codes() -> impl Strategy<Value = Codes> {
    prop_oneof![
        Just(Codes::All),
        prop::collection::vec((any::<Index>(), any::<u8>()), 1..6).prop_map(Codes::Listed),
        prop::collection::vec(filter(), 1..3).prop_map(Codes::Filtered),
    ]
}

fn include() -> impl Strategy<Value = Include> {
    (prop::option::weighted(0.8, (any::<Index>(), codes())), prop::collection::vec(any::<Index>(), 0..3))
        .prop_map(|(of_system, imports)| Include { of_system, imports })
}

fn set() -> impl Strategy<Value = Set> {
    (prop::collection::vec(include(), 1..4), prop::collection::vec(include(), 0..3))
        .prop_map(|(includes, excludes)| Set { includes, excludes })
}

/// Two code systems and some value sets, each of which may import those before it.
#[derive(Clone, Debug)]
struct World {
    systems: [Vec<Concept>; 2],
    sets: Vec<Set>,
}

fn world() -> impl Strategy<Value = World> {
    let system = || prop::collection::vec(concept(), 1..14);
    ([system(), system()], prop::collection::vec(set(), 1..5))
        .prop_map(|(systems, sets)| World { systems, sets })
}

fn system_url(system: usize) -> String {
    format!("http://example.org/system-{system}")
}

fn set_url(set: usize) -> String {
    format!("http://example.org/set-{set}")
}

/// The naive side: every question is answered from the definition, with no set kept.
impl World {
    fn parents(&self, system: usize, code: usize) -> BTreeSet<usize> {
        let count = self.systems[system].len();
        let parents = self.systems[system][code].parents.iter().map(|parent| parent.index(count));
        parents.filter(|parent| *parent != code).collect()
    }

    /// Whether `above` is `code` or reached from it by parents.
    fn is_at_or_above(&self, system: usize, above: usize, code: usize) -> bool {
        let mut reached = BTreeSet::from([code]);
        while !reached.contains(&above) {
            let next: BTreeSet<_> = reached.iter().flat_map(|one| self.parents(system, *one)).collect();
            let before = reached.len();
            reached.extend(next);
            if reached.len() == before {
                return false;
            }
        }
        true
    }

    fn passes(&self, filter: &Filter, system: usize, code: usize) -> bool {
        let at = |index: &Index| index.index(self.systems[system].len());
        let colour = self.systems[system][code].colour;
        match filter {
            Filter::IsA(one) => self.is_at_or_above(system, at(one), code),
            Filter::DescendentOf(one) => at(one) != code && self.is_at_or_above(system, at(one), code),
            Filter::IsNotA(one) => !self.is_at_or_above(system, at(one), code),
            Filter::Generalizes(one) => self.is_at_or_above(system, code, at(one)),
            Filter::ChildOf(one) | Filter::ParentIs(one) => self.parents(system, code).contains(&at(one)),
            Filter::Colour(one) => colour == *one,
            Filter::ColourIn(one, other) => colour == *one || colour == *other,
            Filter::ColourNotIn(one) => colour != *one,
            Filter::Regex(digit) => code.to_string().starts_with(&digit.to_string()),
        }
    }

    fn listed(&self, system: usize, (index, kind): &(Index, u8)) -> String {
        let prefix = if kind % 4 == 0 { "stranger" } else { "c" };
        format!("{prefix}{}", index.index(self.systems[system].len()))
    }

    fn is_included(&self, include: &Include, set: usize, (system, code): &Code) -> bool {
        let of_system = include.of_system.as_ref().is_none_or(|(own, codes)| {
            let number = code.strip_prefix('c').and_then(|number| number.parse().ok());
            own.index(2) == *system
                && match codes {
                    Codes::All => number.is_some(),
                    // The systems are complete: what they do not have is no code, be it listed.
                    Codes::Listed(all) => {
                        number.is_some() && all.iter().any(|one| self.listed(*system, one) == *code)
                    }
                    Codes::Filtered(filters) => number.is_some_and(|number| {
                        filters.iter().all(|filter| self.passes(filter, *system, number))
                    }),
                }
        });
        let imports = self.imports(include, set);
        let something = include.of_system.is_some() || !imports.is_empty();
        something && of_system && imports.iter().all(|one| self.is_in(*one, &(*system, code.clone())))
    }

    /// The value sets before `set` that the include names.
    fn imports(&self, include: &Include, set: usize) -> BTreeSet<usize> {
        let earlier = include.imports.iter().filter(|_| set > 0);
        earlier.map(|one| one.index(set)).collect()
    }

    fn is_in(&self, set: usize, code: &Code) -> bool {
        let Set { includes, excludes } = &self.sets[set];
        includes.iter().any(|one| self.is_included(one, set, code))
            && !excludes.iter().any(|one| self.is_included(one, set, code))
    }

    /// Every code of both systems, and as many that they do not have.
    fn codes(&self) -> Vec<Code> {
        let of = |system: usize| (0..self.systems[system].len()).map(move |number| (system, number));
        let both = of(0).chain(of(1));
        both.flat_map(|(system, number)| {
            [(system, format!("c{number}")), (system, format!("stranger{number}"))]
        })
        .collect()
    }
}

/// The resources that say the same.
impl World {
    fn filter(&self, filter: &Filter, system: usize) -> Value {
        let at = |index: &Index| format!("c{}", index.index(self.systems[system].len()));
        let (property, op, value) = match filter {
            Filter::IsA(one) => ("concept", "is-a", at(one)),
            Filter::DescendentOf(one) => ("concept", "descendent-of", at(one)),
            Filter::IsNotA(one) => ("concept", "is-not-a", at(one)),
            Filter::Generalizes(one) => ("concept", "generalizes", at(one)),
            Filter::ChildOf(one) => ("concept", "child-of", at(one)),
            Filter::ParentIs(one) => ("parent", "=", at(one)),
            Filter::Colour(one) => ("colour", "=", one.to_string()),
            Filter::ColourIn(one, other) => ("colour", "in", format!("{one}, {other}")),
            Filter::ColourNotIn(one) => ("colour", "not-in", one.to_string()),
            Filter::Regex(digit) => ("code", "regex", format!("c{digit}[0-9]*")),
        };
        json!({"property": property, "op": op, "value": value})
    }

    /// `None`: the include says nothing.
    fn include(&self, include: &Include, set: usize) -> Option<Value> {
        let mut value = json!({});
        let imports: Vec<_> = self.imports(include, set).into_iter().map(set_url).collect();
        if !imports.is_empty() {
            value["valueSet"] = json!(imports);
        }
        if let Some((system, codes)) = &include.of_system {
            let system = system.index(2);
            value["system"] = json!(system_url(system));
            match codes {
                Codes::All => {}
                Codes::Listed(all) => {
                    let concept = |one| json!({"code": self.listed(system, one)});
                    value["concept"] = all.iter().map(concept).collect();
                }
                Codes::Filtered(filters) => {
                    value["filter"] = filters.iter().map(|one| self.filter(one, system)).collect();
                }
            }
        }
        (value != json!({})).then_some(value)
    }

    fn terminology(&self) -> Terminology {
        let mut resources = Resources::default();
        let mut add = |resource: Value| {
            let document = Document::parse(resource.to_string(), &JsonLimits::default()).unwrap();
            assert!(resources.add(Arc::new(document)));
        };
        for (system, concepts) in self.systems.iter().enumerate() {
            let concept = |(number, concept): (usize, &Concept)| {
                let parents =
                    concept.parents.iter().map(|parent| format!("c{}", parent.index(concepts.len())));
                let mut properties: Vec<_> =
                    parents.map(|code| json!({"code": "parent", "valueCode": code})).collect();
                properties.push(json!({"code": "colour", "valueInteger": concept.colour}));
                json!({"code": format!("c{number}"), "property": properties})
            };
            let concepts: Vec<_> = concepts.iter().enumerate().map(concept).collect();
            add(json!({"resourceType": "CodeSystem", "url": system_url(system), "content": "complete",
                "property": [{"code": "parent", "type": "code"}, {"code": "colour", "type": "integer"}], "concept": concepts}));
        }
        for (number, set) in self.sets.iter().enumerate() {
            let all = |includes: &[Include]| -> Vec<_> {
                includes.iter().filter_map(|one| self.include(one, number)).collect()
            };
            let compose = json!({"include": all(&set.includes), "exclude": all(&set.excludes)});
            add(json!({"resourceType": "ValueSet", "url": set_url(number), "compose": compose}));
        }
        Terminology::new(Arc::new(resources), Limits::default())
    }
}

fn ask(
    terminology: &Terminology,
    operation: fn(&Terminology, &Request<'_>) -> Result<Vec<u8>, fhir::terminology::Error>,
    parameters: Value,
) -> Value {
    let parameters = json!({"resourceType": "Parameters", "parameter": parameters}).to_string();
    let parameters = Document::parse(parameters, &JsonLimits::default()).unwrap();
    let request = Request { parameters: parameters.root(), subject: None, now: "2026-01-02T03:04:05Z" };
    serde_json::from_slice(&operation(terminology, &request).unwrap()).unwrap()
}

/// The codes of an expansion in the order in which they are written, nested ones after their parents.
fn listed(contains: &Value, out: &mut Vec<(String, String)>) {
    for one in contains.as_array().map_or(&[][..], Vec::as_slice) {
        out.push((one["system"].as_str().unwrap().into(), one["code"].as_str().unwrap().into()));
        listed(&one["contains"], out);
    }
}

fn expansion(terminology: &Terminology, set: usize, mut more: Vec<Value>) -> (Vec<(String, String)>, Value) {
    more.push(json!({"name": "url", "valueUri": set_url(set)}));
    let answer = ask(terminology, operation::expand, more.into());
    let mut codes = Vec::new();
    listed(&answer["expansion"]["contains"], &mut codes);
    (codes, answer["expansion"]["total"].clone())
}

fn check_set(world: &World, terminology: &Terminology, set: usize) -> Result<(), TestCaseError> {
    let value_set = terminology.value_set(&set_url(set)).unwrap();
    let mut expected = BTreeSet::new();
    for (system, code) in world.codes() {
        let member = value_set.contains(Some(&system_url(system)), None, &code);
        let is_in = world.is_in(set, &(system, code.clone()));
        prop_assert_eq!(member, if is_in { Membership::In } else { Membership::NotIn }, "{}", code);
        if is_in {
            expected.insert((system_url(system), code));
        }
    }
    prop_assert_eq!(value_set.len(), expected.len() as u64);
    let (flat, total) =
        expansion(terminology, set, vec![json!({"name": "excludeNested", "valueBoolean": true})]);
    prop_assert_eq!(&total, &json!(expected.len()));
    prop_assert_eq!(flat.len(), expected.len(), "no code is listed twice");
    prop_assert_eq!(&flat.iter().cloned().collect::<BTreeSet<_>>(), &expected);
    let (nested, _) = expansion(terminology, set, Vec::new());
    prop_assert_eq!(nested.len(), expected.len());
    prop_assert_eq!(nested.into_iter().collect::<BTreeSet<_>>(), expected);
    let mut pages = Vec::new();
    for offset in (0..=flat.len()).step_by(3) {
        let page = vec![
            json!({"name": "offset", "valueInteger": offset}),
            json!({"name": "count", "valueInteger": 3}),
        ];
        let (page, of_page) = expansion(terminology, set, page);
        prop_assert_eq!(&of_page, &total);
        pages.extend(page);
    }
    prop_assert_eq!(pages, flat, "pages put together are the whole");
    Ok(())
}

fn check_subsumption(world: &World, terminology: &Terminology) -> Result<(), TestCaseError> {
    let count = world.systems[0].len();
    for (first, second) in (0..count).flat_map(|first| (0..count).map(move |second| (first, second))) {
        let expected = match () {
            () if first == second => "equivalent",
            () if world.is_at_or_above(0, first, second) => "subsumes",
            () if world.is_at_or_above(0, second, first) => "subsumed-by",
            () => "not-subsumed",
        };
        let parameters = json!([{"name": "system", "valueUri": system_url(0)},
            {"name": "codeA", "valueCode": format!("c{first}")}, {"name": "codeB", "valueCode": format!("c{second}")}]);
        let answer = ask(terminology, operation::subsumes, parameters);
        prop_assert_eq!(&answer["parameter"][0]["valueCode"], expected, "{} {}", first, second);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compiled_sets_are_the_naive_ones(world in world()) {
        let terminology = world.terminology();
        // The last first: it compiles what it imports on its way.
        for set in (0..world.sets.len()).rev() {
            check_set(&world, &terminology, set)?;
        }
        check_subsumption(&world, &terminology)?;
    }
}
