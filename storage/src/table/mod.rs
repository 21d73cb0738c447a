//! The tables: typed keys and values, one file each. `README.md` shows a row of every one.

pub mod count;
pub mod decision;
pub mod dedup;
pub mod directory;
pub mod expiry;
pub mod feed;
pub mod history;
pub mod index_values;
pub mod meta;
pub mod prepared;
pub mod reservation;
pub mod resource;
pub mod timeline;
pub mod type_history;
