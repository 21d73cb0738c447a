//! Lines of a file, in bounded memory.

use std::io::{self, BufRead};

/// What [`Lines::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its line end.
    Whole(Vec<u8>),
    /// Longer than the limit; skipped, with its length.
    TooLong(u64),
}

pub(super) struct Lines<R> {
    source: R,
    bytes_max: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R, bytes_max: usize) -> Self {
        Lines { source, bytes_max }
    }

    /// The next line; `None` at the end. A last line without a line end is one too.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut length, mut any) = (Vec::new(), 0_u64, false);
        loop {
            let chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let end = chunk.iter().position(|&byte| byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            length += part.len() as u64;
            if length <= self.bytes_max as u64 {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(match any {
            false => None,
            true if length > self.bytes_max as u64 => Some(Line::TooLong(length)),
            true => Some(Line::Whole(line)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, buffer: usize) -> Vec<Line> {
        let mut lines = Lines::new(io::BufReader::with_capacity(buffer, text.as_bytes()), 4);
        std::iter::from_fn(|| lines.next().unwrap()).collect()
    }

    #[test]
    fn long_lines_are_skipped_alone() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        for buffer in [1, 3, 100] {
            assert_eq!(lines("", buffer), []);
            assert_eq!(lines("ab\n\nc", buffer), [whole("ab"), whole(""), whole("c")]);
            assert_eq!(lines("abcd\nabcde\nx\n", buffer), [whole("abcd"), Line::TooLong(5), whole("x")]);
        }
    }
}
