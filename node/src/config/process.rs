//! The process: where its data is, how it stops, what it says.

use super::section::section;
use std::path::PathBuf;

section! {
    /// The node.
    Node {
        /// Folder of all data of this node; made where it is missing. One process at a time.
        data: PathBuf = PathBuf::from("data");
        /// This node's id in its cluster; never used again for another node.
        id: u64 = 1;
        /// Threads of the async runtime; 0: one per core.
        threads: usize = 0;
        /// After SIGTERM or SIGINT, requests under way have this long.
        shutdown_grace_ms: u64 = 10_000;
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
        /// error, warn, info, debug, trace, or a filter such as `info,node=debug`.
        level: String = "info,openraft=warn,tantivy=warn".to_owned();
        /// text or json.
        format: String = "text".to_owned();
        /// A request that takes longer is logged as slow; 0: none is.
        slow_request_ms: u64 = 1000;
    }
}
