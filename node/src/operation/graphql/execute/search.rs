//! Searches, of the system and for what refers to a resource: <https://hl7.org/fhir/R4/graphql.html#searching>.

use super::{
    super::{
        output::Object,
        read::{Field, Selection},
        store::Question,
    },
    Execution, Flow, Spot,
    element::{Item, shortened},
    filter::number,
    object::searched,
    page::{FIRST, Page},
};
use fhir::json::Node;
use proto::Error;
use serde_json::Value;

impl<'q> Execution<'q> {
    /// `ConditionList(_reference: patient)` of a resource: what refers to it by that parameter.
    pub(super) fn reverse(
        &mut self,
        spot: Spot<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let Some(Value::String(parameter)) =
            field.arguments.iter().find(|(name, _)| name == "_reference").map(|(_, value)| value)
        else {
            let text = format!(
                "{0} of a resource is what refers to it: say by which search parameter, {0}(_reference: …)",
                field.name
            );
            self.wrong(field, text);
            return Ok(());
        };
        let text = |name: &str| spot.node.get(name).and_then(Node::as_str);
        let (Some(name), Some(id)) = (text("resourceType"), text("id")) else {
            self.wrong(field, "what is contained in another resource is referred to by that one alone");
            return Ok(());
        };
        self.search(field, Some((named(parameter), format!("{name}/{id}"))), flow, out)
    }

    /// `PatientList(…)` or `PatientConnection(…)`.
    pub(super) fn search(
        &mut self,
        field: &'q Field,
        reference: Option<(String, String)>,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let question = match self.question(field, reference) {
            Ok(question) => question,
            Err(text) => {
                self.wrong(field, text);
                return Ok(());
            }
        };
        let store = self.store;
        let found = match store.found(&question) {
            None => {
                self.wanted.questions.insert(question);
                return Ok(());
            }
            Some(Err(error)) => {
                self.problem(field, error.clone());
                return Ok(());
            }
            Some(Ok(found)) => found,
        };
        if searched(&field.name).is_some_and(|(_, is_connection)| is_connection) {
            let page = Page {
                found,
                offset: question.offset,
                count: question.count,
                is_first: question.cursor.is_empty(),
            };
            return self.emit(field, vec![page], false, flow, out);
        }
        let matches = found.entries.iter().filter(|entry| entry.is_match);
        let items =
            matches.map(|entry| Item { spot: Spot::resource(entry.document.root()), is_primitive: false });
        self.emit(field, items.collect(), true, flow, out)
    }

    fn question(&self, field: &Field, reference: Option<(String, String)>) -> Result<Question, String> {
        let (resource_type, is_connection) =
            searched(&field.name).ok_or_else(|| format!("{} is no search", field.name))?;
        let limits = self.store.limits;
        let total = is_connection && counts(&field.selections);
        let mut question = Question {
            resource_type,
            parameters: reference.into_iter().collect(),
            cursor: String::new(),
            offset: 0,
            count: limits.count_default,
            total,
        };
        for (name, value) in &field.arguments {
            let text =
                |value| text(value).ok_or_else(|| format!("{name} takes a simple value or a list of them"));
            let number = |value| number(value).ok_or_else(|| format!("{name} takes a number from 0"));
            match (name.as_str(), value) {
                (_, Value::Null) | ("_reference", _) => {}
                ("_count", value) => question.count = number(value)?,
                ("_offset", value) => question.offset = number(value)?,
                ("_cursor", value) => {
                    // The page that `first` of a connection names has none.
                    question.cursor = Some(text(value)?).filter(|cursor| cursor != FIRST).unwrap_or_default();
                }
                (name, value) => question.parameters.push((named(name), text(value)?)),
            }
        }
        question.count = question.count.min(limits.count_max);
        if question.offset > limits.count_max - question.count {
            let max = limits.count_max;
            return Err(format!(
                "_offset and _count reach beyond {max}: go on by _cursor: …, which is 'next' of {resource_type}Connection"
            ));
        }
        Ok(question)
    }
}

/// A search parameter as a field names it: GraphQL has no hyphens.
fn named(name: &str) -> String {
    let name = match name.strip_prefix('_') {
        Some(name) => format!("_{}", name.replace('_', "-")),
        None => name.replace('_', "-"),
    };
    shortened(&name)
}

/// Several values of a list are alternatives.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Array(values) => {
            let texts: Option<Vec<String>> = values.iter().map(text).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

/// Whether all matches are to be counted; a fragment may say so.
fn counts(selections: &[Selection]) -> bool {
    selections.iter().any(|selection| match selection {
        Selection::Field(field) => field.name == "count",
        Selection::Inline { selections, .. } => counts(selections),
        Selection::Spread(_) => true,
    })
}
