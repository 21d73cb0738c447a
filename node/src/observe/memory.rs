//! What jemalloc says of the process's memory. Zero where the process runs on another allocator.

use super::page::Page;
use tikv_jemalloc_ctl::{epoch, stats};

/// Takes the figures now. What cannot be read is left out.
pub(super) fn sample(page: &mut Page) {
    // The figures are those of the last epoch.
    if epoch::advance().is_err() {
        return;
    }
    for (name, help, bytes) in [
        ("salamander_memory_allocated_bytes", "Allocated by the program", stats::allocated::read()),
        ("salamander_memory_active_bytes", "In pages that hold allocations", stats::active::read()),
        ("salamander_memory_resident_bytes", "Resident pages of the allocator", stats::resident::read()),
        ("salamander_memory_retained_bytes", "Address space kept for use again", stats::retained::read()),
    ] {
        if let Ok(bytes) = bytes {
            page.gauge(name, help).is(bytes as f64);
        }
    }
}
