//! A value set that comes only with an expansion (<https://hl7.org/fhir/R4/valueset.html#expansion>).

use super::compiler::Compiler;
use super::group::Group;
use crate::json::{Items, Node};
use crate::terminology::value_set::{Content, Listed, Reason, Selection};
use crate::terminology::{Designation, Error, member};
use std::sync::Arc;

impl Compiler<'_> {
    /// The codes an expansion lists, abstract groups left out. Errors: it is one page of a longer list.
    pub(super) fn stored(&mut self, expansion: Node<'_>) -> Result<Group, Error> {
        let mut codes = Group::new();
        let mut count = 0;
        let mut open = vec![nested(expansion)];
        while let Some(waiting) = open.last_mut() {
            let Some(node) = waiting.as_mut().and_then(Iterator::next) else {
                open.pop();
                continue;
            };
            count += 1;
            self.compilation.spend(1)?;
            if let Some((universe, number)) = self.stored_code(node) {
                let selection = codes.entry(universe).or_insert_with(Selection::none);
                selection.yes.insert(number);
                self.sequence.list(universe, [number].into_iter());
            }
            open.push(nested(node));
        }
        let total =
            expansion.get("total").and_then(Node::number_text).and_then(|text| text.parse::<u64>().ok());
        if total.is_some_and(|total| total > count) {
            return Err(self.problem("its expansion is only a part of the codes, and there is no compose"));
        }
        Ok(codes)
    }

    fn stored_code(&mut self, node: Node<'_>) -> Option<(usize, u32)> {
        let (system, code) = (member::text(node, "system")?, member::text(node, "code")?);
        // The expansion is the definition: the system's own content is not asked for.
        let content = Content::Absent(Reason::NotKnown((&*system).into()));
        let universe = self.draft(&system, member::text(node, "version").as_deref(), content);
        let designations = member::list(node, "designation").filter_map(Designation::read).collect();
        let listed =
            Listed { code, display: member::text(node, "display"), designations, ..Listed::default() };
        Some((universe, self.drafts[universe].number(Arc::new(listed))))
    }
}

fn nested(node: Node<'_>) -> Option<Items<'_>> {
    node.get("contains").map(Node::items)
}
