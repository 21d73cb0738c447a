//! Index values: what a search can ask of a resource, taken out of it once, when it is written.
//!
//! [`extract`] walks a resource once and writes one compact byte string of typed values sorted by search parameter;
//! [`Values`] reads it without allocating. The functions of [`query`] turn the text of a search into the same terms,
//! so that both sides agree on cases, accents, precision and zones.
//!
//! A merged plan of all parameters of a resource type (a trie of member names) is compiled once per type.

mod collector;
mod convert;
pub mod custom;
mod date;
mod display;
mod encoder;
mod extract;
pub mod full_text;
mod heap;
mod measure;
mod number;
pub(crate) mod plan;
mod program;
mod reference;
mod text;
mod value;
mod wire;
mod words;

pub mod query {
    //! The query side of index values.
    pub use super::date::{InvalidDate, date_range};
    pub use super::measure::{Measure, UCUM};
    pub use super::number::{InvalidNumber, NumberRange, decimal_range, sortable, unsortable};
    pub use super::reference::{Bases, ReferenceText, parse_reference};
    pub use super::text::{normalize, renormalize};
    pub use super::words::words;
}

pub use collector::Note;
pub use extract::{Error, ExtractOptions, extract};
pub use full_text::FullText;
pub use query::*;
pub use value::{Composite, Contained, Value};
pub use wire::{FORMAT_VERSION, Values, ValuesError};
pub use words::Words;
