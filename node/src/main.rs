//! The `salamander` binary.

use std::process::ExitCode;

/// Many small allocations from many threads: measured faster and smaller than the system's allocator.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    node::cli::run()
}
