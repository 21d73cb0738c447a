//! The byte form of index values: see `fhir/docs/index-values.md`.

use super::heap::{Heap, read_number};
use super::value::{Value, ValueIter};
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
pub struct Values<'a> {
    /// Parameter numbers, rising.
    params: &'a [[u8; 2]],
    /// For each parameter where its offsets end in `offsets`, as numbers of `width` bytes.
    ends: &'a [u8],
    width: usize,
    offsets: &'a [u8],
    heap: Heap<'a>,
}

impl<'a> Values<'a> {
    /// Checks `bytes` once, so that reading them later cannot fail. Costs one pass over all values and their texts.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ValuesError> {
        match bytes.split_first() {
            Some((&FORMAT_VERSION, rest)) => {
                let values = Values::layout(rest).ok_or(ValuesError::Truncated)?;
                values.check().and_then(|()| values.check_contained()).ok_or(ValuesError::Truncated)?;
                Ok(values)
            }
            Some((&format, _)) => Err(ValuesError::Format(format)),
            None => Err(ValuesError::Truncated),
        }
    }

    /// Reads what this build's own storage wrote and therefore need not be checked again: looks at the head alone. Any
    /// bytes are safe to read; of damaged ones some values are missing, those of another format have none.
    #[inline]
    pub fn trusted(bytes: &'a [u8]) -> Self {
        match bytes.split_first() {
            Some((&FORMAT_VERSION, rest)) => Values::layout(rest).unwrap_or(Values::NONE),
            _ => Values::NONE,
        }
    }

    const NONE: Values<'static> =
        Values { params: &[], ends: &[], width: 1, offsets: &[], heap: Heap::EMPTY };

    #[inline]
    fn layout(mut rest: &'a [u8]) -> Option<Self> {
        let width = usize::from(*rest.split_off_first()?);
        let count = usize::try_from(read_number(&mut rest)?).ok()?;
        let texts = usize::try_from(read_number(&mut rest)?).ok()?;
        let (params, _) = rest.split_off(..count.checked_mul(2)?)?.as_chunks::<2>();
        let ends = rest.split_off(..count.checked_mul(width)?)?;
        let offsets = match count.checked_sub(1) {
            Some(last) => rest.split_off(..end(ends, width, last)?)?,
            None => &[],
        };
        let texts = rest.split_off(..texts)?;
        Some(Values { params, ends, width, offsets, heap: Heap { texts, values: rest } })
    }

    /// All values, by rising parameter number. Values of kinds a newer build added are left out.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, Value<'a>)> + use<'a> {
        let all = *self;
        all.params.iter().enumerate().flat_map(move |(number, param)| {
            let param = ParamId(u16::from_le_bytes(*param));
            all.at(number).map(move |value| (param, value))
        })
    }

    /// The values of one parameter; none if the resource has none.
    #[inline]
    pub fn of(&self, param: ParamId) -> ValueIter<'a> {
        match self.params.binary_search_by_key(&param.0, |&found| u16::from_le_bytes(found)) {
            Ok(number) => self.at(number),
            Err(_) => ValueIter::of_parameter(&[], self.heap),
        }
    }

    /// The values of the parameter at a place of the list.
    #[inline]
    fn at(&self, number: usize) -> ValueIter<'a> {
        let start = match number {
            0 => Some(0),
            _ => end(self.ends, self.width, number - 1),
        };
        let range = start.zip(end(self.ends, self.width, number)).map(|(start, end)| start..end);
        let offsets = range.and_then(|range| self.offsets.get(range)).unwrap_or_default();
        ValueIter::of_parameter(offsets, self.heap)
    }

    fn check(&self) -> Option<()> {
        let rising = self.params.is_sorted_by(|a, b| u16::from_le_bytes(*a) < u16::from_le_bytes(*b));
        let mut last = 0;
        for number in 0..self.params.len() {
            let end = end(self.ends, self.width, number)?;
            self.at(number).check(last < end)?;
            last = end;
        }
        rising.then_some(())
    }

    /// Contained resources have none themselves, so that no damage can nest them without end.
    fn check_contained(&self) -> Option<()> {
        for value in self.of(ParamId::CONTAINED) {
            let Value::Contained(contained) = value else { return None };
            let inside = Values::layout(contained.values.strip_prefix(&[FORMAT_VERSION])?)?;
            inside.check()?;
            inside.of(ParamId::CONTAINED).next().is_none().then_some(())?;
        }
        Some(())
    }
}

/// The number at a place of a list of `width`-byte numbers.
#[inline]
fn end(ends: &[u8], width: usize, number: usize) -> Option<usize> {
    match width {
        1 => ends.get(number).map(|&end| usize::from(end)),
        2 => Some(usize::from(u16::from_le_bytes(*ends.as_chunks().0.get(number)?))),
        4 => usize::try_from(u32::from_le_bytes(*ends.as_chunks().0.get(number)?)).ok(),
        _ => None,
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
