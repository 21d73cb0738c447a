//! Bytes that are known to be UTF-8.
//!
//! This is the only module of the crate with `unsafe`: `Bytes` hands out `&[u8]`, and checking UTF-8 again at each
//! access to a string would cost more than parsing did. The one constructor checks all bytes, `Bytes` is immutable,
//! and the field is private, so the bytes stay the checked ones.

use bytes::Bytes;

/// Immutable, validated UTF-8.
#[derive(Clone, Debug)]
pub(super) struct Text(Bytes);

impl Text {
    /// Checks `source`. The error says up to which offset the bytes are good.
    pub fn new(source: Bytes) -> Result<Self, std::str::Utf8Error> {
        std::str::from_utf8(&source)?;
        Ok(Text(source))
    }

    pub fn as_str(&self) -> &str {
        // SAFETY: `new` is the only constructor and has checked these very bytes, which nobody can change.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }

    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}
