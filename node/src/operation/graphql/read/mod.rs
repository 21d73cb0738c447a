//! GraphQL's text as a tree: <https://spec.graphql.org/October2021/#sec-Document>. Variables are filled in, and what `@skip` and
//! `@include` leave out is left out.

mod declared;
mod directives;
mod document;
mod place;
mod selection;
mod tree;
mod value;
mod variables;

pub use document::query;
pub use tree::{Field, Location, Query, Selection};
