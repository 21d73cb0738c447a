//! What a search parameter's expression selects.

use super::Stored;
use fhir::{
    definitions::{SearchParameter, TypeId},
    fhirpath::{
        self, Expression, Input, Item, Options,
        ast::{Expr, Kind, Operator},
    },
    json::Node,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
};

/// An element that was selected, or a computed value.
#[derive(Clone, Debug)]
pub struct Found<'d> {
    /// Its type and those that is derived from, the nearest first.
    types: Vec<&'static str>,
    pub value: Json<'d>,
}

#[derive(Clone, Copy, Debug)]
pub enum Json<'d> {
    Node(Node<'d>),
    Boolean(bool),
}

/// Expressions by their text, compiled.
type Compiled = BTreeMap<String, Arc<Vec<Expression>>>;

static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);

/// What the parameter selects of the resource. An expression that cannot be evaluated on it selects nothing.
pub fn select<'d>(resource: &'d Stored, parameter: &SearchParameter) -> Vec<Found<'d>> {
    let Some(text) = parameter.expression.as_deref() else { return vec![] };
    let operands =
        COMPILED.lock().expect("no poison").entry(text.to_owned()).or_insert_with(|| compile(text)).clone();
    let input = Input::resource(resource.document.root());
    let items = operands.iter().flat_map(|operand| operand.evaluate(&input).unwrap_or_default());
    items.filter_map(found).collect()
}

/// The operands of the union that it may be, one by one: a union has each value once, and what is equal to FHIRPath need not be
/// to a search.
fn compile(text: &str) -> Arc<Vec<Expression>> {
    let tree = fhirpath::parse::parse(text).expect(text);
    let mut operands = vec![];
    unite(&tree, &mut operands);
    let compile = |operand: &&Expr| Expression::compile_tree(operand, text, Options::R4).expect(text);
    Arc::new(operands.iter().map(compile).collect())
}

fn unite<'e>(expr: &'e Expr, operands: &mut Vec<&'e Expr>) {
    match &expr.kind {
        Kind::Binary { operator: Operator::Union, left, right } => {
            unite(left, operands);
            unite(right, operands);
        }
        _ => operands.push(expr),
    }
}

fn found(item: Item<'_>) -> Option<Found<'_>> {
    match item {
        Item::Element(element) => {
            let types = element.type_id()?.lineage().map(TypeId::path).collect();
            Some(Found { types, value: Json::Node(element.node()?) })
        }
        Item::Value(fhirpath::Value::Boolean(value)) => {
            Some(Found { types: vec!["boolean"], value: Json::Boolean(value) })
        }
        Item::Value(other) => panic!("no parameter of R4 computes {other:?}"),
    }
}

impl<'d> Found<'d> {
    /// Whether it is of the type, or of one that is derived from it.
    pub fn is(&self, name: &str) -> bool {
        self.types.contains(&name)
    }

    /// The element, where it is one.
    pub fn node(&self) -> Option<Node<'d>> {
        match self.value {
            Json::Node(node) => Some(node),
            Json::Boolean(_) => None,
        }
    }

    /// The text of a primitive.
    pub fn text(&self) -> Option<String> {
        match self.value {
            Json::Boolean(value) => Some(value.to_string()),
            Json::Node(node) => match (node.as_str(), node.number_text(), node.as_bool()) {
                (Some(text), ..) => Some(text.into_owned()),
                (_, Some(number), _) => Some(number.to_owned()),
                (.., boolean) => boolean.map(|value| value.to_string()),
            },
        }
    }

    /// The text of a member.
    pub fn member(&self, name: &str) -> Option<String> {
        member(self.node()?, name)
    }
}

/// The text of a member that is a text or a number.
pub fn member(node: Node<'_>, name: &str) -> Option<String> {
    let member = node.get(name)?;
    member.as_str().map(|text| text.into_owned()).or_else(|| member.number_text().map(str::to_owned))
}
