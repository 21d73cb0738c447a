//! Selections: <https://spec.graphql.org/October2021/#sec-Selection-Sets>.

use super::{
    super::malformed,
    directives,
    place::Lines,
    tree::{Field, Selection},
    value::arguments,
    variables::Variables,
};
use apollo_parser::cst::{self, CstNode};
use proto::Error;
use std::collections::BTreeSet;

/// What selections are read with.
pub struct Reader<'r> {
    pub lines: &'r Lines<'r>,
    pub variables: &'r Variables,
    /// The fragments there are.
    pub fragments: &'r BTreeSet<String>,
}

impl Reader<'_> {
    /// All of a set. As deep as the text, which the parser bounds.
    ///
    /// # Errors
    /// `Malformed` for variables, directives and fragments that are not there.
    pub fn set(&self, set: Option<cst::SelectionSet>) -> Result<Vec<Selection>, Error> {
        let mut all = vec![];
        for selection in set.iter().flat_map(|set| set.selections()) {
            all.extend(match selection {
                cst::Selection::Field(field) => self.field(&field)?,
                cst::Selection::InlineFragment(fragment) => self.inline(&fragment)?,
                cst::Selection::FragmentSpread(spread) => self.spread(&spread)?,
            });
        }
        Ok(all)
    }

    fn field(&self, field: &cst::Field) -> Result<Option<Selection>, Error> {
        let Some(shape) = directives::read(field.directives(), self.variables)? else { return Ok(None) };
        let text = |name: Option<cst::Name>| name.map(|name| name.text().to_string());
        let name = text(field.name()).unwrap_or_default();
        let key = field.alias().and_then(|alias| text(alias.name())).unwrap_or_else(|| name.clone());
        Ok(Some(Selection::Field(Field {
            name,
            key,
            arguments: arguments(field.arguments(), self.variables)?,
            shape,
            selections: self.set(field.selection_set())?,
            at: self.lines.location(usize::from(field.syntax().text_range().start())),
        })))
    }

    fn inline(&self, fragment: &cst::InlineFragment) -> Result<Option<Selection>, Error> {
        if directives::read(fragment.directives(), self.variables)?.is_none() {
            return Ok(None);
        }
        let on = type_of(fragment.type_condition());
        Ok(Some(Selection::Inline { on, selections: self.set(fragment.selection_set())? }))
    }

    fn spread(&self, spread: &cst::FragmentSpread) -> Result<Option<Selection>, Error> {
        if directives::read(spread.directives(), self.variables)?.is_none() {
            return Ok(None);
        }
        let name = name_of(spread.fragment_name());
        if !self.fragments.contains(&name) {
            return Err(malformed(format!(
                "there is no fragment '{name}': define it by fragment {name} on Type {{ … }}"
            )));
        }
        Ok(Some(Selection::Spread(name)))
    }
}

/// The name of a fragment.
pub fn name_of(name: Option<cst::FragmentName>) -> String {
    name.and_then(|name| name.name()).map(|name| name.text().to_string()).unwrap_or_default()
}

/// The type that a fragment is about.
pub fn type_of(condition: Option<cst::TypeCondition>) -> Option<String> {
    Some(condition?.named_type()?.name()?.text().to_string())
}
