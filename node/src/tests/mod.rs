//! A whole node in this process, on a log that syncs when the test says so.

mod answers;
mod bundles;
mod conditional;
mod if_match;
mod keys;
mod moves;
mod node;
mod orphans;

pub(crate) use node::TestNode;
