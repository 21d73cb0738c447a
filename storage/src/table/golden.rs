//! The keys, byte by byte: stored data depends on them for good.

use super::*;
use crate::version::{FeedPosition, HistoryPlace};
use proto::id::{ResourceId, ResourceKey, Slot};

const TENANT: TenantId = TenantId(7);

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn resource() -> ResourceKey {
    let compartment = CompartmentKey { slot: Slot(0x0102), type_code: TypeCode(0x0304), id: id("pat") };
    ResourceKey { compartment, type_code: TypeCode(0x0506), id: id("obs") }
}

#[test]
fn every_key_has_the_bytes_it_always_had() {
    let (key, at) = (resource(), FeedPosition { index: 9, seq: 2 });
    let place =
        HistoryPlace { last_updated_ms: 0x0a0b, type_code: TypeCode(0x0506), id: id("obs"), version: 3 };
    let resource = b"\x01\x02\x03\x04pat\x00\x05\x06obs\x00";
    let number = |number: u8| [&[0; 7][..], &[number]].concat();
    let cases: [(Vec<u8>, u8, Vec<u8>); 15] = [
        (Resource::key(TENANT, &key), 1, resource.to_vec()),
        (IndexValues::key(TENANT, &key), 2, resource.to_vec()),
        (History::key(TENANT, (&key, 3)), 3, [&resource[..], &number(3)].concat()),
        (
            Directory::key(TENANT, (Slot(0x0102), TypeCode(0x0506), &id("obs"))),
            4,
            b"\x01\x02\x05\x06obs\x00".to_vec(),
        ),
        (Feed::key(TENANT, at), 5, [&number(9)[..], &[0, 0, 0, 2]].concat()),
        (
            TypeHistory::key(TENANT, (TypeCode(0x0506), at)),
            6,
            [&[5, 6][..], &number(9), &[0, 0, 0, 2]].concat(),
        ),
        (Dedup::key(TENANT, b"k"), 7, b"k".to_vec()),
        (Expiry::key(TENANT, (4, b"row")), 8, [&number(4)[..], b"row"].concat()),
        (Prepared::key(TENANT, b"t"), 9, b"t".to_vec()),
        (Decision::key(TENANT, b"t"), 10, b"t".to_vec()),
        (Reservation::key(TENANT, b"c"), 11, b"c".to_vec()),
        (Count::key(TENANT, TypeCode(0x0506)), 12, vec![5, 6]),
        (
            Timeline::key(TENANT, &place),
            16,
            [&b"\x05\x06\x00\x00\x00\x00\x00\x00\x0a\x0bobs\x00"[..], &number(3)].concat(),
        ),
        (Generation::key(TENANT, ()), 17, vec![]),
        (Dropped::key(TENANT, ()), 18, vec![]),
    ];
    for (key, tag, rest) in cases {
        assert_eq!(key, [&[tag, 0, 0, 0, 7][..], &rest].concat(), "table {tag}");
    }
}
