//! How much memory the process may take: what its container allows, else the machine's.

use std::{fs, path::Path};

/// What the process has, and whose limit that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Of the control group, bytes.
    Container(u64),
    /// Of the machine, bytes.
    Machine(u64),
    /// Nobody says.
    Unknown,
}

impl Limit {
    /// Of this process.
    pub fn of_this_process() -> Limit {
        Limit::below(Path::new("/"))
    }

    /// As the files below `root` have it: `proc/self/cgroup`, `proc/meminfo`, `sys/fs/cgroup`.
    fn below(root: &Path) -> Limit {
        let machine = machine(root);
        let container = groups(root).min();
        match (container, machine) {
            // A group without a limit says some huge number, or has the machine's.
            (Some(container), Some(machine)) if container >= machine => Limit::Machine(machine),
            (Some(container), _) => Limit::Container(container),
            (None, Some(machine)) => Limit::Machine(machine),
            (None, None) => Limit::Unknown,
        }
    }

    /// What to plan with, bytes. A container is there for this process alone, but for what the kernel takes; a machine is
    /// shared, and its page cache serves our reads too.
    pub fn budget(self) -> u64 {
        match self {
            Limit::Container(bytes) => bytes - bytes / 8,
            Limit::Machine(bytes) => bytes / 2,
            Limit::Unknown => 1 << 30,
        }
    }
}

/// The limits of the process's control group and of those above it.
fn groups(root: &Path) -> impl Iterator<Item = u64> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let mut found = Vec::new();
    for line in text.lines() {
        // `0::/path` is version 2; `4:memory:/path` version 1, where several controllers may be named.
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (mount, files): (_, &[&str]) = match controllers {
            "" => ("sys/fs/cgroup", &["memory.max", "memory.high"]),
            some if some.split(',').any(|name| name == "memory") => {
                ("sys/fs/cgroup/memory", &["memory.limit_in_bytes"])
            }
            _ => continue,
        };
        // Inside a container the path may be the host's, which is not there: what is, is the mount's own root.
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            let folder = root.join(mount).join(group);
            found.extend(files.iter().filter_map(|file| bytes(&folder.join(file))));
        }
    }
    found.into_iter()
}

/// `max` is no limit, and no number.
fn bytes(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn machine(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn limit(files: &[(&str, &str)]) -> Limit {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Limit::below(root.path())
    }

    #[test]
    fn a_container_of_either_version_tells_its_limit() {
        let machine = ("proc/meminfo", "MemTotal:       25165824 kB\nMemFree: 1 kB\n");
        assert_eq!(limit(&[machine]), Limit::Machine(24 * GIB));
        let two = ("proc/self/cgroup", "0::/\n");
        let max = ("sys/fs/cgroup/memory.max", "536870912\n");
        assert_eq!(limit(&[machine, two, max]), Limit::Container(512 << 20));
        let one = ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
        let limit_in_bytes = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
        assert_eq!(limit(&[machine, one, limit_in_bytes]), Limit::Container(512 << 20));
    }

    #[test]
    fn the_smallest_of_the_groups_above_counts() {
        let machine = ("proc/meminfo", "MemTotal:       25165824 kB\n");
        let group = ("proc/self/cgroup", "0::/system.slice/salamander.service\n");
        let own = ("sys/fs/cgroup/system.slice/salamander.service/memory.max", "max\n");
        let high = ("sys/fs/cgroup/system.slice/salamander.service/memory.high", "3221225472\n");
        let slice = ("sys/fs/cgroup/system.slice/memory.max", "2147483648\n");
        assert_eq!(limit(&[machine, group, own]), Limit::Machine(24 * GIB));
        assert_eq!(limit(&[machine, group, own, high]), Limit::Container(3 * GIB));
        assert_eq!(limit(&[machine, group, own, high, slice]), Limit::Container(2 * GIB));
    }

    #[test]
    fn no_limit_is_none_however_it_is_written() {
        let machine = ("proc/meminfo", "MemTotal:       25165824 kB\n");
        let one = ("proc/self/cgroup", "4:memory:/\n");
        let huge = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(limit(&[machine, one, huge]), Limit::Machine(24 * GIB));
        assert_eq!(limit(&[]), Limit::Unknown);
        assert_eq!(
            limit(&[("proc/meminfo", "MemTotal: many kB\n"), ("proc/self/cgroup", "nonsense\n")]),
            Limit::Unknown
        );
    }

    #[test]
    fn this_process_has_memory() {
        assert!(Limit::of_this_process().budget() > 64 << 20);
    }
}
