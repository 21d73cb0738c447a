//! Codes by their text.

use std::cmp::Ordering;

/// Numbers of codes in the order of their texts, for a binary search.
///
/// The first eight bytes of a text stand next to its number, as an integer that sorts like the text: most steps of a search
/// compare two integers and touch no text. Sorted, not hashed: no choice of codes makes it slow.
#[derive(Debug, Default)]
pub(super) struct CodeTable {
    entries: Vec<(u64, u32)>,
    fold: bool,
}

impl CodeTable {
    /// The numbers `0..count`, whose texts `text_of` gives. Where two texts are the same, the lower number is found. With
    /// `fold`, case is ignored (in ASCII).
    pub fn new<'t>(count: usize, fold: bool, text_of: impl Fn(u32) -> &'t str) -> Self {
        let mut entries: Vec<_> =
            (0..count as u32).map(|number| (prefix(text_of(number), fold), number)).collect();
        let order = |left: &(u64, u32), right: &(u64, u32)| {
            left.0.cmp(&right.0).then_with(|| compare(text_of(left.1), text_of(right.1), fold))
        };
        entries.sort_by(order);
        entries.dedup_by(|later, earlier| order(earlier, later) == Ordering::Equal);
        CodeTable { entries, fold }
    }

    /// The number of that text.
    #[inline]
    pub fn find<'t>(&self, text: &str, text_of: impl Fn(u32) -> &'t str) -> Option<u32> {
        let wanted = prefix(text, self.fold);
        let found = self.entries.binary_search_by(|&(first, number)| {
            first.cmp(&wanted).then_with(|| compare(text_of(number), text, self.fold))
        });
        found.ok().map(|at| self.entries[at].1)
    }

    /// The numbers that are found.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|&(_, number)| number)
    }

    pub fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<(u64, u32)>()
    }
}

/// The first eight bytes, padded with zeros, most significant first.
fn prefix(text: &str, fold: bool) -> u64 {
    let mut first = [0; 8];
    let length = text.len().min(8);
    first[..length].copy_from_slice(&text.as_bytes()[..length]);
    if fold {
        first.make_ascii_lowercase();
    }
    u64::from_be_bytes(first)
}

fn compare(left: &str, right: &str, fold: bool) -> Ordering {
    if !fold {
        return left.cmp(right);
    }
    left.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 7] = ["active", "Active", "", "active-long-code", "active-long-code-b", "é", "zz"];

    #[test]
    fn every_text_is_found_and_no_other() {
        let text_of = |number: u32| TEXTS[number as usize];
        let table = CodeTable::new(TEXTS.len(), false, text_of);
        for (number, text) in TEXTS.iter().enumerate() {
            assert_eq!(table.find(text, text_of), Some(number as u32), "{text}");
        }
        for absent in ["activ", "active-long", "ACTIVE", "a\0", "zzz"] {
            assert_eq!(table.find(absent, text_of), None, "{absent}");
        }
    }

    #[test]
    fn without_regard_to_case_the_first_is_found() {
        let text_of = |number: u32| TEXTS[number as usize];
        let table = CodeTable::new(TEXTS.len(), true, text_of);
        assert_eq!(table.find("ACTIVE", text_of), Some(0));
        assert_eq!(table.find("Active", text_of), Some(0));
        assert_eq!(table.find("ACTIVE-long-Code-B", text_of), Some(4));
    }
}
