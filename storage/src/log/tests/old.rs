//! Folders that earlier versions wrote: segments that are not chained.

use super::super::frame::{Builder, Kind, aligned};
use super::super::header::{SEGMENT_HEADER, encode_1};
use super::super::{Damage, LogStore, Wal};
use super::conformance::{append, body, entries, small};
use super::sim::Sim;
use bytes::Bytes;
use std::io;
use std::sync::Arc;

const BYTES: usize = 4096;

/// A segment as earlier versions wrote it: each frame has one entry of group 1.
fn segment(id: u64, indexes: std::ops::Range<u64>) -> Vec<u8> {
    let salt = id * 31;
    let mut bytes = encode_1(id, salt).to_vec();
    let mut builder = Builder::default();
    for index in indexes {
        builder.clear();
        if bytes.len() == SEGMENT_HEADER as usize {
            builder.push(Kind::Vote, 1, 0, b"vote");
        }
        builder.push(Kind::Entry, 1, index, &body(index, 1));
        bytes.extend_from_slice(builder.finish(salt));
        bytes.resize(aligned(bytes.len() as u64) as usize, 0);
    }
    bytes.resize(BYTES, 0);
    bytes
}

/// Two segments, ten entries each.
fn folder() -> Sim {
    let disk = Sim::default();
    disk.put("0000000000000001.wal", segment(1, 0..10));
    disk.put("0000000000000002.wal", segment(2, 10..20));
    disk
}

fn open(disk: &Sim) -> io::Result<Wal> {
    Wal::open_in(Arc::new(disk.clone()), &small())
}

#[test]
fn an_old_folder_opens_and_is_written_on() {
    let disk = folder();
    let wal = open(&disk).unwrap();
    assert_eq!(wal.state(1).vote, Some(Bytes::from_static(b"vote")));
    assert_eq!(wal.read(1, 0..99).unwrap(), entries(0..20, 1));
    append(&wal, 1, entries(20..30, 1)).unwrap();
    drop(wal);
    let wal = open(&disk).unwrap();
    assert_eq!(wal.read(1, 0..99).unwrap(), entries(0..30, 1));
    // The old segments are part of the chain from now on.
    for name in ["0000000000000001.wal", "0000000000000002.wal"] {
        for at in (0..28).chain(64..1600) {
            let damaged = disk.copy();
            let mut bytes = disk.files()[name].clone();
            bytes[at] ^= 0x10;
            damaged.put(name, bytes);
            match open(&damaged) {
                Ok(wal) => assert_eq!(wal.read(1, 0..99).unwrap(), entries(0..30, 1), "{name} at {at}"),
                Err(error) => assert!(Damage::of(&error).is_some(), "{name} at {at}: {error}"),
            }
        }
    }
    wal.purge_upto(1, 25, Bytes::from_static(b"id"));
    append(&wal, 1, entries(30..31, 1)).unwrap();
    append(&wal, 1, entries(31..32, 1)).unwrap();
    drop(wal);
    assert!(!disk.files().contains_key("0000000000000002.wal"), "they are freed as others are");
    assert_eq!(open(&disk).unwrap().read(1, 0..99).unwrap(), entries(26..32, 1));
}

#[test]
fn what_a_crash_of_an_old_version_left_opens() {
    // A new segment had its name before its header: zeros, or what the recycled file held.
    for content in [vec![0; BYTES], segment(1, 0..10)] {
        let disk = folder();
        disk.put("0000000000000003.wal", content);
        let wal = open(&disk).unwrap();
        assert_eq!(wal.read(1, 0..99).unwrap(), entries(0..20, 1));
        append(&wal, 1, entries(20..21, 1)).unwrap();
        drop(wal);
        assert_eq!(open(&disk).unwrap().read(1, 20..99).unwrap(), entries(20..21, 1));
    }
}

#[test]
fn a_flipped_bit_in_an_older_segment_is_found() {
    let disk = folder();
    let mut bytes = segment(1, 0..10);
    bytes[700] ^= 1;
    disk.put("0000000000000001.wal", bytes);
    let error = open(&disk).err().expect("frames after the damage were acknowledged");
    assert!(Damage::of(&error).unwrap().path.ends_with("0000000000000001.wal"), "{error}");
}

#[test]
fn an_old_program_refuses_a_new_folder() {
    let disk = Sim::default();
    drop(open(&disk).unwrap());
    // It takes every name with this end for a segment's number.
    let names: Vec<String> = disk.files().into_keys().filter(|name| !name.starts_with("spare-")).collect();
    let numbers = names.iter().filter_map(|name| name.strip_suffix(".wal"));
    assert!(numbers.map(|stem| u64::from_str_radix(stem, 16)).any(|number| number.is_err()), "{names:?}");
}
