//! The document of a query: its operations, one of which is asked for, and its fragments.

use super::{
    super::{malformed, request::Request},
    declared,
    place::Lines,
    selection::{Reader, name_of, type_of},
    tree::{Fragment, Query},
};
use apollo_parser::{Parser, cst};
use proto::{Code, Error};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a query.
const BYTES_MAX: usize = 64 << 10;
/// Names, numbers, texts and signs of a query, white space included.
const TOKENS_MAX: usize = 20_000;
/// Selections and values in one another.
const DEPTH_MAX: usize = 64;

/// Reads the operation that is asked for.
///
/// # Errors
/// `Malformed` where the text is no GraphQL, with line and column; `TooLarge` where it is too long; `NotSupported` for mutations and subscriptions.
pub fn query(request: &Request) -> Result<Query, Error> {
    let text = request.query.as_str();
    if text.len() > BYTES_MAX {
        return Err(Error::new(Code::TooLarge, format!("the query is longer than {BYTES_MAX} bytes")));
    }
    let lines = Lines::of(text);
    let tree = Parser::new(text).recursion_limit(DEPTH_MAX).token_limit(TOKENS_MAX).parse();
    if let Some(error) = tree.errors().next() {
        let at = lines.location(error.index());
        let text =
            format!("the query is no GraphQL: line {}, column {}: {}", at.line, at.column, error.message());
        return Err(malformed(text));
    }
    let (mut operations, mut fragments) = (vec![], vec![]);
    for definition in tree.document().definitions() {
        match definition {
            cst::Definition::OperationDefinition(operation) => operations.push(operation),
            cst::Definition::FragmentDefinition(fragment) => fragments.push(fragment),
            other => {
                return Err(malformed(format!(
                    "a query defines operations and fragments, no {}",
                    other.kind()
                )));
            }
        }
    }
    let operation = chosen(&operations, &request.operation)?;
    let variables = declared::variables(operation, &request.variables)?;
    let names = names_of(&fragments)?;
    let reader = Reader { lines: &lines, variables: &variables, fragments: &names };
    let mut read = BTreeMap::new();
    for fragment in fragments {
        let on = type_of(fragment.type_condition()).unwrap_or_default();
        let selections = reader.set(fragment.selection_set())?;
        read.insert(name_of(fragment.fragment_name()), Fragment { on, selections });
    }
    Ok(Query { selections: reader.set(operation.selection_set())?, fragments: read })
}

fn names_of(fragments: &[cst::FragmentDefinition]) -> Result<BTreeSet<String>, Error> {
    let mut names = BTreeSet::new();
    for fragment in fragments {
        let name = name_of(fragment.fragment_name());
        if names.contains(&name) {
            return Err(malformed(format!("the fragment '{name}' is defined twice")));
        }
        names.insert(name);
    }
    Ok(names)
}

