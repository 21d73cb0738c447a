//! A whole node in this process, on a log that syncs when the test says so.

mod answers;
mod conditional;
mod keys;
mod moves;
mod node;
mod orphans;

use node::TestNode;
