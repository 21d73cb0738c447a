//! Parameters whose expression is more than paths: FHIRPath's evaluator finds their values.

use super::super::collector::{Collector, Sink, Slot};
use super::super::convert;
use super::computed;
use crate::definitions::{Component, ParamId, ParamKind, ResourceType, SearchParameter, TypeId};
use crate::fhirpath::{Element, Error, Expression, Input, Item, Limits, Options, Value};
use crate::fhirpath_syntax::ast::Expr;
use crate::fhirpath_syntax::parse::parse;
use crate::fhirpath_syntax::path::alternatives;
use crate::json::Node;
use std::sync::Arc;

/// A parameter, evaluated.
pub(super) struct Evaluated {
    selection: Selection,
    /// Of a composite, each with where its values wait.
    components: Vec<(Slot, Selection)>,
}

/// An expression and what its values are converted to.
struct Selection {
    param: ParamId,
    kind: ParamKind,
    targets: Arc<[ResourceType]>,
    /// Of the union at the top of the expression, evaluated one by one: a union keeps one of `1.0` and `1.00`, which a
    /// search for numbers tells apart.
    operands: Vec<Expression>,
}

/// What one expression may cost on one resource, in a write and again in a walk over all rows: some 10 ms. One that costs more has
/// no value there, which is noted.
const LIMITS: Limits = Limits { steps_max: 200_000, items_max: 20_000, text_bytes_max: 64 << 10 };

/// R4's search parameters use `as` on collections.
const OPTIONS: Options = Options::R4;

impl Evaluated {
    /// `slots` is the number of slots taken so far.
    pub(super) fn compile(parameter: &SearchParameter, slots: u16) -> Result<Evaluated, Error> {
        let param = parameter.id;
        let operands: Vec<&Expr> = parameter.alternatives.iter().map(|one| &one.expr).collect();
        let text = parameter.expression.as_deref().unwrap_or_default();
        let component = |(slot, component): (u16, &Component)| {
            let Component { kind, targets, expression, .. } = component;
            let selection =
                Selection::of(param, *kind, targets, (&alternatives(&parse(expression)?), expression))?;
            Ok((Slot(slot), selection))
        };
        Ok(Evaluated {
            selection: Selection::of(param, parameter.kind, &parameter.targets, (&operands, text))?,
            components: (slots..)
                .zip(parameter.components.iter())
                .map(component)
                .collect::<Result<_, Error>>()?,
        })
    }

    /// How many slots it takes.
    pub(super) fn slots(&self) -> u16 {
        self.components.len() as u16
    }

    /// Evaluates the expression on `resource` and converts what it gives. An expression that has no value for this
    /// resource (an operand of a wrong type, too much work) is noted.
    pub(super) fn run<'o>(&'o self, resource: Node<'_>, collector: &mut Collector<'o, '_>) {
        let input = Input { limits: LIMITS, ..Input::resource(resource) };
        if self.components.is_empty() {
            self.selection.convert(&input, None, collector);
            return;
        }
        for item in self.selection.items(&input, collector) {
            let Item::Element(element) = item else { continue };
            let input = Input { limits: LIMITS, ..Input::element(element) };
            self.compose(input.within(Element::resource(resource)), collector);
        }
    }

    fn compose<'o>(&'o self, input: Input<'_>, collector: &mut Collector<'o, '_>) {
        for (slot, component) in &self.components {
            component.convert(&input, Some(*slot), collector);
        }
        let slots = || self.components.iter().map(|(slot, _)| *slot);
        if slots().all(|slot| !collector.is_empty(slot)) {
            collector.add_composite(&[self.selection.param], slots());
        }
        slots().for_each(|slot| collector.empty(slot));
    }
}

impl Selection {
    fn of(
        param: ParamId,
        kind: ParamKind,
        targets: &Arc<[ResourceType]>,
        (operands, text): (&[&Expr], &str),
    ) -> Result<Selection, Error> {
        let compile = |expr: &&Expr| Expression::compile_tree(expr, text, OPTIONS);
        let operands = operands.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Selection { param, kind, targets: Arc::clone(targets), operands })
    }

    fn items<'o, 'd>(&'o self, input: &Input<'d>, collector: &mut Collector<'o, '_>) -> Vec<Item<'d>> {
        let mut items = Vec::new();
        for operand in &self.operands {
            match operand.evaluate(input) {
                Ok(found) => items.extend(found),
                Err(_) => {
                    collector.begin(&self.targets);
                    collector
                        .note(collector.resource, "the parameter's expression cannot be evaluated on it");
                    collector.end(&[Sink { param: self.param, slot: None }]);
                }
            }
        }
        items
    }

    fn convert<'o>(&'o self, input: &Input<'_>, slot: Option<Slot>, collector: &mut Collector<'o, '_>) {
        for item in self.items(input, collector) {
            collector.begin(&self.targets);
            match &item {
                Item::Element(element) => self.convert_element(element, collector),
                Item::Value(value) => self.convert_value(value, collector),
            }
            collector.end(&[Sink { param: self.param, slot }]);
        }
    }

    /// By the same converters as values reached along a plan.
    fn convert_element(&self, element: &Element<'_>, collector: &mut Collector<'_, '_>) {
        if let (Some(node), Some(value_type)) = (element.node(), element.type_id())
            && let Some(convert) = convert::for_type(self.kind, value_type)
        {
            convert(node, collector);
        }
    }

    fn convert_value(&self, value: &Value<'_>, collector: &mut Collector<'_, '_>) {
        if let Some((document, type_name)) = computed::document(value)
            && let Some(convert) =
                TypeId::from_path(type_name).and_then(|id| convert::for_type(self.kind, id))
        {
            convert(document.root(), collector);
        }
    }
}