/// The operation of that name; without a name the only one.
fn chosen<'o>(
    operations: &'o [cst::OperationDefinition],
    name: &str,
) -> Result<&'o cst::OperationDefinition, Error> {
    let name_of = |operation: &cst::OperationDefinition| operation.name().map(|name| name.text().to_string());
    let found = match (operations, name) {
        ([one], "") => Some(one),
        ([], "") => None,
        (several, "") => {
            let names: Vec<String> = several.iter().filter_map(name_of).collect();
            let text = format!(
                "the query has several operations: name one of {} by 'operationName'",
                names.join(", ")
            );
            return Err(malformed(text));
        }
        (several, name) => several.iter().find(|one| name_of(one).as_deref() == Some(name)),
    };
    let Some(found) = found else {
        return Err(malformed(match name {
            "" => "the query has no operation: write { … }".to_owned(),
            name => format!("the query has no operation '{name}'"),
        }));
    };
    match found.operation_type() {
        Some(kind) if kind.query_token().is_none() => Err(Error::new(
            Code::NotSupported,
            "queries are offered, mutations and subscriptions are not: write by REST or gRPC",
        )),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Location, Selection};
    use super::*;
    use serde_json::json;

    fn read(text: &str, operation: &str, variables: serde_json::Value) -> Result<Query, Error> {
        let variables = variables.as_object().cloned().unwrap_or_default();
        query(&Request { query: text.to_owned(), operation: operation.to_owned(), variables })
    }

    /// The names of what is selected, as deep as it goes.
    fn names(selections: &[Selection]) -> String {
        let name = |selection: &Selection| match selection {
            Selection::Field(field) if field.selections.is_empty() => field.key.clone(),
            Selection::Field(field) => format!("{}({})", field.key, names(&field.selections)),
            Selection::Inline { on, selections } => {
                format!("on {:?}({})", on.as_deref().unwrap_or_default(), names(selections))
            }
            Selection::Spread(name) => format!("...{name}"),
        };
        selections.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn operations_fragments_and_variables() {
        let text = "query A($yes: Boolean!, $n: Int = 3, $x: String) { a: name(use: official, n: $n, x: $x, l: [1, \"\"\"b\"\"\"]) @first { given } \
            b @skip(if: $yes) c @include(if: $yes) ...F ... on Patient { id } ... @include(if: false) { no } } \
            query B { d } fragment F on Patient { e { f } } # a comment";
        let query = read(text, "A", json!({ "yes": true, "other": 1 })).unwrap();
        assert_eq!(names(&query.selections), r#"a(given) c ...F on "Patient"(id)"#);
        assert_eq!(
            (query.fragments["F"].on.as_str(), names(&query.fragments["F"].selections).as_str()),
            ("Patient", "e(f)")
        );
        let Selection::Field(field) = &query.selections[0] else { panic!("no field") };
        assert_eq!(field.name, "name");
        assert!(field.shape.first && !field.shape.flatten);
        let arguments: serde_json::Value =
            field.arguments.iter().cloned().collect::<serde_json::Map<_, _>>().into();
        assert_eq!(arguments, json!({ "use": "official", "n": 3, "x": null, "l": [1, "b"] }));
        assert_eq!(field.at, Location { line: 1, column: 52 });
    }

    #[test]
    fn what_is_no_query_says_why() {
        let told = |text: &str, operation: &str| {
            let error = read(text, operation, json!({})).expect_err(text);
            (error.code, error.diagnostics().to_owned())
        };
        for (text, operation, code, word) in [
            ("{ name", "", Code::Malformed, "line 1"),
            ("", "", Code::Malformed, ""),
            ("{ name }\n{ ö ]", "", Code::Malformed, "line 2"),
            (
                "{ name } fragment F on Patient { id } fragment F on Patient { id }",
                "",
                Code::Malformed,
                "twice",
            ),
            ("query A { a } query B { b }", "", Code::Malformed, "A, B"),
            ("query A { a }", "C", Code::Malformed, "'C'"),
            ("query A($x: Int!) { a(x: $x) }", "", Code::Malformed, "$x"),
            ("{ a(x: $y) }", "", Code::Malformed, "$y"),
            ("{ a(x: 1, x: 2) }", "", Code::Malformed, "twice"),
            ("{ ...F }", "", Code::Malformed, "'F'"),
            ("{ a @nothing }", "", Code::Malformed, "@nothing"),
            ("{ a @skip }", "", Code::Malformed, "@skip"),
            ("{ a @skip(if: 1) }", "", Code::Malformed, "true or false"),
            ("type A { b: Int }", "", Code::Malformed, "ObjectTypeDefinition"),
            ("mutation { a }", "", Code::NotSupported, "mutations"),
            ("subscription { a }", "", Code::NotSupported, "subscriptions"),
        ] {
            let (found, diagnostics) = told(text, operation);
            assert!(found == code && diagnostics.contains(word), "{text}: {found:?} {diagnostics}");
        }
        assert_eq!(told(&" ".repeat(BYTES_MAX + 1), "").0, Code::TooLarge);
        for deep in ["{a", "[", "{ a(x: ["].map(|one| one.repeat(5_000)) {
            assert_eq!(told(&deep, "").0, Code::Malformed);
        }
    }
}
