//! All rows of a partition for another replica of it: a new one, or one that is too far behind for the log.

use super::Partition;
use super::chunk::Builder;
use super::derived::Derived;
use crate::error::Result;
use crate::version::AppliedState;
use bytes::Bytes;

impl Partition {
    /// Shows all rows as they are at this moment, while others go on to apply: first how far the partition is in that view,
    /// then the rows in chunks of about `chunk_bytes` (one with a large row is larger) for [`super::Import::put`] of another
    /// replica. Returns whether all were shown: `each` ends it early by false. Blocks for as long as it takes; holds one
    /// chunk in memory, and on disk what the view needs.
    ///
    /// # Errors
    /// [`crate::Error::Short`], [`crate::Error::Engine`], [`crate::Error::Corrupt`].
    pub fn export(
        &self,
        chunk_bytes: usize,
        begin: impl FnOnce(&AppliedState),
        each: &mut dyn FnMut(Bytes) -> bool,
    ) -> Result<bool> {
        let view = self.engine.snapshot()?;
        let applied = Derived::applied(&*view)?;
        begin(&applied);
        let mut chunk = Builder::new(applied.index, chunk_bytes);
        let mut cursor = view.sweep()?;
        while cursor.advance()? {
            chunk.push(cursor.key(), cursor.value());
            if chunk.len() >= chunk_bytes && !each(chunk.finish(false)) {
                return Ok(false);
            }
        }
        Ok(each(chunk.finish(true)))
    }
}
