//! How far an index holds the changes of a partition, and the payload of a commit, which tells it of all:
//! `partition=applied<reached`, separated by spaces.

use proto::id::PartitionId;

/// How far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upto {
    /// All changes up to this applied index are there.
    pub applied: u64,
    /// None beyond this one is. It is ahead where a run was sealed while a slice of the log was added to it.
    pub reached: u64,
}

/// The payload.
pub fn write(all: &[(PartitionId, Upto)]) -> String {
    let one = |(partition, upto): &(PartitionId, Upto)| {
        format!("{}={}<{} ", partition.0, upto.applied, upto.reached)
    };
    all.iter().map(one).collect()
}

/// What a payload says; the error says what is wrong with it.
pub fn read(text: &str) -> Result<Vec<(PartitionId, Upto)>, String> {
    let one = |part: &str| {
        let (partition, upto) = part.split_once('=')?;
        let (applied, reached) = upto.split_once('<')?;
        let upto = Upto { applied: applied.parse().ok()?, reached: reached.parse().ok()? };
        Some((PartitionId(partition.parse().ok()?), upto))
    };
    text.split_whitespace().map(|part| one(part).ok_or_else(|| format!("a bad payload: '{text}'"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_round_trip() {
        let all = vec![
            (PartitionId(3), Upto { applied: 17, reached: 20 }),
            (PartitionId(16), Upto { applied: 0, reached: u64::MAX }),
        ];
        assert_eq!(read(&write(&all)).unwrap(), all);
        assert_eq!(read("").unwrap(), []);
        assert!(read("3:4<5").is_err() && read("3=4").is_err());
    }
}
