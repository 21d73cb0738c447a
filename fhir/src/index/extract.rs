//! From a resource to its index values.

use super::collector::{Collector, Target};
use super::convert::{self, Convert};
use super::plan::{Plan, Unfit};
use crate::definitions::expression::{self, Root};
use crate::definitions::names::{self, NameId};
use crate::definitions::{
    Component, ParamId, ParamKind, ResourceType, SearchParameter, TypeId, search_parameters,
};
use crate::json::Node;
use std::sync::OnceLock;
use thiserror::Error;

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");
const TYPE_COUNT: usize = 1024;

/// By type code, compiled when the first resource of the type comes.
static PLANS: [OnceLock<Plan<Action>>; TYPE_COUNT] = [const { OnceLock::new() }; TYPE_COUNT];

/// What extraction depends on beside the resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtractOptions<'o> {
    /// This server's FHIR base URL without a slash at its end: references below it are stored as local ones.
    pub base: Option<&'o str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    #[error("not a resource of a type R4 knows")]
    NoResourceType,
}

/// A value that does not fit its type. It is left out of the index; to refuse the resource is validation's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub param: ParamId,
    /// Byte offset of the value in the document's source.
    pub offset: usize,
    pub problem: &'static str,
}

/// Appends the index values of `resource` to `out` (read them with [`Values`](super::Values)) and reports the values
/// left out. The same resource and options always give the same bytes.
///
/// `_id` and `_lastUpdated` are not among them (they are in the key and the row), nor `_text` and `_content`.
pub fn extract(
    resource: Node<'_>,
    options: &ExtractOptions<'_>,
    out: &mut Vec<u8>,
) -> Result<Vec<Note>, Error> {
    let name = resource.get_name(RESOURCE_TYPE).and_then(Node::as_str).ok_or(Error::NoResourceType)?;
    let t = ResourceType::from_name(&name).ok_or(Error::NoResourceType)?;
    let mut collector = Collector::new(options, resource);
    plan_of(t).walk(resource, resource, &mut |action, value| action.run(value, &mut collector));
    if t == ResourceType::PATIENT {
        convert::patient_deceased(resource, &mut collector);
    }
    Ok(collector.finish(out))
}

/// What to do with a value an expression selects.
struct Action {
    /// All parameters that take the same values from the same place (`code` and `combo-code`).
    params: Vec<ParamId>,
    targets: &'static [ResourceType],
    run: Run,
}

