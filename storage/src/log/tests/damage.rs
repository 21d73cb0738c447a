//! Damage at every place of a small log: found, or harmless; never a log that is shorter in silence.

use super::super::groups::Groups;
use super::super::replay;
use super::super::segment::Segment;
use super::super::{Damage, Folder, LogStore, Options, Wal};
use super::conformance::{append, body, entries, small};
use super::sim::Sim;
use super::story::{Known, has, known_after_each, story, tell};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// A log that was told the story and closed, and what it knows.
fn closed() -> (Sim, Known) {
    let (disk, steps) = (Sim::default(), story());
    let wal = Wal::open_in(Arc::new(disk.clone()), &small()).unwrap();
    assert_eq!(tell(&wal, &steps).sure, steps.len());
    drop(wal);
    (disk, known_after_each(&steps).pop().unwrap())
}

fn segments(disk: &Sim) -> BTreeMap<String, Vec<u8>> {
    let mut files = disk.files();
    files.retain(|name, bytes| name.starts_with('0') && !bytes.is_empty());
    assert!(files.len() >= 3, "{:?}", files.keys());
    files
}

/// Opens the folder as it is; `Ok` only with all that is known.
fn complete_or_refused(disk: &Sim, known: &Known, what: &str) -> io::Result<()> {
    let wal = Wal::open_in(Arc::new(disk.copy()), &small())?;
    assert!(has(&wal, known), "{what}: shorter, and nobody said so");
    Ok(())
}

fn assert_names(error: &io::Error, file: &str, what: &str) {
    let damage = Damage::of(error).unwrap_or_else(|| panic!("{what}: {error}"));
    assert!(damage.path.ends_with(file), "{what}: {error}");
    assert!(error.to_string().contains("Check the disk"), "{error}");
}

#[test]
fn every_flipped_bit_is_found_or_harmless() {
    let (disk, _) = closed();
    let whole = loaded(&disk).unwrap();
    for (name, bytes) in segments(&disk) {
        let mut found = 0;
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let damaged = disk.copy();
            damaged.put(&name, flipped);
            let what = format!("{name}, bit {bit}");
            match loaded(&damaged) {
                Ok(known) => assert!(known == whole, "{what}: shorter, and nobody said so"),
                Err(error) => {
                    found += 1;
                    assert_names(&error, &name, &what);
                }
            }
        }
        // Padding, the mark, and what an earlier life left behind the end say nothing.
        let said = end_of(&disk, &name) * 8;
        assert!(found > said * 9 / 10, "{name}: {found} of {said} bits");
    }
}

/// Where the frames of a segment end.
fn end_of(disk: &Sim, name: &str) -> usize {
    let id = u64::from_str_radix(name.trim_end_matches(".wal"), 16).unwrap();
    Segment::open(disk, id).unwrap().unwrap().scan().unwrap().end.offset as usize
}

/// All that the log says of its groups, without starting it.
fn loaded(disk: &Sim) -> io::Result<Vec<String>> {
    let groups = Groups::default();
    replay::load(disk, &groups)?;
    let group = |id: u32| {
        let state = groups.get(id).lock().state();
        Ok(format!("{state:?} {:?}", groups.read(id, 0..10_000)?))
    };
    (1..=3).map(group).collect()
}

#[test]
fn every_shortened_file_is_found() {
    let (disk, known) = closed();
    for (name, bytes) in segments(&disk) {
        for len in 0..bytes.len() {
            let what = format!("{name} of {len} bytes");
            let damaged = disk.copy();
            damaged.put(&name, bytes[..len].to_vec());
            let error = complete_or_refused(&damaged, &known, &what).expect_err(&what);
            assert_names(&error, &name, &what);
        }
    }
}

#[test]
fn a_missing_segment_is_found() {
    let (disk, known) = closed();
    for name in segments(&disk).keys() {
        let damaged = disk.copy();
        Folder::remove(&damaged, name).unwrap();
        let error = complete_or_refused(&damaged, &known, name).expect_err(name);
        assert_names(&error, name, name);
    }
    let empty = disk.copy();
    segments(&disk).keys().for_each(|name| Folder::remove(&empty, name).unwrap());
    assert!(Damage::of(&complete_or_refused(&empty, &known, "all").unwrap_err()).is_some());
}

#[test]
fn swapped_and_copied_segments_are_found() {
    let (disk, known) = closed();
    let files = segments(&disk);
    for (one, other) in files.keys().flat_map(|one| files.keys().map(move |other| (one, other))) {
        if one == other {
            continue;
        }
        let (copied, swapped) = (disk.copy(), disk.copy());
        copied.put(one, files[other].clone());
        swapped.put(one, files[other].clone());
        swapped.put(other, files[one].clone());
        for damaged in [copied, swapped] {
            let what = format!("{other} as {one}");
            assert!(Damage::of(&complete_or_refused(&damaged, &known, &what).expect_err(&what)).is_some());
        }
    }
    let (last, bytes) = files.last_key_value().unwrap();
    let next = u64::from_str_radix(last.trim_end_matches(".wal"), 16).unwrap() + 1;
    disk.put(&format!("{next:016x}.wal"), bytes.clone());
    assert!(complete_or_refused(&disk, &known, "the last one twice").is_err());
}

#[test]
fn frames_cut_from_the_end_of_an_older_segment_are_found() {
    let (disk, known) = closed();
    let files = segments(&disk);
    for (name, bytes) in files.iter().take(files.len() - 1) {
        // Zeros as if it had never been written, from each frame on.
        for at in (64..=end_of(&disk, name)).step_by(8) {
            let mut cut = bytes.clone();
            cut[at..].fill(0);
            let damaged = disk.copy();
            damaged.put(name, cut);
            let error = complete_or_refused(&damaged, &known, name).expect_err("the seal is gone");
            assert_names(&error, name, name);
        }
    }
}

#[test]
fn an_intact_frame_far_behind_damage_is_found() {
    let disk = Sim::default();
    let options = Options { segment_bytes: 24 << 20, first_segment_bytes: 24 << 20, ..small() };
    let open = |disk: &Sim| Wal::open_in(Arc::new(disk.clone()), &options);
    let wal = open(&disk).unwrap();
    append(&wal, 1, vec![(0, vec![b'x'; 17 << 20].into())]).unwrap();
    append(&wal, 1, vec![(1, body(1, 1))]).unwrap();
    drop(wal);
    let name = "0000000000000001.wal";
    let mut bytes = disk.files()[name].clone();
    bytes[1000] ^= 1;
    disk.put(name, bytes);
    let error = open(&disk).err().expect("the first frame is damaged");
    assert_names(&error, name, "17 MiB");
    assert_eq!(Damage::of(&error).unwrap().offset, 88, "where the frame starts");
}

#[test]
fn an_entry_that_rots_while_the_log_is_open_is_named() {
    let disk = Sim::default();
    let options = Options { recent_bytes: 0, ..small() };
    let wal = Wal::open_in(Arc::new(disk.clone()), &options).unwrap();
    append(&wal, 1, entries(0..2, 1)).unwrap();
    append(&wal, 1, entries(2..3, 1)).unwrap();
    let file = Folder::open(&disk, "0000000000000001.wal").unwrap();
    file.write_all_at(&[0xff; 600], 88).unwrap();
    assert_names(&wal.read(1, 0..1).unwrap_err(), "0000000000000001.wal", "a read");
}
