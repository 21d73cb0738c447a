//! Storage, log, actors, transactions, search.

use super::section::section;

section! {
    /// Tables on disk.
    Storage {
        /// Partitions of the key space; fixed when the data folder is created.
        partitions: u16 = 16;
        /// Block cache shared by all partitions.
        cache_bytes: u64 = 256 << 20;
        /// Memory for rows not yet written to files, all partitions together.
        write_buffer_bytes: u64 = 256 << 20;
        /// Files RocksDB keeps open; -1: all of them.
        open_files_max: i32 = 1024;
        /// Threads for flushes and compactions.
        background_threads: u32 = 2;
        /// Writes are refused (507) while less than this is free on the disk; reads go on.
        disk_reserve_bytes: u64 = 1 << 30;
        /// How often free disk space is looked at.
        disk_check_interval_ms: u64 = 2000;
    }
}

section! {
    /// The Raft log: one writer for all groups of the node.
    Log {
        /// Writes are acknowledged after fdatasync. Off only for throw-away data: a power cut loses acknowledged writes.
        fsync: bool = true;
        /// Appends waiting for the log writer; above it proposals wait.
        queue_max: usize = 4096;
        /// Entries of one write and sync.
        batch_entries_max: usize = 1024;
        /// Bytes of one write and sync.
        batch_bytes_max: u64 = 8 << 20;
        /// Recent entries kept in memory for replication.
        cache_bytes: u64 = 64 << 20;
        /// Entries between flushes that let the log be purged.
        purge_entries: u64 = 50_000;
    }
}

section! {
    /// Raft timing.
    Raft {
        /// Heartbeat of a leader.
        heartbeat_interval_ms: u64 = 300;
        /// Shortest wait before an election.
        election_timeout_min_ms: u64 = 1500;
        /// Longest wait before an election.
        election_timeout_max_ms: u64 = 3000;
    }
}

section! {
    /// Compartment actors.
    Actors {
        /// Active compartments on the node; the least recently used ones are passivated above it.
        active_max: usize = 20_000;
        /// A compartment is passivated after this much silence.
        idle_ms: u64 = 60_000;
        /// Requests waiting for one compartment; above it the answer is 429.
        mailbox_max: usize = 1024;
        /// Proposals of one compartment not yet committed.
        pending_max: usize = 1024;
    }
}

section! {
    /// Transactions over several partitions.
    Transactions {
        /// A prepared transaction without a decision is aborted after this.
        prepare_timeout_ms: u64 = 10_000;
        /// A reservation of conditional criteria expires after this where its holder vanished.
        reservation_timeout_ms: u64 = 15_000;
        /// Attempts at a transaction that loses against concurrent writers, before it answers CONFLICT.
        attempts_max: u32 = 8;
    }
}

section! {
    /// The search index.
    Search {
        /// Search shards; each has one index writer.
        shards: usize = 2;
        /// Memory of each shard's writer before it seals a segment.
        writer_bytes: usize = 64 << 20;
        /// Threads of each shard's writer.
        writer_threads: usize = 1;
        /// How often the fresh tail is sealed into a segment.
        commit_interval_ms: u64 = 1000;
        /// Documents in the fresh tail before it is sealed early.
        tail_documents_max: usize = 20_000;
        /// How long `_total` and cursors of one search stay valid for continuing.
        cursor_ttl_ms: u64 = 24 * 3600 * 1000;
    }
}
