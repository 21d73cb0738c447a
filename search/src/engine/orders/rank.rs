//! What the first rule of an order goes by, where a column has it.

use crate::engine::index::schema::{LAST_UPDATED, PAIRS};
use crate::kind::comparison::{Comparison, Prefix};
use crate::kind::kept::{Ordered, ordered};
use crate::query::{Expr, Leaf, Query};
use crate::sort::{By, Rule};
use tantivy::columnar::Column;
use tantivy::{DocId, SegmentReader};

/// The column, and the direction in which it is gone through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rank {
    pub column: String,
    /// The other ends of the intervals whose low ends are in the column.
    high: Option<String>,
    pub descending: bool,
    /// Whether the column's value is the key's; else the key's is not before it.
    pub is_exact: bool,
}

impl Rank {
    /// `None`: it goes by something else.
    pub fn of(rule: &Rule) -> Option<Rank> {
        let descending = rule.descending;
        let By::Parameter(param, kind) = rule.by else {
            let column = matches!(rule.by, By::LastUpdated).then(|| LAST_UPDATED.to_owned())?;
            return Some(Rank { column, high: None, descending, is_exact: true });
        };
        let (pair, is_exact) = match ordered(kind)? {
            Ordered::Low(pair) => (pair, true),
            Ordered::Within(pair) => (pair, false),
            Ordered::Terms(_) => return None,
        };
        let (low, high) = pair.names(param);
        let path = |name: String| format!("{PAIRS}.{name}");
        let (low, high) = (path(low), path(high));
        Some(match descending && !is_exact {
            true => Rank { column: high, high: None, descending, is_exact },
            false => Rank { column: low, high: is_exact.then_some(high), descending, is_exact },
        })
    }

    /// `None`: no document of the segment has a value.
    pub fn open(&self, reader: &SegmentReader) -> tantivy::Result<Option<Column<i64>>> {
        reader.fast_fields().column_opt(&self.column)
    }

    /// The value of a document that comes first.
    #[inline]
    pub fn best(&self, column: &Column<i64>, doc: DocId) -> Option<i64> {
        best(column, doc, self.descending)
    }

    /// A number that is less for what comes first.
    #[inline]
    pub fn place(&self, value: i64) -> i64 {
        if self.descending { !value } else { value }
    }

    /// How far the longest interval of the segment reaches beyond its low end; `None` where a match may have another value than the one that
    /// matches.
    pub fn reach(&self, reader: &SegmentReader, column: &Column<i64>) -> tantivy::Result<Option<i64>> {
        if !self.is_exact || column.get_cardinality().is_multivalue() {
            return Ok(None);
        }
        let Some(high) = &self.high else { return Ok(Some(1)) };
        let Some(high) = reader.fast_fields().column_opt::<i64>(high)? else { return Ok(None) };
        let reach = |doc| Some(high.first(doc)?.saturating_sub(column.first(doc)?));
        Ok((0..reader.max_doc()).filter_map(reach).max())
    }

    /// The least place of a match that conditions of the query on the same values leave, in a segment whose intervals reach so far.
    pub fn start(&self, query: &Query, reach: i64) -> Option<i64> {
        let by = query.sort.rules().first()?.by;
        let comparison = |expr: &Expr| match (expr, by) {
            (Expr::Leaf(Leaf::LastUpdated(date)), By::LastUpdated) => Some(date.0),
            (Expr::Leaf(Leaf::Date(param, date)), By::Parameter(of, _)) if *param == of => Some(date.0),
            _ => None,
        };
        let all = match &query.expr {
            Expr::And(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        let starts = all.iter().filter_map(comparison).filter_map(|held| self.first_place(held, reach));
        starts.max()
    }

    fn first_place(&self, Comparison { prefix, low, high }: Comparison, reach: i64) -> Option<i64> {
        use Prefix::{Ap, Eb, Eq, Ge, Gt, Le, Lt, Overlaps, Sa};
        match (self.descending, prefix) {
            (false, Eq | Gt | Ge | Sa | Ap | Overlaps) => Some(low.saturating_sub(reach)),
            (true, Eq | Lt | Le | Eb | Ap | Overlaps) => Some(!high),
            _ => None,
        }
    }
}

/// The least or the greatest value of a document.
#[inline]
pub fn best(column: &Column<i64>, doc: DocId, descending: bool) -> Option<i64> {
    let values = column.values_for_doc(doc);
    if descending { values.max() } else { values.min() }
}
