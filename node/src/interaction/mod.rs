//! FHIR's interactions, one file each, over a session.

mod codes;
pub(crate) mod conditional;
mod create;
mod delete;
mod history;
pub(crate) mod part;
pub(crate) mod patch;
pub(crate) mod preconditions;
mod read;
mod search;
pub(crate) mod several;
pub(crate) mod update;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use history::{history, look as look_for_history};
pub(crate) use patch::patch;
pub(crate) use read::{read, vread};
pub(crate) use search::{gather as gather_for_search, look as look_for_search, search, search_stream};
pub(crate) use update::update;
