//! From search parameters to a program.

use super::super::collector::{Sink, Slot};
use super::super::convert;
use super::super::plan::{Plan, Spot};
use super::action::{Action, Composition, Conversion};
use super::{Program, Refusal};
use crate::definitions::{Component, ParamKind, ResourceType, SearchParameter, TypeId, search_parameters};
use crate::fhirpath::parse::parse;
use crate::fhirpath::path::{Path, Root, alternatives};

impl Program {
    pub(in super::super) fn of(t: ResourceType) -> Program {
        Program::compile(t, &mut |_, _| {})
    }

    /// Merges all parameters of a type. `unfit` hears of expressions that do not fit the definitions; the tests hold that
    /// R4 has none but the ones they name.
    fn compile(t: ResourceType, unfit: &mut dyn FnMut(&SearchParameter, Refusal)) -> Program {
        let mut program = Program { plan: Plan::new(), slots: 0 };
        let Some(root) = TypeId::from_path(t.name()) else { return program };
        for parameter in search_parameters(t).filter(|parameter| !is_elsewhere(parameter)) {
            for path in parameter.paths() {
                let spots = match program.plan.select(Plan::<Action>::root(root), path) {
                    Ok(spots) => spots,
                    Err(problem) => {
                        unfit(parameter, problem.into());
                        continue;
                    }
                };
                for spot in spots {
                    let added = match parameter.kind {
                        ParamKind::Composite => program.compose(parameter, root, spot),
                        _ => program.convert(parameter, spot),
                    };
                    if added.is_none() {
                        unfit(
                            parameter,
                            Refusal::NoMeaning { kind: parameter.kind, value_type: spot.value_type },
                        );
                    }
                }
            }
        }
        program.plan = program.plan.settle();
        program
    }

    fn convert(&mut self, parameter: &'static SearchParameter, spot: Spot) -> Option<()> {
        let convert = convert::for_type(parameter.kind, spot.value_type)?;
        let sink = Sink { param: parameter.id, slot: None };
        self.add(spot, Conversion { convert, targets: &parameter.targets, sinks: vec![sink] });
        Some(())
    }

    /// Adds to a conversion that does the same, if there is one.
    fn add(&mut self, spot: Spot, conversion: Conversion) {
        let actions = self.plan.actions(spot);
        let same = actions.iter_mut().find_map(|action| match action {
            Action::Convert(known) if known.does_as(&conversion) => Some(known),
            _ => None,
        });
        match same {
            Some(known) => known.sinks.extend(conversion.sinks),
            None => actions.push(Action::Convert(conversion)),
        }
    }

    /// Adds the components of a composite on the values at `spot`, whose resource is a `root`.
    fn compose(&mut self, parameter: &'static SearchParameter, root: TypeId, spot: Spot) -> Option<()> {
        if self.composed(parameter, spot) {
            return Some(());
        }
        let first = self.slots;
        let mut below = Vec::new();
        let mut elsewhere = Vec::new();
        for (slot, component) in (first..).map(Slot).zip(&parameter.components) {
            let sinks = [Sink { param: parameter.id, slot: Some(slot) }];
            for expr in alternatives(&parse(component.expression).ok()?) {
                let path = Path::of(expr)?;
                if path.root == Root::Resource {
                    elsewhere.push((slot, component_elsewhere(component, root, &path, &sinks)?));
                    continue;
                }
                let spots = self.plan.select(spot, &path).ok()?;
                // Of a choice element some types may have no meaning for the component.
                below.extend(
                    spots
                        .into_iter()
                        .filter_map(|spot| Some((spot, component_conversion(component, spot, &sinks)?))),
                );
            }
        }
        self.slots += parameter.components.len() as u16;
        below.into_iter().for_each(|(spot, conversion)| self.add(spot, conversion));
        let (params, components) = (vec![parameter.id], parameter.components.as_slice());
        let composition = Composition { params, components, slots: first..self.slots, elsewhere };
        self.plan.actions_after(spot).push(Action::Compose(composition));
        Some(())
    }

    /// Whether a composite of the same components is there, which then is `parameter`'s too.
    fn composed(&mut self, parameter: &'static SearchParameter, spot: Spot) -> bool {
        let same = self.plan.actions_after(spot).iter_mut().find_map(|action| match action {
            Action::Compose(known) if known.components == parameter.components => Some(known),
            _ => None,
        });
        same.map(|known| known.params.push(parameter.id)).is_some()
    }
}

fn component_conversion(component: &'static Component, spot: Spot, sinks: &[Sink]) -> Option<Conversion> {
    let convert = convert::for_type(component.kind, spot.value_type)?;
    Some(Conversion { convert, targets: &component.targets, sinks: sinks.to_vec() })
}

fn component_elsewhere(
    component: &'static Component,
    root: TypeId,
    path: &Path,
    sinks: &[Sink],
) -> Option<Plan<Conversion>> {
    let mut plan = Plan::new();
    for spot in plan.select(Plan::<Conversion>::root(root), path).ok()? {
        let conversion = component_conversion(component, spot, sinks)?;
        plan.actions(spot).push(conversion);
    }
    Some(plan.settle())
}

/// The key and the row hold these; a Patient's `deceased` is computed apart, because absence is a value of it.
fn is_elsewhere(parameter: &SearchParameter) -> bool {
    matches!(parameter.name, "Resource-id" | "Resource-lastUpdated" | "Patient-deceased")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_r4_expression_compiles_and_ends_at_values() {
        let mut left_out = BTreeSet::new();
        for t in ResourceType::all() {
            Program::compile(t, &mut |parameter, refusal| {
                left_out.insert(match refusal {
                    Refusal::NoMeaning { kind, value_type } => {
                        format!("{} {kind:?} {}", parameter.name, value_type.path())
                    }
                    Refusal::Unfit(problem) => format!("{} {problem}", parameter.name),
                });
            });
        }
        let expected: BTreeSet<String> = include_str!("unconverted.txt").lines().map(str::to_owned).collect();
        assert_eq!(left_out, expected);
    }
}