enum Run {
    Convert(Convert),
    Composite(&'static [Component], Vec<ComponentPlan>),
}

struct ComponentPlan {
    on_resource: Option<Plan<(Convert, &'static [ResourceType])>>,
    on_match: Plan<(Convert, &'static [ResourceType])>,
}

impl Action {
    fn run(&self, value: Node<'_>, collector: &mut Collector<'_, '_>) {
        let (mark, param) = (collector.mark(), self.params[0]);
        match &self.run {
            Run::Convert(convert) => convert(value, Target { param, targets: self.targets }, collector),
            Run::Composite(_, components) => composite(param, components, value, collector),
        }
        let end = collector.mark();
        for also in &self.params[1..] {
            collector.repeat(mark, end, *also);
        }
    }

    /// Takes over the parameters of an action that finds the same; false if it does not.
    fn absorb(&mut self, other: &Action) -> bool {
        let same = match (&self.run, &other.run) {
            (Run::Convert(own), Run::Convert(others)) => {
                std::ptr::fn_addr_eq(*own, *others) && self.targets == other.targets
            }
            (Run::Composite(own, _), Run::Composite(others, _)) => own == others,
            _ => false,
        };
        if same {
            self.params.extend_from_slice(&other.params);
        }
        same
    }
}

/// One value if every component has one.
fn composite(
    param: ParamId,
    components: &[ComponentPlan],
    value: Node<'_>,
    collector: &mut Collector<'_, '_>,
) {
    // Most observations have no value of the type a composite asks for: ask before any part is built.
    if !components
        .iter()
        .all(|component| component.on_resource.is_some() || component.on_match.may_select(value))
    {
        return;
    }
    collector.composite();
    for component in components {
        let mark = collector.mark();
        component.run(param, value, collector);
        if !collector.component(mark) {
            return;
        }
    }
    collector.add_composite(param);
}

impl ComponentPlan {
    fn run(&self, param: ParamId, value: Node<'_>, collector: &mut Collector<'_, '_>) {
        let resource = collector.resource;
        let mut convert = |(convert, targets): &(Convert, &[ResourceType]), value: Node<'_>| {
            convert(value, Target { param, targets }, collector);
        };
        if let Some(plan) = &self.on_resource {
            plan.walk(resource, resource, &mut convert);
        }
        self.on_match.walk(value, resource, &mut convert);
    }
}

fn plan_of(t: ResourceType) -> &'static Plan<Action> {
    PLANS[usize::from(t.code())].get_or_init(|| compile(t, &mut |_, _| {}))
}

/// Merges all parameters of a type. `unfit` hears of expressions that do not fit the definitions; the tests hold that
/// R4 has none but the ones they name.
fn compile(t: ResourceType, unfit: &mut dyn FnMut(&SearchParameter, Unfit)) -> Plan<Action> {
    let mut plan = Plan::new();
    let Some(root) = TypeId::from_path(t.name()) else { return plan };
    for parameter in search_parameters(t).filter(|parameter| !is_elsewhere(parameter)) {
        for branch in parameter.branches() {
            if let Err(problem) =
                plan.add(root, branch, &mut |value_type| action(parameter, root, value_type))
            {
                unfit(parameter, problem);
            }
        }
    }
    plan.settle(Action::absorb)
}

/// The key and the row hold these; a Patient's `deceased` is computed apart, because absence is a value of it.
fn is_elsewhere(parameter: &SearchParameter) -> bool {
    matches!(parameter.name, "Resource-id" | "Resource-lastUpdated" | "Patient-deceased")
}

fn action(parameter: &'static SearchParameter, root: TypeId, value_type: TypeId) -> Option<Action> {
    let run = match parameter.kind {
        ParamKind::Composite => {
            let plans =
                parameter.components.iter().map(|component| component_plan(component, root, value_type));
            Run::Composite(&parameter.components, plans.collect::<Option<_>>()?)
        }
        kind => Run::Convert(convert::for_type(kind, value_type)?),
    };
    Some(Action { params: vec![parameter.id], targets: &parameter.targets, run })
}

fn component_plan(component: &'static Component, root: TypeId, context: TypeId) -> Option<ComponentPlan> {
    let mut plan = ComponentPlan { on_resource: None, on_match: Plan::new() };
    for branch in expression::parse(component.expression).ok()? {
        let mut end = |value_type: TypeId| {
            Some((convert::for_type(component.kind, value_type)?, component.targets.as_slice()))
        };
        let added = match branch.root {
            Root::Resource => plan.on_resource.get_or_insert_with(Plan::new).add(root, &branch, &mut end),
            _ => plan.on_match.add(context, &branch, &mut end),
        };
        added.ok()?;
    }
    let keep = |_: &mut _, _: &_| false;
    Some(ComponentPlan {
        on_resource: plan.on_resource.map(|plan| plan.settle(keep)),
        on_match: plan.on_match.settle(keep),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_r4_expression_compiles_and_ends_at_values() {
        let mut left_out = BTreeSet::new();
        for t in ResourceType::all() {
            let root = TypeId::from_path(t.name()).expect("a type");
            for parameter in search_parameters(t).filter(|parameter| !is_elsewhere(parameter)) {
                for branch in parameter.branches() {
                    let added = Plan::new().add(root, branch, &mut |value_type| {
                        let action = action(parameter, root, value_type);
                        if action.is_none() {
                            left_out.insert(format!(
                                "{} {:?} {}",
                                parameter.name,
                                parameter.kind,
                                value_type.path()
                            ));
                        }
                        action
                    });
                    if let Err(problem) = added {
                        left_out.insert(format!("{} {problem:?}", parameter.name));
                    }
                }
            }
        }
        let expected: BTreeSet<String> = include_str!("unconverted.txt").lines().map(str::to_owned).collect();
        assert_eq!(left_out, expected);
    }
}
