//! How fast what is written is durable, and how much room there is.

use super::finding::{Finding, Verdict};
use anyhow::Context;
use std::{
    fs::File,
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

/// One record of the log.
const RECORD: usize = 4096;
/// What is written at a stretch.
const STRETCH: usize = 32 << 20;
/// Above it, nine of ten writes wait longer than a person notices in a page.
const SYNC_SLOW: Duration = Duration::from_millis(20);
/// Two heartbeats: where it is often so, elections come of it.
const SYNC_STALL: Duration = Duration::from_millis(500);
const ROOM_LITTLE: u64 = 10 << 30;
const ROOM_NONE: u64 = 1 << 30;

/// The looks at the disk of a data folder, which need not be there yet.
pub(super) fn look(data: &Path, syncs: u32) -> Vec<Finding> {
    let there = data.ancestors().find(|folder| folder.is_dir() && !folder.as_os_str().is_empty());
    let folder = there.unwrap_or(Path::new("."));
    let room = match room(folder) {
        Ok(bytes) => told_room(folder, bytes),
        Err(error) => Finding::bad("room", &error),
    };
    let speed = match measure(folder, syncs) {
        Ok(times) => told_speed(&times),
        Err(error) => Finding::bad("disk", &error),
    };
    vec![room, speed]
}

fn room(folder: &Path) -> anyhow::Result<u64> {
    let known = rustix::fs::statvfs(folder).with_context(|| folder.display().to_string())?;
    Ok(known.f_bavail.saturating_mul(known.f_frsize))
}

fn told_room(folder: &Path, bytes: u64) -> Finding {
    let verdict = match bytes {
        ..ROOM_NONE => Verdict::Bad,
        ROOM_NONE..ROOM_LITTLE => Verdict::Poor,
        _ => Verdict::Well,
    };
    Finding::new("room", verdict, format!("{} MiB free at {}", bytes >> 20, folder.display()))
}

/// What it took.
struct Times {
    /// Each write with its sync, the shortest first.
    syncs: Vec<Duration>,
    stretch: Duration,
}

fn measure(folder: &Path, syncs: u32) -> anyhow::Result<Times> {
    let failed = || format!("{}: a file cannot be written and synced", folder.display());
    let mut file = nameless_file(folder).with_context(failed)?;
    let stretch = time(|| {
        for _ in 0..STRETCH / (1 << 20) {
            file.write_all(&[0x5a; 1 << 20])?;
        }
        file.sync_data()
    });
    let stretch = stretch.with_context(failed)?;
    // Over what is there, as the log writes: its files have their length before.
    let record = [0xa5; RECORD];
    let one = |number: u32| {
        let at = u64::from(number) * RECORD as u64 % STRETCH as u64;
        time(|| file.write_all_at(&record, at).and_then(|()| file.sync_data()))
    };
    let mut syncs = (0..syncs).map(one).collect::<Result<Vec<_>, _>>().with_context(failed)?;
    syncs.sort_unstable();
    Ok(Times { syncs, stretch })
}

/// A file without a name, which goes with the process whatever happens.
fn nameless_file(folder: &Path) -> std::io::Result<File> {
    let path = folder.join(format!(".salamander-doctor-{}", std::process::id()));
    let file = File::options().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn time(write: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<Duration> {
    let start = Instant::now();
    write().map(|()| start.elapsed())
}

fn told_speed(times: &Times) -> Finding {
    let at = |part: usize| times.syncs.get((times.syncs.len() - 1) * part / 100).copied().unwrap_or_default();
    let (half, most, slowest) = (at(50), at(90), at(100));
    let is_slow = slowest > SYNC_STALL || most > SYNC_SLOW;
    let verdict = if is_slow { Verdict::Poor } else { Verdict::Well };
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
    let rate = (STRETCH >> 20) as f64 / times.stretch.as_secs_f64().max(1e-9);
    let text = format!(
        "{RECORD} bytes are durable in {} ms (half), {} ms (nine of ten), {} ms (the slowest of {}); {rate:.0} MiB/s at a stretch",
        ms(half),
        ms(most),
        ms(slowest),
        times.syncs.len()
    );
    Finding::new("disk", verdict, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_measured_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let [_, speed] = look(&folder.path().join("not/there"), 16).try_into().unwrap();
        assert!(speed.verdict != Verdict::Bad && speed.text.contains("of 16"), "{speed:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_slow_or_full_is_told() {
        let times = |ms: &[u64]| Times {
            syncs: ms.iter().copied().map(Duration::from_millis).collect(),
            stretch: Duration::from_secs(1),
        };
        assert_eq!(told_speed(&times(&[1, 1, 1, 1])).verdict, Verdict::Well);
        assert_eq!(told_speed(&times(&[1, 1, 1, 900])).verdict, Verdict::Poor);
        assert_eq!(told_speed(&times(&[30, 31, 32, 33])).verdict, Verdict::Poor);
        let room = |bytes| told_room(Path::new("/x"), bytes).verdict;
        assert_eq!([room(0), room(2 << 30), room(1 << 40)], [Verdict::Bad, Verdict::Poor, Verdict::Well]);
    }
}
