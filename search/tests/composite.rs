//! Composites: each is searched by the parameters of its components.

mod support;

use fhir::definitions::{ParamKind, ResourceType, SearchParameter, search_parameter, search_parameters};
use fhir::index::Values;
use support::{query, values};

fn composites() -> impl Iterator<Item = (ResourceType, &'static SearchParameter)> {
    ResourceType::all().flat_map(|t| {
        search_parameters(t).filter(|one| one.kind == ParamKind::Composite).map(move |one| (t, one))
    })
}

/// A value of each kind, as it is written in a search.
fn value_of(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Token => "http://s|c\\$1",
        ParamKind::Quantity => "gt5||mg",
        ParamKind::Number => "7",
        ParamKind::Date => "ge2020",
        ParamKind::String => "abc",
        ParamKind::Reference => "DocumentReference/1",
        other => panic!("no composite of R4 has a {other:?}"),
    }
}

#[test]
fn every_composite_of_r4_is_searched_by_the_parameters_of_its_components() {
    let mut seen = 0;
    for (t, composite) in composites() {
        for component in composite.components.iter() {
            let own = search_parameter(t, component.code);
            assert_eq!(own.map(|own| own.kind), Some(component.kind), "{t} {}", composite.code);
        }
        let pieces: Vec<_> = composite.components.iter().map(|one| value_of(one.kind)).collect();
        let url = format!("{t}?{}={}", composite.code, pieces.join("$"));
        let query = query(&url).expect(&url);
        assert_eq!(query.expr.conditions(), pieces.len(), "{url}");
        seen += 1;
    }
    assert!(seen > 70, "{seen}");
}

/// R4 gives the two components of `relationship` each other's expressions.
#[test]
fn how_documents_relate_is_found() {
    let json = r#"{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{}}],"relatesTo":[
        {"code":"replaces","target":{"reference":"DocumentReference/a"}},
        {"code":"signs","target":{"reference":"DocumentReference/b"}}]}"#;
    let bytes = values(json);
    let id = proto::id::ResourceId::parse("x").expect("an id");
    let facts = search::Facts { type_code: support::code("DocumentReference"), id: &id, last_updated_ms: 0 };
    let is = |value: &str| {
        let query = query(&format!("DocumentReference?relationship={value}")).expect(value);
        search::matches(&Values::trusted(&bytes), &facts, &query)
    };
    assert!(is("DocumentReference/a$replaces") && is("b$signs") && !is("b$replaces") && !is("a$signs"));
}
