//! The process: where its data is, how it stops, what it says.

use super::{range::DAY_MS, section::section};
use std::path::PathBuf;

section! {
    /// The node.
    Node {
        /// Folder of all data of this node; made where it is missing. One process at a time.
        data: PathBuf = PathBuf::from("data");
        /// This node's id in its cluster; never used again for another node.
        id: u64 = 1 => 1..;
        /// Threads of the async runtime; 0: one per core.
        threads: usize = 0 => 0..=4096;
        /// After SIGTERM the node is not ready but serves on for this long, so that whoever balances load can turn away;
        /// then the listeners close. A second signal ends it early; SIGINT (Ctrl-C) does without.
        drain_ms: u64 = 3000 => 0..=DAY_MS;
        /// After SIGTERM or SIGINT, once the listeners are closed, requests under way have this long.
        shutdown_grace_ms: u64 = 10_000 => 0..=DAY_MS;
        /// When the log or a partition has failed for good. `exit`: the process ends with status 74, so that its
        /// supervisor starts it again and recovery runs. `stay`: it goes on with what still works, not live and not ready.
        on_failure: String = "exit".to_owned();
    }
}

section! {
    /// The memory of the process, for everything.
    Memory {
        /// Memory this process may take. 0: seven eighths of its container's limit (control groups of either version), without one half of the machine's memory. The parts that have no option set are cut from it.
        total_bytes: u64 = 0;
    }
}

section! {
    /// Log lines, on stderr.
    Logging {
        /// error, warn, info, debug, trace, off, or a filter such as `info,node=debug`. Libraries that say much (Raft,
        /// index, HTTP) tell warnings only, Raft errors, unless the filter names them: `debug,openraft=debug`.
        level: String = "info".to_owned();
        /// text or json.
        format: String = "text".to_owned();
        /// A line for each request at info: wire, method, route without ids, status, milliseconds, bytes, request id.
        access: bool = true;
        /// A request that takes longer is logged as slow, a search with its plan, which has no values; 0: none is.
        slow_request_ms: u64 = 1000 => 0..=DAY_MS;
    }
}
