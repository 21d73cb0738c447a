//! Storage, log, Raft, actors, transactions, search.

use super::{range::DAY_MS, section::section};

section! {
    /// Tables on disk.
    Storage {
        /// Partitions of the key space, 1 to 256; fixed when the data folder is created.
        partitions: u16 = 16 => 1..=256;
        /// Block cache shared by all partitions. 0: its part of memory.total_bytes.
        block_cache_bytes: usize = 0;
        /// Unflushed rows of one partition before it is flushed. 0: its part of memory.total_bytes.
        memtable_bytes: usize = 0;
        /// Unflushed rows of all partitions together before the oldest are flushed. 0: its part of memory.total_bytes.
        memtables_bytes: usize = 0;
        /// Files RocksDB keeps open.
        open_files_max: i32 = 512 => 32..=1_000_000;
        /// Writes are refused (507) while the disk has less free space than this; reads go on.
        disk_reserve_bytes: u64 = 256 << 20;
        /// How often log sizes and free disk space are looked at.
        maintenance_interval_ms: u64 = 1000 => 1..=60 * 60_000;
    }
}

section! {
    /// The Raft log: one writer for all groups of the node. Every write is acknowledged after fdatasync.
    Log {
        /// Size of a segment file.
        segment_bytes: u64 = 64 << 20 => 1 << 20..=4 << 30;
        /// Operations waiting for the log writer; must be above raft.proposals_max.
        queue_max: usize = 32_768 => 1..=1 << 24;
        /// A batch of one write and sync takes no further operation beyond this.
        batch_bytes: usize = 4 << 20 => 1..;
        /// Durable entries kept in memory for readers near the tail. 0: its part of memory.total_bytes.
        recent_bytes: u64 = 0;
        /// Free segment files kept for use again.
        spares: usize = 2 => 0..=64;
        /// A partition whose log is longer is flushed, so that the log can be purged; bounds a partition's replay.
        group_bytes: u64 = 32 << 20 => 1..;
        /// Beyond this the partitions that keep the oldest part of the log are flushed.
        total_bytes: u64 = 512 << 20 => 1..;
    }
}

section! {
    /// Raft groups.
    Raft {
        /// Heartbeat of a leader. Its lease is six of them; when that has run out, followers wait three to six more until they elect.
        heartbeat_interval_ms: u64 = 250 => 10..=60_000;
        /// How a leader proves that it still is the only one: `lease` costs no message and needs clocks that run equally fast on all
        /// nodes; `quorum` asks a majority for every read.
        read_proof: String = "lease".to_owned();
        /// Proposals not yet answered, all partitions together; above it writes are refused (429).
        proposals_max: usize = 16_384 => 1..=1 << 23;
        /// Their encoded bytes. 0: its part of memory.total_bytes.
        proposal_bytes_max: usize = 0;
        /// Until every partition must have a leader and its log applied.
        start_timeout_ms: u64 = 300_000 => 1..=DAY_MS;
        /// Until proposals under way must have ended at shutdown.
        shutdown_timeout_ms: u64 = 10_000 => 0..=DAY_MS;
    }
}

section! {
    /// The cluster. A node that is told nothing here founds one of its own, which others can join.
    Cluster {
        /// Host and port for other nodes. Port 0: a free one at the first start, the same ever after. Beyond loopback it needs
        /// tls.peer_roots, by which nodes are told from strangers.
        listen: String = "127.0.0.1:0".to_owned();
        /// Where other nodes reach this one, where that is not `listen`.
        address: String = String::new();
        /// On an empty data folder: the gRPC address of any member of the cluster to join. Later starts ignore it.
        join: String = String::new();
        /// Open connections of other nodes, some for each of them; above it new ones wait in the kernel's queue.
        connections_max: usize = 64 => 16..=65_536;
        /// A node whose clock is further from those of most others, where there are two others at the least, leads nothing.
        clock_off_max_ms: u64 = 1000 => 1..=DAY_MS;
    }
}

section! {
    /// Compartment actors.
    Actors {
        /// Active compartments on the node (about 8 KB each); the least recently used ones are passivated above it.
        active_max: usize = 10_000 => 1..=1 << 24;
        /// A compartment is passivated after this much silence.
        idle_ms: u64 = 60_000 => 1..=DAY_MS;
        /// Writes waiting for actors, all together; above it the answer is 429.
        queue_max: usize = 16_384 => 1..=1 << 24;
    }
}

section! {
    /// Transactions and conditional interactions.
    Transactions {
        /// A prepared transaction without a decision may be aborted by anyone after this.
        prepare_timeout_ms: u64 = 10_000 => 1..=DAY_MS;
        /// How often prepared transactions that nobody is at work on are looked for and ended.
        resolve_interval_ms: u64 = 500 => 1..=DAY_MS;
        /// Criteria of a conditional interaction stay reserved this long at most.
        reservation_timeout_ms: u64 = 15_000 => 1..=DAY_MS;
        /// A transaction holds a compartment this long at most.
        lease_ms: u64 = 10_000 => 1..=DAY_MS;
        /// Resolved conditional references kept in memory.
        reference_cache_max: usize = 100_000 => 1..=1 << 30;
    }
}

section! {
    /// The search index.
    Search {
        /// Index writers of the node; partitions are spread over them. A change rebuilds the index.
        shards: usize = 2 => 1..=64;
        /// Memory of one index writer; at least 15 MB. 0: its part of memory.total_bytes.
        writer_bytes: usize = 0;
        /// Entries of the fresh tail at which they are sealed into a segment.
        seal_documents: usize = 8192 => 1..;
        /// The longest time after the first entry of the fresh tail until it is sealed.
        seal_after_ms: u64 = 750 => 1..=DAY_MS;
        /// Entries that may wait besides those being sealed; more make writes wait. At least seal_documents.
        tail_documents_max: usize = 32_768 => 1..;
        /// Bytes of entries that may wait in a shard, besides those being sealed; more make writes wait. 0: its part of memory.total_bytes.
        tail_bytes_max: usize = 0;
        /// Memory of documents in the order of columns that `_sort` asks for, four bytes for each document, column and direction. A sort that finds no
        /// room in it looks at every match. 0: its part of memory.total_bytes.
        order_bytes_max: usize = 0;
        /// Pause after a failed seal before it is tried again.
        retry_after_ms: u64 = 1000 => 1..=DAY_MS;
        /// Words that are kept of what is written: off, narrative (for _text) or all (for _content, too). The same on all nodes; what was written before has its words from its next write, or from $reindex.
        full_text: String = "narrative".to_owned();
    }
}
