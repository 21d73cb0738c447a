//! A cluster of one node that begins with what a backup has.

use crate::entropy::Entropy;
use crate::error::Error;
use crate::folder::Folder;
use crate::meta::{FEATURE_LEVEL, META, MetaState};
use crate::raft::Beginning;
use prost::Message;
use proto::PartitionId;
use proto::log::v1::{MetaFile, MetaNode};
use std::io;
use std::path::Path;
use std::sync::mpsc;
use storage::log::LogStore;
use storage::{Entry, EntryPayload, Store};

/// What the new node consists of. Its tables have the rows; its log and its folder are empty.
pub struct Founder<'p> {
    /// The tables.
    pub store: &'p Store,
    /// The log that belongs to them from now on.
    pub log: &'p dyn LogStore,
    /// For the meta group's state.
    pub folder: &'p dyn Folder,
    /// How errors name that.
    pub dir: &'p Path,
    /// The id of the cluster.
    pub entropy: &'p Entropy,
    /// The node's id.
    pub node_id: u64,
}

/// Makes the node the only voter of each group, behind the entries that its tables have, and the only node of a new cluster that
/// agrees on everything else in `state`. All of it is on the disk when this returns; the meta group's file comes last, without
/// which nothing starts. Blocks on IO.
///
/// # Errors
/// A state of a newer version; tables that are empty; what cannot be written.
pub fn found(founder: &Founder<'_>, state: MetaState) -> Result<(), Error> {
    if state.feature_level > FEATURE_LEVEL {
        return Err(Error::NewerFeatures { stored: state.feature_level, supported: FEATURE_LEVEL });
    }
    for partition in 1..=state.partitions as u16 {
        begin_partition(founder, PartitionId(partition))?;
    }
    let fail = |source| Error::Io { path: founder.dir.to_owned(), source };
    // The group has one entry, which is its membership.
    let begin = Beginning::at(0, 1, founder.node_id, "").map_err(fail)?;
    begin_log(founder.log, META, &begin).map_err(fail)?;
    let node = MetaNode { node_id: founder.node_id, ..MetaNode::default() };
    let cluster_id = format!("{:016x}{:016x}", founder.entropy.number(), founder.entropy.number());
    let state = MetaState { cluster_id, nodes: vec![node], ..state };
    let file =
        MetaFile { index: 1, term: 1, membership: begin.membership, state: Some(state), identity: None };
    founder.folder.replace(&file.encode_to_vec()).map_err(fail)
}

fn begin_partition(founder: &Founder<'_>, id: PartitionId) -> Result<(), Error> {
    let group = u32::from(id.0);
    let rows = founder.store.partition(id)?;
    let applied = rows.applied();
    let fail = |error: io::Error| Error::Raft { group, reason: error.to_string() };
    if applied.index == 0 {
        return Err(fail(io::Error::other("nothing was restored to it")));
    }
    // One entry more, which nobody ever had: it is behind all that rows tell of.
    let begin = Beginning::at(applied.index, applied.term, founder.node_id, "").map_err(fail)?;
    let payload = EntryPayload::Membership(begin.membership.clone());
    rows.apply(&[Entry { index: applied.index + 1, term: applied.term, payload }])?;
    rows.flush()?;
    begin_log(founder.log, group, &begin).map_err(fail)
}

/// The vote is durable after the purge point is, as the log has one order.
fn begin_log(log: &dyn LogStore, group: u32, begin: &Beginning) -> io::Result<()> {
    log.purge_upto(group, begin.index, begin.purged.clone());
    let (done, answer) = mpsc::sync_channel(1);
    // Somebody is there to hear it.
    log.save_vote(group, begin.vote.clone(), Box::new(move |result| drop(done.send(result))));
    answer.recv().map_err(io::Error::other)?
}
