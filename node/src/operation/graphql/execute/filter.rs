//! Which of a list's values are wanted: <https://hl7.org/fhir/R4/graphql.html#list>. By FHIRPath, by what their elements are, by where
//! they stand in the list.

use super::{
    super::read::Field,
    Execution,
    element::{Item, shortened},
};
use fhir::{
    fhirpath::{Element, Expression, Input},
    json::{Kind, Node},
};
use proto::{Code, Error};
use serde_json::Value;
use std::rc::Rc;

impl<'q> Execution<'q> {
    /// Those that the arguments of the field leave; `None`: an argument is wrong.
    pub(super) fn filter(
        &mut self,
        field: &'q Field,
        mut items: Vec<Item<'q>>,
    ) -> Result<Option<Vec<Item<'q>>>, Error> {
        let (mut offset, mut count) = (0, usize::MAX);
        for (name, value) in &field.arguments {
            match (name.as_str(), value) {
                // Of a variable that has no value.
                (_, Value::Null) => {}
                ("_offset", value) => match number(value) {
                    Some(number) => offset = number,
                    None => return self.refused(field, "_offset is a number from 0"),
                },
                ("_count", value) => match number(value) {
                    Some(number) => count = number,
                    None => return self.refused(field, "_count is a number from 0"),
                },
                ("fhirpath", Value::String(path)) => {
                    let Some(kept) = self.by_fhirpath(field, items, path)? else { return Ok(None) };
                    items = kept;
                }
                ("fhirpath", _) => return self.refused(field, "fhirpath is a string"),
                (name, value) => {
                    if items.iter().any(|item| item.is_primitive) {
                        return self
                            .refused(field, "simple values have no elements: filter them by fhirpath");
                    }
                    self.pay(items.len())?;
                    items.retain(|item| is_equal(item.spot.node, name, value));
                }
            }
        }
        Ok(Some(items.into_iter().skip(offset).take(count).collect()))
    }

    fn refused<T>(&mut self, field: &Field, text: &str) -> Result<Option<T>, Error> {
        self.wrong(field, format!("{}: {text}", field.name));
        Ok(None)
    }

    fn by_fhirpath(
        &mut self,
        field: &Field,
        items: Vec<Item<'q>>,
        path: &'q str,
    ) -> Result<Option<Vec<Item<'q>>>, Error> {
        let Some(expression) = self.expression(field, path) else { return Ok(None) };
        let mut kept = vec![];
        for item in items {
            match expression.is_true(&self.input(&item)) {
                Ok(true) => kept.push(item),
                Ok(false) => {}
                Err(error) => {
                    self.wrong(field, format!("fhirpath '{}': {error}", shortened(path)));
                    return Ok(None);
                }
            }
        }
        Ok(Some(kept))
    }

    /// What a FHIRPath expression calls an item.
    pub(super) fn name_of(
        &mut self,
        field: &Field,
        item: &Item<'q>,
        path: &'q str,
    ) -> Result<Option<String>, Error> {
        let Some(expression) = self.expression(field, path) else { return Ok(None) };
        let found = expression.first(&self.input(item));
        match found {
            Ok(found) => Ok(found.and_then(|found| found.value()).map(|value| value.to_string())),
            Err(error) => {
                self.wrong(field, format!("@slice '{}': {error}", shortened(path)));
                Ok(None)
            }
        }
    }

    /// Compiled once.
    fn expression(&mut self, field: &Field, path: &'q str) -> Option<Rc<Expression>> {
        if let Some(known) = self.expressions.get(path) {
            return Some(known.clone());
        }
        match Expression::compile(path) {
            Ok(expression) => {
                let expression = Rc::new(expression);
                self.expressions.insert(path, expression.clone());
                Some(expression)
            }
            Err(error) => {
                let text = format!("'{}' is no FHIRPath: {error}", shortened(path));
                self.problem(field, Error::new(Code::BadRequest, text));
                None
            }
        }
    }

    fn input(&self, item: &Item<'q>) -> Input<'q> {
        let input = Input::element(item.element()).within(Element::resource(item.spot.resource));
        Input { steps: Some(&self.budget.fhirpath), ..input }
    }
}

pub(super) fn number(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Whether the element called `name` has that value, or one of these.
fn is_equal(node: Node<'_>, name: &str, value: &Value) -> bool {
    let Some(found) = node.get(name) else { return false };
    match found.kind() {
        Kind::Array => found.items().any(|item| is_text(item, value)),
        _ => is_text(found, value),
    }
}

fn is_text(node: Node<'_>, value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(|value| is_text(node, value)),
        Value::String(text) => {
            node.as_str().is_some_and(|own| own == text.as_str())
                || node.number_text().is_some_and(|own| own == text)
        }
        Value::Bool(value) => node.as_bool() == Some(*value),
        Value::Number(number) => {
            match (node.number_text().and_then(|own| own.parse::<f64>().ok()), number.as_f64()) {
                (Some(own), Some(number)) => own == number,
                _ => node.as_str().is_some_and(|own| own == number.to_string()),
            }
        }
        _ => false,
    }
}
