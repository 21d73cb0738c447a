//! What jemalloc says of the process's memory. Zero where the process runs on another allocator.

use metrics::{describe_gauge, gauge};
use tikv_jemalloc_ctl::{epoch, stats};

/// Names and units.
pub(super) fn describe() {
    describe_gauge!("salamander_memory_allocated_bytes", "Allocated by the program");
    describe_gauge!("salamander_memory_active_bytes", "In pages that hold allocations");
    describe_gauge!("salamander_memory_resident_bytes", "Resident pages of the allocator");
    describe_gauge!("salamander_memory_retained_bytes", "Address space kept for use again");
}

/// Takes the figures now. What cannot be read is left out.
pub(super) fn sample() {
    // The figures are those of the last epoch.
    if epoch::advance().is_err() {
        return;
    }
    for (name, bytes) in [
        ("salamander_memory_allocated_bytes", stats::allocated::read()),
        ("salamander_memory_active_bytes", stats::active::read()),
        ("salamander_memory_resident_bytes", stats::resident::read()),
        ("salamander_memory_retained_bytes", stats::retained::read()),
    ] {
        if let Ok(bytes) = bytes {
            gauge!(name).set(bytes as f64);
        }
    }
}
