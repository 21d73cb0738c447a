//! Backups of a running cluster in a folder, and data folders made of them. All of this runs in the operator's command; the node's
//! part is `service/backup.rs` ([decisions/0010](../../../cluster/decisions/0010-backups.md) of `cluster`).
//!
//! A folder has one folder for each backup, by name, which is when it began:
//!
//! | file | is |
//! |---|---|
//! | `LOCK`, beside those folders | held while a backup is made |
//! | `manifest.json` | what the backup has, and the checksum of every other file. It comes last: without it a backup is unfinished |
//! | `001.rows` | the rows of partition 1 from one view, in a full backup |
//! | `001.log` | entries of its log: in a full backup those after the rows, in an incremental one those after the backup before |
//! | `unfinished.json`, `001.rows.json` | of one that is not finished: what it can go on with |
//!
//! | module | is |
//! |---|---|
//! | [`pack`], [`frames`], [`entries`] | compressed bytes; files of them with checksums; the entries of a log in those |
//! | [`manifest`], [`folder`] | what a backup has; the backups of a folder and how they follow each other |
//! | [`source`] | the nodes that are asked |
//! | [`rows`], [`shipping`], [`create`] | rows, entries, and all of it in the right order |
//! | [`verify`], [`restore`] | all of it read again; a data folder made of it |
//! | [`tenants`] | which tenants there were at the moment that is restored |

mod create;
mod entries;
mod folder;
mod frames;
mod manifest;
mod pack;
mod restore;
mod rows;
mod shipping;
mod source;
mod tenants;
mod verify;

pub use create::{Plan, create};
pub use folder::Folder;
pub use manifest::{Kind, Manifest, time};
pub use restore::{Restore, restore};
pub use verify::verify;
