//! Splits a checked-in text table into lines at compile time.

/// One line's field in a table: byte offset and length.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The bytes of `table` this span names.
    pub(crate) const fn of<'t>(&self, table: &'t [u8]) -> &'t [u8] {
        table.split_at(self.start as usize).1.split_at(self.len as usize).0
    }
}

/// The number of lines of `table`; every line ends with a line feed.
pub(crate) const fn count(table: &[u8]) -> usize {
    let (mut at, mut lines) = (0, 0);
    while at < table.len() {
        if table[at] == b'\n' {
            lines += 1;
        }
        at += 1;
    }
    lines
}

/// The last tab-separated field of each of the `N` lines of `table`.
pub(crate) const fn last_fields<const N: usize>(table: &[u8]) -> [Span; N] {
    let mut spans = [Span { start: 0, len: 0 }; N];
    let (mut at, mut line, mut start) = (0, 0, 0);
    while at < table.len() {
        match table[at] {
            b'\t' => start = at + 1,
            b'\n' => {
                spans[line] = Span { start: start as u32, len: (at - start) as u32 };
                line += 1;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    spans
}
