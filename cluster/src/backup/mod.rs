//! What a backup needs of the groups: the rows of partitions and the entries behind them, a place in each log such that nothing is
//! half done, and how a cluster begins that has all of it ([decisions/0010](../../decisions/0010-backups.md)).
//!
//! | file | is |
//! |---|---|
//! | [`reading`] | rows and entries of a partition that this node holds |
//! | [`cut`] | which entry of each partition's log is the last one |
//! | [`founding`] | a new cluster of one node whose logs begin there |

mod cut;
mod founding;
mod reading;

pub use crate::raft::logged as entry;
pub use cut::{Base, Story, time_of};
pub use founding::{Founder, found};
