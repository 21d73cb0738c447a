//! The first 64 bytes of a segment. All numbers little endian.
//!
//! ```text
//! 2: "SALMWAL2" | id u64 | salt u64 | length of the file u64 | end of the segment before u64 (0: none is)
//!    | its chain u32 | crc32c u32 of all before
//! 1: "SALMWAL1" | id u64 | salt u64 | crc32c u32 of all before (read only: not chained)
//! ```

/// Where the first frame starts.
pub(super) const SEGMENT_HEADER: u64 = 64;
const BYTES: usize = SEGMENT_HEADER as usize;
const MAGIC_1: &[u8; 8] = b"SALMWAL1";
const MAGIC_2: &[u8; 8] = b"SALMWAL2";

/// Where the frames of a segment end, and its chain up to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub offset: u64,
    pub chain: u32,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub id: u64,
    pub salt: u64,
    /// `None` in format 1.
    pub link: Option<Link>,
    /// Where the segment's own chain starts.
    pub crc: u32,
}

/// What format 2 has beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Of the file.
    pub bytes: u64,
    /// The end of the segment before; `None` in the first of a log.
    pub previous: Option<End>,
}

/// The bytes of a header in format 2, and their checksum.
pub(super) fn encode(id: u64, salt: u64, link: &Link) -> ([u8; BYTES], u32) {
    let previous = link.previous.unwrap_or(End { offset: 0, chain: 0 });
    let mut header = [0_u8; BYTES];
    header[..8].copy_from_slice(MAGIC_2);
    for (at, word) in [(8, id), (16, salt), (24, link.bytes), (32, previous.offset)] {
        header[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
    header[40..44].copy_from_slice(&previous.chain.to_le_bytes());
    let crc = crc32c::crc32c(&header[..44]);
    header[44..48].copy_from_slice(&crc.to_le_bytes());
    (header, crc)
}

/// `None` where these are not the bytes of a header.
pub(super) fn decode(header: &[u8; BYTES]) -> Option<Header> {
    let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
    let half = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
    let is_intact = |end: usize| crc32c::crc32c(&header[..end]) == half(end);
    let (id, salt) = (word(8), word(16));
    if &header[..8] == MAGIC_1 && is_intact(24) {
        return Some(Header { id, salt, link: None, crc: half(24) });
    }
    if &header[..8] == MAGIC_2 && is_intact(44) {
        let previous = Some(End { offset: word(32), chain: half(40) }).filter(|end| end.offset > 0);
        return Some(Header { id, salt, link: Some(Link { bytes: word(24), previous }), crc: half(44) });
    }
    None
}

/// A header in format 1, as earlier versions wrote it.
#[cfg(test)]
pub(super) fn encode_1(id: u64, salt: u64) -> [u8; BYTES] {
    let mut header = [0_u8; BYTES];
    header[..8].copy_from_slice(MAGIC_1);
    header[8..16].copy_from_slice(&id.to_le_bytes());
    header[16..24].copy_from_slice(&salt.to_le_bytes());
    let crc = crc32c::crc32c(&header[..24]);
    header[24..28].copy_from_slice(&crc.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip_and_every_flipped_bit_is_seen() {
        for previous in [None, Some(End { offset: 4096, chain: 7 })] {
            let link = Link { bytes: 1 << 26, previous };
            let (bytes, crc) = encode(3, 9, &link);
            let header = Header { id: 3, salt: 9, link: Some(link), crc };
            assert_eq!(decode(&bytes), Some(header));
            for bit in 0..48 * 8 {
                let mut flipped = bytes;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(decode(&flipped), None, "bit {bit}");
            }
        }
        let old = decode(&encode_1(3, 9)).unwrap();
        assert_eq!((old.id, old.salt, old.link), (3, 9, None));
        assert_eq!(decode(&[0; BYTES]), None);
    }
}
