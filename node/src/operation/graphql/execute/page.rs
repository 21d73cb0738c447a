//! A page of a search as a connection has it: <https://hl7.org/fhir/R4/graphql.html#connections>.

use super::{
    super::{
        output::{Object, Output},
        read::Field,
        store::{Entry, Found},
    },
    Execution, Flow, Spot,
    element::{Item, shortened},
    emit::Fill,
};
use proto::Error;

/// Names the first page as a cursor.
pub(super) const FIRST: &str = "first";

/// A page.
pub(super) struct Page<'q> {
    pub found: &'q Found,
    pub offset: usize,
    pub count: usize,
    pub is_first: bool,
}

/// A resource of it.
struct Edge<'q>(&'q Entry);

impl<'q> Fill<'q> for Page<'q> {
    fn fill(
        &self,
        execution: &mut Execution<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let name = field.name.as_str();
        execution.fields(&field.selections, &|on| on == name, &mut |this, field| {
            let value = match field.name.as_str() {
                "count" => self.found.total.map(Output::number),
                "offset" => Some(Output::number(self.offset as u64)),
                "pagesize" => Some(Output::number(self.count as u64)),
                "first" => (!self.is_first).then(|| Output::text(FIRST)),
                "previous" => cursor(&self.found.previous),
                "next" => cursor(&self.found.next),
                // Where the last page begins is not known before it is reached.
                "last" => None,
                "__typename" => Some(Output::text(name)),
                "edges" => {
                    let edges = self.found.entries.iter().map(Edge).collect();
                    return this.emit(field, edges, true, flow, out);
                }
                other => {
                    let known = "count, offset, pagesize, first, previous, next, last and edges";
                    this.wrong(field, format!("{name} has no field '{}'; it has {known}", shortened(other)));
                    None
                }
            };
            match value {
                Some(value) => this.leaf(field, value, flow, out),
                None => Ok(()),
            }
        })
    }
}

fn cursor(cursor: &str) -> Option<Output> {
    (!cursor.is_empty()).then(|| Output::text(cursor))
}

impl<'q> Fill<'q> for Edge<'q> {
    fn fill(
        &self,
        execution: &mut Execution<'q>,
        field: &'q Field,
        flow: Flow<'_>,
        out: &mut Object,
    ) -> Result<(), Error> {
        let Edge(entry) = *self;
        execution.fields(&field.selections, &|_| false, &mut |this, field| {
            match field.name.as_str() {
                "mode" => {
                    let mode = if entry.is_match { "match" } else { "include" };
                    this.leaf(field, Output::text(mode), flow, out)
                }
                // Matches have no order but the one they come in.
                "score" => Ok(()),
                "resource" => {
                    let item = Item { spot: Spot::resource(entry.document.root()), is_primitive: false };
                    this.emit(field, vec![item], false, flow, out)
                }
                other => {
                    let text = format!(
                        "an edge has no field '{}'; it has mode, score and resource",
                        shortened(other)
                    );
                    this.wrong(field, text);
                    Ok(())
                }
            }
        })
    }
}
