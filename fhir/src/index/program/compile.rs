//! From search parameters to a program.

use super::super::collector::{Sink, Slot};
use super::super::convert;
use super::super::plan::{Plan, Spot, Unfit};
use super::action::{Action, Composition, Conversion};
use super::evaluated::Evaluated;
use super::{Program, Refusal};
use crate::definitions::{Component, ParamKind, ResourceType, SearchParameter, TypeId, search_parameters};
use crate::fhirpath_syntax::parse::parse;
use crate::fhirpath_syntax::path::{Path, Root, alternatives};
use std::sync::Arc;

impl Program {
    pub(in super::super) fn of(t: ResourceType) -> Program {
        Program::compile(t, &mut |_, _| {})
    }

    /// Merges all parameters of a type. `refused` hears of values that have no meaning and of expressions that are none;
    /// the tests hold that R4 has none but the ones they name.
    fn compile(t: ResourceType, refused: &mut dyn FnMut(&SearchParameter, Refusal)) -> Program {
        Program::of_parameters(t, search_parameters(t).filter(|parameter| !is_in_key(parameter)), refused)
    }

    /// Merges all parameters of a type and some that are not R4's.
    pub(in super::super) fn with<'p>(
        t: ResourceType,
        custom: impl Iterator<Item = &'p SearchParameter>,
    ) -> Program {
        let own = search_parameters(t).filter(|parameter| !is_in_key(parameter));
        Program::of_parameters(t, own.map(|one| one as &SearchParameter).chain(custom), &mut |_, _| {})
    }

    /// Why a parameter of a type gives no values: its expression cannot be compiled, or none of the types that it ends at has a
    /// meaning for its kind.
    ///
    /// # Errors
    /// The first reason.
    pub(in super::super) fn judge(t: ResourceType, parameter: &SearchParameter) -> Result<(), String> {
        let mut refusals = Vec::new();
        let program = Program::of_parameters(t, std::iter::once(parameter), &mut |_, refusal| {
            refusals.push(refusal);
        });
        let is_fatal = |refusal: &Refusal| program.is_empty() || matches!(refusal, Refusal::Expression(_));
        match refusals.into_iter().find(is_fatal) {
            Some(refusal) => Err(refusal.to_string()),
            None if program.is_empty() => Err(Unfit::Nowhere.to_string()),
            None => Ok(()),
        }
    }

    /// Merges some parameters of a type.
    pub(super) fn of_parameters<'p>(
        t: ResourceType,
        parameters: impl Iterator<Item = &'p SearchParameter>,
        refused: &mut dyn FnMut(&SearchParameter, Refusal),
    ) -> Program {
        let mut program = Program { plan: Plan::new(), evaluated: Vec::new(), slots: 0 };
        let Some(root) = TypeId::from_path(t.name()) else { return program };
        for parameter in parameters {
            if program.add_to_plan(parameter, root, refused).is_err() {
                program.add_evaluated(parameter, refused);
            }
        }
        program.plan = program.plan.settle();
        program
    }

    /// The same without a plan: the evaluator finds everything.
    #[cfg(test)]
    pub(super) fn without_plan(t: ResourceType) -> Program {
        let mut program = Program { plan: Plan::new(), evaluated: Vec::new(), slots: 0 };
        for parameter in search_parameters(t).filter(|parameter| !is_in_key(parameter)) {
            program
                .add_evaluated(parameter, &mut |parameter, refusal| panic!("{}: {refusal}", parameter.name));
        }
        program
    }

    /// An error if not all of the parameter can be followed in a walk.
    fn add_to_plan(
        &mut self,
        parameter: &SearchParameter,
        root: TypeId,
        refused: &mut dyn FnMut(&SearchParameter, Refusal),
    ) -> Result<(), Unfit> {
        let mut spots = Vec::new();
        for alternative in &parameter.alternatives {
            let path = alternative.path.as_ref().ok_or(Unfit::NoPath)?;
            spots.append(&mut self.plan.select(Plan::<Action>::root(root), path)?);
        }
        for spot in spots {
            if parameter.kind == ParamKind::Composite {
                self.compose(parameter, root, spot)?;
            } else if !self.convert(parameter, spot) {
                refused(parameter, Refusal::NoMeaning { kind: parameter.kind, value_type: spot.value_type });
            }
        }
        Ok(())
    }

    fn add_evaluated(
        &mut self,
        parameter: &SearchParameter,
        refused: &mut dyn FnMut(&SearchParameter, Refusal),
    ) {
        match Evaluated::compile(parameter, self.slots) {
            Ok(evaluated) => {
                self.slots += evaluated.slots();
                self.evaluated.push(evaluated);
            }
            Err(error) => refused(parameter, error.into()),
        }
    }

    /// False if values of the type there have no meaning for the parameter.
    fn convert(&mut self, parameter: &SearchParameter, spot: Spot) -> bool {
        let Some(convert) = convert::for_type(parameter.kind, spot.value_type) else { return false };
        let sink = Sink { param: parameter.id, slot: None };
        self.add(spot, Conversion { convert, targets: parameter.targets.clone(), sinks: vec![sink] });
        true
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
    fn compose(&mut self, parameter: &SearchParameter, root: TypeId, spot: Spot) -> Result<(), Unfit> {
        if self.composed(parameter, spot) {
            return Ok(());
        }
        let first = self.slots;
        let mut below = Vec::new();
        let mut elsewhere = Vec::new();
        for (slot, component) in (first..).map(Slot).zip(parameter.components.iter()) {
            let sinks = [Sink { param: parameter.id, slot: Some(slot) }];
            for path in component_paths(component)? {
                if path.root == Root::Resource {
                    elsewhere.push((slot, component_elsewhere(component, root, &path, &sinks)?));
                    continue;
                }
                let spots = self.plan.select(spot, &path)?;
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
        let (params, components) = (vec![parameter.id], Arc::clone(&parameter.components));
        let composition = Composition { params, components, slots: first..self.slots, elsewhere };
        self.plan.actions_after(spot).push(Action::Compose(composition));
        Ok(())
    }

    /// Whether a composite of the same components is there, which then is `parameter`'s too.
    fn composed(&mut self, parameter: &SearchParameter, spot: Spot) -> bool {
        let same = self.plan.actions_after(spot).iter_mut().find_map(|action| match action {
            Action::Compose(known) if known.components == parameter.components => Some(known),
            _ => None,
        });
        same.map(|known| known.params.push(parameter.id)).is_some()
    }
}

fn component_paths(component: &Component) -> Result<Vec<Path>, Unfit> {
    let expression = parse(&component.expression).map_err(|_| Unfit::NoPath)?;
    alternatives(&expression).into_iter().map(|expr| Path::of(expr).ok_or(Unfit::NoPath)).collect()
}

fn component_conversion(component: &Component, spot: Spot, sinks: &[Sink]) -> Option<Conversion> {
    let convert = convert::for_type(component.kind, spot.value_type)?;
    Some(Conversion { convert, targets: component.targets.clone(), sinks: sinks.to_vec() })
}

fn component_elsewhere(
    component: &Component,
    root: TypeId,
    path: &Path,
    sinks: &[Sink],
) -> Result<Plan<Conversion>, Unfit> {
    let mut plan = Plan::new();
    for spot in plan.select(Plan::<Conversion>::root(root), path)? {
        plan.actions(spot).extend(component_conversion(component, spot, sinks));
    }
    Ok(plan.settle())
}

/// The key and the row hold these.
fn is_in_key(parameter: &SearchParameter) -> bool {
    matches!(&*parameter.name, "Resource-id" | "Resource-lastUpdated")
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
                    Refusal::Expression(error) => format!("{} {error}", parameter.name),
                });
            });
        }
        let expected: BTreeSet<String> = include_str!("unconverted.txt").lines().map(str::to_owned).collect();
        assert_eq!(left_out, expected);
    }
}
