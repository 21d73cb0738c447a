//! The rows of a group for somebody who is no replica of it: a backup.

use super::{Handle, snapshot};
use crate::transport::Pieces;
use std::io;
use std::sync::Arc;
use storage::{AppliedState, Partition};

impl Handle {
    /// All rows of the group's partition as they are now, in pieces that end with an empty one, and how far they are.
    pub(crate) async fn rows(&self, partition: Arc<Partition>) -> io::Result<(AppliedState, Pieces)> {
        snapshot::export(partition, self.making.options.snapshot_piece_bytes).await
    }
}
