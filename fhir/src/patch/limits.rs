//! What a patch may cost.

use super::error::ErrorKind;
use crate::json;

/// Bounds of one patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the patch's own body; `depth_max` holds for the result too.
    pub json: json::Limits,
    /// Operations of one patch.
    pub operations_max: usize,
    /// Bytes that all operations together may write, what they replace not taken off: a chain of `copy` operations
    /// doubles a value each time.
    pub bytes_max: usize,
    /// Values that all operations together may look at, take apart or shift. One value under edit takes 32 bytes.
    pub steps_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            json: json::Limits::default(),
            operations_max: 10_000,
            bytes_max: 16 << 20,
            steps_max: 4 << 20,
        }
    }
}

/// Reading, comparing and writing this many bytes of JSON costs about as much as looking at one value under edit.
const BYTES_PER_STEP: usize = 64;

/// How much a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// Of the JSON written for it, give or take its commas.
    pub bytes: usize,
    /// Values under edit in it.
    pub values: usize,
    /// Levels of containers in it.
    pub depth: usize,
}

impl Size {
    /// Adds a child, and the bytes of the name before it.
    pub fn hold(&mut self, name_bytes: usize, child: Size) {
        self.bytes += name_bytes + child.bytes + 1;
        self.values += child.values;
        self.depth = self.depth.max(child.depth + 1);
    }
}

/// What is left of the limits while a patch is applied.
pub(super) struct Budget<'l> {
    limits: &'l Limits,
    steps: u64,
    bytes: usize,
}

impl<'l> Budget<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Budget { limits, steps: limits.steps_max, bytes: limits.bytes_max }
    }

    /// Asks for `values` to be looked at.
    pub fn spend(&mut self, values: usize) -> Result<(), ErrorKind> {
        let max = self.limits.steps_max;
        self.steps = self.steps.checked_sub(values as u64).ok_or(ErrorKind::TooManySteps { max })?;
        Ok(())
    }

    /// Asks for `bytes` of JSON to be read or written once.
    pub fn scan(&mut self, bytes: usize) -> Result<(), ErrorKind> {
        self.spend(1 + bytes / BYTES_PER_STEP)
    }

    /// Asks for a value of that size to be put below `depth` containers.
    pub fn put(&mut self, size: Size, depth: usize) -> Result<(), ErrorKind> {
        self.spend(size.values)?;
        self.scan(size.bytes)?;
        let limits = self.limits;
        self.bytes =
            self.bytes.checked_sub(size.bytes).ok_or(ErrorKind::TooLarge { max: limits.bytes_max })?;
        let max = limits.json.depth_max;
        if depth + size.depth > max {
            return Err(ErrorKind::TooDeep { max });
        }
        Ok(())
    }
}
