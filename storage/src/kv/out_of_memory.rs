//! When there is no memory for RocksDB.
//!
//! C++ answers a failed `new` with an exception. No frame of Rust can carry one, so it ended the process with "Rust cannot
//! catch foreign exceptions", which tells nobody what to change. There is nothing to save: an allocation may fail in
//! the middle of anything. So the process ends as it does for a failed allocation of Rust, by an abort, and says why;
//! what was acknowledged is in the log, and the next start applies it.
//!
//! The two unsafe lines are calls of the C++ runtime, which is linked because RocksDB is: `std::set_new_handler` takes a
//! function that must not return unless there is more memory, and [`end`] never returns.

use std::io::Write;
use std::sync::Once;

unsafe extern "C" {
    #[link_name = "_ZSt15set_new_handlerPFvvE"]
    fn set_new_handler(handler: Option<extern "C" fn()>) -> Option<extern "C" fn()>;
}

const TEXT: &[u8] = b"salamander: out of memory in the tables: the process ends, the next start recovers what was \
acknowledged; give it more memory, or lower storage.block_cache_bytes, storage.memtables_bytes or the other limits in bytes\n";

/// Has a failed allocation of RocksDB end the process with a reason.
pub fn tell() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler is a plain function for the life of the process, and allocates nothing.
        let _ = unsafe { set_new_handler(Some(end)) };
    });
}

extern "C" fn end() {
    // Unbuffered, so without an allocation.
    let _ = std::io::stderr().write_all(TEXT);
    std::process::abort();
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    unsafe extern "C" {
        /// `operator new(unsigned long)`
        #[link_name = "_Znwm"]
        fn operator_new(bytes: usize) -> *mut u8;
    }

    const CHILD: &str = "SALAMANDER_TEST_OUT_OF_MEMORY";

    /// Runs itself again as a process that may die.
    #[test]
    fn a_failed_new_ends_the_process_with_a_reason() {
        if std::env::var_os(CHILD).is_some() {
            super::tell();
            // SAFETY: what comes back is only looked at.
            let memory = unsafe { operator_new(isize::MAX as usize) };
            panic!("there cannot be so much memory: {memory:?}");
        }
        let test = concat!(module_path!(), "::a_failed_new_ends_the_process_with_a_reason");
        let (_, test) = test.split_once("::").unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", test, "--nocapture"]).env(CHILD, "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("out of memory") && said.contains("storage.block_cache_bytes"), "{said}");
        assert!(!said.contains("foreign exception"), "{said}");
        assert_eq!(output.status.signal(), Some(6), "an abort: {output:?}");
    }
}
