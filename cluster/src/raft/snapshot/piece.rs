//! A piece of a snapshot on its way: `proto/internal/v1`, `SnapshotPiece`. One that is lost, doubled, swapped or damaged is an error that
//! names it.

use super::super::record::bad;
use bytes::Bytes;
use prost::Message;
use proto::internal::v1::SnapshotPiece;
use std::io;
use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

/// What has come, or was sent, so far.
#[derive(Default)]
pub(super) struct Count {
    /// The number of the next piece.
    pub next: u64,
    whole: Box<Xxh3>,
}

/// One that is the next, and as it was sent.
pub(super) enum Piece {
    Rows(Bytes),
    /// There were no more. The checksum is of all of them.
    End(u64),
}

impl Count {
    /// The next rows as they are sent.
    pub(super) fn seal(&mut self, rows: Bytes) -> Bytes {
        let number = self.next;
        self.see(&rows);
        SnapshotPiece { number, checksum: checksum(number, &rows), rows, whole: None }.encode_to_vec().into()
    }

    /// The last piece.
    pub(super) fn seal_end(&mut self) -> Bytes {
        let (number, rows) = (self.next, Bytes::new());
        let whole = Some(self.whole.digest());
        self.see(&rows);
        SnapshotPiece { number, checksum: checksum(number, &rows), rows, whole }.encode_to_vec().into()
    }

    /// What comes, where it is the next.
    pub(super) fn open(&self, piece: Bytes) -> io::Result<Piece> {
        let next = self.next;
        let damaged = || bad(format!("piece {next} of a snapshot was damaged on its way"));
        let piece = SnapshotPiece::decode(piece).map_err(|_| damaged())?;
        let number = piece.number;
        if checksum(number, &piece.rows) != piece.checksum {
            return Err(damaged());
        }
        if number < next {
            return Err(bad(format!("piece {number} of a snapshot comes again, piece {next} should")));
        }
        if number > next {
            return Err(bad(format!("piece {next} of a snapshot was lost, piece {number} comes")));
        }
        match piece.whole {
            None => Ok(Piece::Rows(piece.rows)),
            Some(whole) => Ok(Piece::End(whole)),
        }
    }

    /// Whether what has come is all that was sent.
    pub(super) fn check(&self, whole: u64) -> io::Result<()> {
        match whole == self.whole.digest() {
            true => Ok(()),
            false => {
                let next = self.next;
                Err(bad(format!("the {next} pieces of a snapshot are together not what was sent")))
            }
        }
    }

    /// These rows have come, or go.
    pub(super) fn see(&mut self, rows: &[u8]) {
        self.whole.update(rows);
        self.next += 1;
    }
}

fn checksum(number: u64, rows: &[u8]) -> u64 {
    xxh3_64_with_seed(rows, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(count: &mut Count, piece: &Bytes) -> Result<Option<Bytes>, String> {
        match count.open(piece.clone()).map_err(|error| error.to_string())? {
            Piece::End(whole) => count.check(whole).map(|()| None).map_err(|error| error.to_string()),
            Piece::Rows(rows) => {
                count.see(&rows);
                Ok(Some(rows))
            }
        }
    }

    fn sealed() -> Vec<Bytes> {
        let mut count = Count::default();
        let mut pieces: Vec<Bytes> =
            ["one", "two", "three"].map(|rows| count.seal(Bytes::from_static(rows.as_bytes()))).into();
        pieces.push(count.seal_end());
        pieces
    }

    #[test]
    fn pieces_arrive_in_order_and_whole() {
        let mut count = Count::default();
        let told: Vec<_> = sealed().iter().map(|piece| opened(&mut count, piece).unwrap()).collect();
        assert_eq!(told, [Some("one".into()), Some("two".into()), Some("three".into()), None]);
    }

    #[test]
    fn what_is_lost_doubled_or_swapped_is_named() {
        let pieces = sealed();
        let error = |order: &[usize]| {
            let mut count = Count::default();
            order.iter().find_map(|at| opened(&mut count, &pieces[*at]).err())
        };
        assert_eq!(error(&[0, 2]).unwrap(), "piece 1 of a snapshot was lost, piece 2 comes");
        assert_eq!(error(&[0, 3]).unwrap(), "piece 1 of a snapshot was lost, piece 3 comes");
        assert_eq!(error(&[0, 1, 1]).unwrap(), "piece 1 of a snapshot comes again, piece 2 should");
        assert_eq!(error(&[1, 0]).unwrap(), "piece 0 of a snapshot was lost, piece 1 comes");
        assert_eq!(error(&[0, 1, 2, 3]), None);
    }

    #[test]
    fn what_is_damaged_is_named_and_never_rows() {
        let (pieces, mut count) = (sealed(), Count::default());
        opened(&mut count, &pieces[0]).unwrap();
        for at in 0..pieces[1].len() {
            for bit in 0..8 {
                let mut changed = pieces[1].to_vec();
                changed[at] ^= 1 << bit;
                assert!(opened(&mut count, &changed.into()).is_err(), "byte {at}, bit {bit}");
            }
            assert!(opened(&mut count, &pieces[1].slice(..at)).is_err());
        }
        // Of another snapshot, and right by itself.
        let mut other = Count::default();
        other.seal(Bytes::from_static(b"one"));
        let other = other.seal(Bytes::from_static(b"owt"));
        opened(&mut count, &other).unwrap();
        opened(&mut count, &pieces[2]).unwrap();
        let error = opened(&mut count, &pieces[3]).unwrap_err();
        assert_eq!(error, "the 3 pieces of a snapshot are together not what was sent");
    }
}
