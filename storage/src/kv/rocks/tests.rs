//! What only RocksDB does: stalls, shortages, and what a crash leaves of rows that are replaced.

use super::*;
use crate::kv::{Engine, Read, Rows};
use bytes::Bytes;
use std::sync::mpsc;
use std::time::Duration;

fn open(dir: &tempfile::TempDir) -> Arc<Database> {
    Database::open(dir.path(), &Options::default(), ()).unwrap()
}

fn row(key: &str) -> Rows {
    Rows::from([(key.as_bytes().to_vec(), Some(Bytes::from_static(b"value")))])
}

#[test]
fn a_stalled_engine_refuses_or_waits_as_told() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    let trigger = |files: &str| {
        let options = [("level0_slowdown_writes_trigger", files), ("level0_stop_writes_trigger", files)];
        database.db.set_options_cf(&family.handle().unwrap(), &options).unwrap();
    };
    family.write(&row("a"), Stall::Refuse).unwrap();
    family.flush().unwrap();
    // One file is one too many from now on.
    trigger("1");
    let refused = family.write(&row("b"), Stall::Refuse);
    assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
    let (sender, written) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| sender.send(family.write(&row("b"), Stall::Wait)).unwrap());
        assert!(written.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
        trigger("100");
        written.recv().unwrap().unwrap();
    });
    family.write(&row("c"), Stall::Refuse).unwrap();
}

#[test]
fn a_shortage_is_told_from_other_errors() {
    let of = |text: &str| of_text(text.to_owned()).shortage();
    let full = of("IO error: No space left on device: While appending to file: 000054.sst");
    assert_eq!(full, Some(Shortage::Disk));
    assert_eq!(of("Resource busy: Recovery in progress"), Some(Shortage::Disk));
    let many = of("IO error: Too many open files: While open a file for random read: 000054.sst");
    assert_eq!(many, Some(Shortage::Descriptors));
    assert_eq!(of("Corruption: bad block"), None);
    assert!(matches!(of_text("Result incomplete: Write stall".to_owned()), Error::Busy(_)));
}

fn keys(read: &dyn Read) -> Vec<String> {
    let mut cursor = read.sweep().unwrap();
    let mut keys = vec![];
    while cursor.advance().unwrap() {
        keys.push(String::from_utf8(cursor.key().to_vec()).unwrap());
    }
    keys
}

fn load(family: &Family, keys: &[&str]) -> Box<dyn crate::kv::Loader> {
    let mut load = family.loader().unwrap();
    keys.iter().for_each(|key| load.put(key.as_bytes(), b"value").unwrap());
    load
}

fn names(database: &Database) -> Vec<String> {
    let mut names = database.db.cf_names();
    names.sort();
    names
}

fn incoming(dir: &tempfile::TempDir) -> usize {
    std::fs::read_dir(dir.path().join("incoming")).map_or(0, Iterator::count)
}

#[test]
fn replaced_rows_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    family.write(&row("a"), Stall::Wait).unwrap();
    for (key, name) in [("b", "p1.1"), ("c", "p1.2")] {
        load(&family, &[key]).replace().unwrap();
        assert_eq!(names(&database), ["default", name]);
        assert_eq!((keys(&family), incoming(&dir)), (vec![key.to_owned()], 0));
    }
    assert_eq!(keys(&database.family("p1").unwrap()), ["c"], "whoever asks for the family");
    drop((family, database));
    let database = open(&dir);
    assert_eq!(keys(&database.family("p1").unwrap()), ["c"]);
    load(&database.family("p1").unwrap(), &["d"]).replace().unwrap();
    assert_eq!(names(&database), ["default", "p1.3"]);
}

#[test]
fn cleared_rows_are_gone_for_the_next_start_whatever_was_left_before() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    let other = database.family("p11").unwrap();
    other.write(&row("other"), Stall::Wait).unwrap();
    other.flush().unwrap();
    family.write(&row("a"), Stall::Wait).unwrap();
    family.flush().unwrap();
    load(&family, &["b"]).replace().unwrap();
    // As if an older one could not be dropped.
    database.create("p1").unwrap();
    let old = Family::new(Arc::clone(&database), Arc::new(Current::new("p1".to_owned())));
    old.write(&row("a"), Stall::Wait).unwrap();
    old.flush().unwrap();
    family.clear().unwrap();
    assert!(keys(&family).is_empty());
    assert_eq!(names(&database), ["default", "p1.2", "p11"]);
    drop((family, old, other, database));
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    assert!(keys(&family).is_empty());
    assert_eq!(keys(&database.family("p11").unwrap()), ["other"]);
    family.write(&row("c"), Stall::Wait).unwrap();
    family.flush().unwrap();
    drop((family, database));
    assert_eq!(keys(&open(&dir).family("p1").unwrap()), ["c"]);
}

