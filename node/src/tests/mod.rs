//! A whole node in this process, on a log that syncs when the test says so.

mod answers;
mod keys;
mod moves;
mod node;

use node::TestNode;
