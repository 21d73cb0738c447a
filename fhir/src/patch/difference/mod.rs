//! The FHIRPath Patch that leads from one version of a resource to another: <https://hl7.org/fhir/R4/fhirpatch.html>.
//!
//! Elements are compared one by one. In a list equal elements belong together, then those with the same element id, then the
//! rest in order; what is left over was deleted or is new. Elements with different ids are replaced as a whole.

mod field;
mod list;
mod write;

use super::{
    error::{Error, ErrorKind},
    fhirpath_patch::{is_abstract, resource_type},
    limits::{Budget, Limits},
};
use crate::{
    definitions::TypeId,
    json::{Document, Node},
};
use field::{Field, Item};
use write::Writer;

/// The operations that make `after` of `before`, as a Parameters resource.
///
/// Errors: other type or id; elements that R4 does not know; lists so long and so different that finding what belongs together
/// costs more than `limits.steps_max`.
pub fn diff(before: &Document, after: &Document, limits: &Limits) -> Result<Vec<u8>, Error> {
    let (before, after) = (before.root(), after.root());
    let own_type = resource_type(before)?;
    if own_type != resource_type(after)? {
        return Err(ErrorKind::IdentityChanged("resourceType").into());
    }
    if before.get("id").and_then(Node::as_str) != after.get("id").and_then(Node::as_str) {
        return Err(ErrorKind::IdentityChanged("id").into());
    }
    let mut difference = Difference { writer: Writer::default(), budget: Budget::new(limits) };
    difference.objects(own_type.path(), own_type, before, after)?;
    Ok(difference.writer.finish())
}

/// The work so far.
struct Difference<'l> {
    writer: Writer,
    budget: Budget<'l>,
}

impl Difference<'_> {
    /// Compares two objects of one type. What is new comes before what goes: an object that becomes empty on the way would
    /// go, too. As deep as the documents, which are bounded.
    fn objects(
        &mut self,
        path: &str,
        own_type: TypeId,
        before: Node<'_>,
        after: Node<'_>,
    ) -> Result<(), ErrorKind> {
        let (before, after) = (Field::all(before, own_type)?, Field::all(after, own_type)?);
        self.budget.spend(1 + before.len() * after.len())?;
        let same = |fields: &[Field<'_>], field: &Field<'_>| {
            fields.iter().position(|other| std::ptr::eq(other.definition, field.definition))
        };
        let mut gone = vec![];
        for old in &before {
            match same(&after, old) {
                Some(at) => self.fields(path, old, &after[at])?,
                None => gone.push(old),
            }
        }
        for new in after.iter().filter(|field| same(&before, field).is_none()) {
            for item in new.items() {
                self.writer.add(path, new, item)?;
            }
        }
        for old in gone {
            let path = format!("{path}.{}", old.definition.name);
            match old.definition.repeats() {
                false => self.writer.delete(&path),
                true => {
                    (0..old.items().len()).rev().for_each(|at| self.writer.delete(&format!("{path}[{at}]")))
                }
            }
        }
        Ok(())
    }

    fn fields(&mut self, parent: &str, old: &Field<'_>, new: &Field<'_>) -> Result<(), ErrorKind> {
        let path = format!("{parent}.{}", old.definition.name);
        if old.definition.repeats() {
            return self.lists(parent, &path, old, new);
        }
        match (old.items().first(), new.items().first()) {
            (Some(before), Some(after)) => self.items(&path, (old, before), (new, after)),
            _ => Ok(()),
        }
    }

    /// Compares two elements that belong together.
    fn items(
        &mut self,
        path: &str,
        (old, before): (&Field<'_>, &Item<'_>),
        (new, after): (&Field<'_>, &Item<'_>),
    ) -> Result<(), ErrorKind> {
        self.budget.scan(before.bytes() + after.bytes())?;
        if old.name == new.name && before.equals(after) {
            return Ok(());
        }
        if let (Some(one), Some(other), true) = (before.object(), after.object(), old.name == new.name) {
            let (mut own_type, mut alike) = (old.own_type, before.id() == after.id());
            if is_abstract(own_type) {
                own_type = resource_type(one)?;
                alike = own_type == resource_type(other)?;
            }
            if alike {
                return self.objects(path, own_type, one, other);
            }
        }
        self.writer.replace(path, new, after)
    }
}
