//! From the values of a field to members of the answer, as its directives say: <https://hl7.org/fhir/R4/graphql.html#directives>.

use super::{
    super::{
        output::{MEMBERS_MAX, Manner, Object, Output, Refused},
        problem::Step,
        read::Field,
    },
    Execution, Flow,
};
use proto::Error;

/// Names compared for one step.
const LOOKED_AT: usize = 64;

/// What is done with a value of a field.
pub(super) trait Fill<'q> {
    /// Selects of it into `out`.
    fn fill(
        &self,
        execution: &mut Execution<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error>;

    /// The value by itself, where it has no fields.
    fn leaf(&self) -> Option<Output> {
        None
    }

    /// What `@slice(path: …)` calls it; `None`: it cannot be asked, or says nothing.
    fn slice(
        &self,
        _execution: &mut Execution<'q>,
        _field: &'q Field,
        _path: &'q str,
    ) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

impl<'q> Execution<'q> {
    /// Puts the values of a field; `repeats`: it may have several.
    pub(super) fn emit<F: Fill<'q>>(
        &mut self,
        field: &'q Field,
        mut values: Vec<F>,
        repeats: bool,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let shape = &field.shape;
        if !self.is_selected_as_it_is(field, values.first()) {
            return Ok(());
        }
        if shape.first {
            values.truncate(1);
        }
        let is_listed = flow.is_listed || repeats && !shape.first;
        let mut members: Vec<(String, Vec<Output>)> = vec![];
        for (index, value) in values.iter().enumerate() {
            self.pay(1 + members.len() / LOOKED_AT)?;
            let suffix = self.suffix(field, index, value, flow)?;
            if shape.flatten {
                value.fill(self, field, Flow { is_listed, suffix: &suffix }, out)?;
                continue;
            }
            let output = match repeats {
                true => self.at(Step::Index(index), |this| this.one(value, field))?,
                false => self.one(value, field)?,
            };
            let key = format!("{}{suffix}", field.key);
            // A list has one name for all, the one before.
            match members.iter().rposition(|(known, _)| *known == key) {
                Some(at) => members[at].1.push(output),
                None if members.len() == MEMBERS_MAX => {
                    self.wrong(
                        field,
                        format!("@slice makes more than {MEMBERS_MAX} members: take fewer by _count"),
                    );
                    return Ok(());
                }
                None => members.push((key, vec![output])),
            }
        }
        let manner = Manner { is_list: is_listed && !shape.singleton, joins: flow.is_listed };
        for (key, values) in members {
            self.put(field, &key, values, manner, out)?;
        }
        Ok(())
    }

    /// Whether fields are selected of what has fields, and of nothing else.
    fn is_selected_as_it_is<F: Fill<'q>>(&mut self, field: &Field, value: Option<&F>) -> bool {
        let Some(value) = value else { return true };
        let text = match (value.leaf().is_some(), field.selections.is_empty()) {
            (true, true) | (false, false) => return true,
            (false, true) => format!("{0} has fields: name those that are wanted, {0} {{ … }}", field.name),
            (true, false) => format!("{} is a simple value: it has no fields", field.name),
        };
        self.wrong(field, text);
        false
    }

    /// What a slice adds to the names that come of one value.
    fn suffix<F: Fill<'q>>(
        &mut self,
        field: &'q Field,
        index: usize,
        value: &F,
        flow: Flow<'_>,
    ) -> Result<String, Error> {
        let name = match field.shape.slice.as_deref() {
            None => None,
            Some("$index") => Some(index.to_string()),
            Some(path) => value.slice(self, field, path)?,
        };
        Ok(match name {
            Some(name) => format!("{}.{name}", flow.suffix),
            None => flow.suffix.to_owned(),
        })
    }

    fn one<F: Fill<'q>>(&mut self, value: &F, field: &'q Field) -> Result<Output, Error> {
        if let Some(leaf) = value.leaf() {
            if let Output::Raw(raw) = &leaf {
                self.pay(raw.len() / 64)?;
            }
            return Ok(leaf);
        }
        let mut object = Object::default();
        value.fill(self, field, Flow::default(), &mut object)?;
        Ok(Output::Object(object))
    }

    /// Puts values into an object, or tells why not.
    pub(super) fn put(
        &mut self,
        field: &Field,
        key: &str,
        values: Vec<Output>,
        manner: Manner,
        out: &mut Object,
    ) -> Result<(), Error> {
        self.pay(out.size() / LOOKED_AT)?;
        match out.put(key, values, manner) {
            Ok(()) => {}
            Err(Refused::Several) => {
                self.wrong(
                    field,
                    format!("{key} has several values, so it cannot be a @singleton: take one by @first"),
                );
            }
            Err(Refused::Full) => {
                self.wrong(field, format!("there are more than {MEMBERS_MAX} members in one object"))
            }
        }
        Ok(())
    }
}
