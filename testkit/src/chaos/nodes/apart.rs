//! A place of its own for a run: namespaces for network, mounts and processes. Nothing in it can be reached from outside, and all
//! of it goes away with the run, however that ends: the kernel sees to it.

use anyhow::Context;
use std::{
    ffi::OsString,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

/// Set within.
const MARK: &str = "CHAOS_APART";
/// A file system in memory, of nobody else: temporary files go there.
const SCRATCH: &str = "/run";

/// Whether this process is in such a place.
pub fn is_apart() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Goes on as the same program in such a place, where it can be had: as root, or with namespaces of users. Does not come back
/// then; else says why not.
///
/// # Errors
/// The place is there and this program cannot be started in it.
pub fn enter() -> anyhow::Result<String> {
    let mut why = String::new();
    for user in [&[][..], &["--user", "--map-root-user"][..]] {
        let tried = unshare(user, "exit 0", &[]).stdin(Stdio::null()).stdout(Stdio::null()).output();
        match tried {
            Ok(output) if output.status.success() => {
                let program = std::env::current_exe().context("which program is this?")?;
                let mut all = vec![program.into_os_string()];
                all.extend(std::env::args_os().skip(1));
                let error = unshare(user, "exec \"$@\"", &all).env(MARK, "1").env("TMPDIR", SCRATCH).exec();
                return Err(error).context("unshare");
            }
            Ok(output) => why = String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => why = error.to_string(),
        }
    }
    Ok(why)
}

/// A shell in such a place, once it has what a run needs of it.
fn unshare(user: &[&str], then: &str, arguments: &[OsString]) -> Command {
    let script = format!(
        "mount -t tmpfs -o mode=700 tmpfs {SCRATCH} && ip link set lo up && ip link add hub type bridge && {then}"
    );
    let mut command = Command::new("unshare");
    command
        .args(user)
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["--", "sh", "-c", &script, "sh"])
        .args(arguments);
    command
}
