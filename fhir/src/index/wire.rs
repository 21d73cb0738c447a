//! The byte form of index values: see `fhir/README.md`, "Index values".

use super::value::Value;
use crate::definitions::ParamId;
use std::fmt;
use thiserror::Error;

/// The first byte. Readers keep reading every older format.
pub const FORMAT_VERSION: u8 = 1;

/// Not index values, or of a newer format than this build knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ValuesError {
    #[error("index values of unknown format {0}")]
    Format(u8),
    #[error("index values end inside a value")]
    Truncated,
}

/// The index values of one resource.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    /// Checks `bytes` once, so that reading them later cannot fail. Costs one pass over the lengths and texts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ValuesError> {
        match bytes.split_first() {
            Some((&FORMAT_VERSION, groups)) => {
                check(groups)?;
                Ok(Values(groups))
            }
            Some((&format, _)) => Err(ValuesError::Format(format)),
            None => Err(ValuesError::Truncated),
        }
    }

    /// Reads what this build's own storage wrote and therefore need not be checked again: costs nothing. Any bytes are
    /// safe to read; damaged ones, or of another format, end early or say nothing.
    pub fn trusted(bytes: &'a [u8]) -> Self {
        match bytes.split_first() {
            Some((&FORMAT_VERSION, groups)) => Values(groups),
            _ => Values(&[]),
        }
    }

    /// All values, by rising parameter number. Values of kinds a newer build added are left out.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, Value<'a>)> + use<'a> {
        groups(self.0).flat_map(|(param, values)| ValueIter(values).map(move |value| (param, value)))
    }

    /// The values of one parameter; none if the resource has none.
    pub fn of(&self, param: ParamId) -> ValueIter<'a> {
        let group =
            groups(self.0).take_while(|(found, _)| *found <= param).find(|(found, _)| *found == param);
        ValueIter(group.map_or(&[], |(_, values)| values))
    }
}

/// One line per value.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (param, value) in self.iter() {
            writeln!(f, "{param:?} = {value}")?;
        }
        Ok(())
    }
}

/// The values of one parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ValueIter<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for ValueIter<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        loop {
            let tag = self.0.split_off_first()?;
            let payload = Reader::sized(&mut self.0)?;
            if let Some(value) = Value::read(*tag, payload) {
                return Some(value);
            }
        }
    }
}

fn groups(bytes: &[u8]) -> impl Iterator<Item = (ParamId, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (param, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        Some((ParamId(u16::from_le_bytes(*param)), Reader::sized(&mut rest)?))
    })
}

/// Whether groups, values and their fields end where they should.
fn check(mut bytes: &[u8]) -> Result<(), ValuesError> {
    while !bytes.is_empty() {
        bytes.split_off(..2).ok_or(ValuesError::Truncated)?;
        check_values(Reader::sized(&mut bytes).ok_or(ValuesError::Truncated)?)?;
    }
    Ok(())
}

fn check_values(mut values: &[u8]) -> Result<(), ValuesError> {
    while let Some(&tag) = values.split_off_first() {
        let payload = Reader::sized(&mut values).ok_or(ValuesError::Truncated)?;
        if Value::is_known(tag) && Value::read(tag, payload).is_none() {
            return Err(ValuesError::Truncated);
        }
    }
    Ok(())
}

/// Reads the fields of a value.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// A length as LEB128, then that many bytes.
    pub(super) fn sized(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        let mut len = 0usize;
        for shift in (0..32).step_by(7) {
            let byte = *bytes.split_off_first()?;
            len |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return bytes.split_off(..len);
            }
        }
        None
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.0.split_off_first().copied()
    }

    pub(super) fn code(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.0.split_off(..2)?.try_into().ok()?))
    }

    pub(super) fn number(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.0.split_off(..8)?.try_into().ok()?))
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(Reader::sized(&mut self.0)?).ok()
    }

    pub(super) fn rest(&mut self) -> Option<&'a str> {
        std::str::from_utf8(std::mem::take(&mut self.0)).ok()
    }
}

pub(super) fn write_len(out: &mut Vec<u8>, mut len: usize) {
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
}

pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_len(out, text.len());
    out.extend_from_slice(text.as_bytes());
}