#[test]
fn a_crash_while_rows_are_cleared_leaves_them() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    family.write(&row("a"), Stall::Wait).unwrap();
    family.flush().unwrap();
    // The new column family is there, the old one too.
    database.create("p1.1").unwrap();
    drop((family, database));
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    assert_eq!(keys(&family), ["a"]);
    family.clear().unwrap();
    assert!(keys(&family).is_empty());
}

#[test]
fn large_loads_are_many_files() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    let mut load = family.loader().unwrap();
    // Not to be compressed.
    let mut noise = 1_u64;
    let mut random = || {
        noise = noise.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (noise >> 56) as u8
    };
    for key in 0..2000_u64 {
        let value: Vec<u8> = (0..300).map(|_| random()).collect();
        load.put(&key.to_be_bytes(), &value).unwrap();
    }
    let files = std::fs::read_dir(dir.path().join("incoming/0")).unwrap().count();
    assert!(files > 5, "{files}");
    load.replace().unwrap();
    let mut cursor = family.sweep().unwrap();
    for key in 0..2000_u64 {
        assert!(cursor.advance().unwrap() && cursor.key() == key.to_be_bytes());
    }
    assert!(!cursor.advance().unwrap());
}

#[test]
fn files_of_a_load_that_ended_early_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    let given_up = load(&family, &["a"]);
    assert_eq!(incoming(&dir), 1);
    drop(given_up);
    assert_eq!(incoming(&dir), 0);
    // As if the process had ended.
    std::mem::forget(load(&family, &["a"]));
    assert_eq!(incoming(&dir), 1);
    let second = tempfile::tempdir().unwrap();
    std::fs::rename(dir.path().join("incoming"), second.path().join("incoming")).unwrap();
    drop(open(&second));
    assert_eq!(incoming(&second), 0);
}

#[test]
fn a_crash_leaves_the_old_rows_or_the_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    family.write(&row("old"), Stall::Wait).unwrap();
    family.flush().unwrap();
    // The new column family is there, its rows are not.
    database.create("p1.1").unwrap();
    drop((family, database));
    let database = open(&dir);
    assert_eq!(names(&database), ["default", "p1"]);
    let family = database.family("p1").unwrap();
    assert_eq!(keys(&family), ["old"]);

    // Its rows are there, and so are the old ones.
    let file = dir.path().join("new.sst");
    let options = family_options(&Options::default(), &Cache::new_lru_cache(1 << 20));
    let mut writer = rocksdb::SstFileWriter::create(&options);
    writer.open(&file).unwrap();
    writer.put(b"new", b"value").unwrap();
    writer.finish().unwrap();
    database.create_filled("p1.1", &[file]).unwrap();
    drop((family, database));
    let database = open(&dir);
    assert_eq!(names(&database), ["default", "p1.1"]);
    assert_eq!(keys(&database.family("p1").unwrap()), ["new"]);
}

#[test]
fn a_load_that_meets_a_full_disk_says_so_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    family.write(&row("a"), Stall::Wait).unwrap();
    let load = family.loader().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("incoming/0/000000.sst")).unwrap();
    let mut load = load;
    let loaded = load.put(b"b", b"value").and_then(|()| load.replace());
    assert_eq!(loaded.unwrap_err().shortage(), Some(Shortage::Disk));
    assert_eq!((keys(&family), incoming(&dir)), (vec!["a".to_owned()], 0));
    family.write(&row("c"), Stall::Refuse).unwrap();
    family.flush().unwrap();
}

#[test]
fn a_load_that_cannot_be_taken_in_changes_nothing_and_the_next_one_is() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    family.write(&row("a"), Stall::Wait).unwrap();
    let load_b = load(&family, &["b"]);
    // The file goes while it is written to: there is nothing to take in.
    std::fs::remove_file(dir.path().join("incoming/0/000000.sst")).unwrap();
    assert!(load_b.replace().is_err());
    assert_eq!(
        (keys(&family), names(&database)),
        (vec!["a".to_owned()], vec!["default".into(), "p1".into()])
    );
    family.write(&row("c"), Stall::Refuse).unwrap();
    load(&family, &["d"]).replace().unwrap();
    assert_eq!(keys(&family), ["d"]);
}

/// Flushes and reads go on beside, whichever column family they meet.
#[test]
fn rows_are_replaced_beside_reads_and_flushes() {
    let dir = tempfile::tempdir().unwrap();
    let database = open(&dir);
    let family = database.family("p1").unwrap();
    load(&family, &["0", "x"]).replace().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flusher = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                family.flush().unwrap();
            }
        });
        let reader = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(family.get(b"x").unwrap().is_some());
                assert_eq!(keys(&family).len(), 2);
                assert_eq!(keys(&*family.snapshot().unwrap()).len(), 2);
            }
        });
        for round in 1..20 {
            load(&family, &[&round.to_string(), "x"]).replace().unwrap();
            family.write(&row("x"), Stall::Wait).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        flusher.join().unwrap();
        reader.join().unwrap();
    });
    assert_eq!(keys(&family), ["19", "x"]);
}
