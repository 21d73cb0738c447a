//! FHIR's `id`: https://hl7.org/fhir/R4/datatypes.html#id

use std::{borrow::Borrow, fmt, str::FromStr};

/// 1 to 64 characters of `A-Z a-z 0-9 - .`, kept inline: no allocation, `Copy`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    // Padded with zeros, which no id contains, so that derived order and equality are those of the text.
    bytes: [u8; ResourceId::LEN_MAX],
    len: u8,
}

/// Why a text is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a valid id: 1 to 64 characters of A-Z, a-z, 0-9, '-' and '.'")]
pub struct InvalidId(pub String);

impl ResourceId {
    /// The longest id FHIR allows.
    pub const LEN_MAX: usize = 64;

    /// Checks `text` against FHIR's rule.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let valid = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'.';
        if text.is_empty() || text.len() > Self::LEN_MAX || !text.as_bytes().iter().all(valid) {
            return Err(InvalidId(text.chars().take(80).collect()));
        }
        Ok(Self::from_ascii(text.as_bytes()))
    }

    pub(super) fn from_ascii(text: &[u8]) -> Self {
        let mut bytes = [0; Self::LEN_MAX];
        bytes[..text.len()].copy_from_slice(text);
        ResourceId { bytes, len: text.len() as u8 }
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("ids are ASCII")
    }
}

impl FromStr for ResourceId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

impl Borrow<str> for ResourceId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_rule() {
        for good in ["a", "A-1.b", &"x".repeat(64)] {
            assert_eq!(ResourceId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a/b", "ü", "a_b", &"x".repeat(65)] {
            assert!(ResourceId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn orders_like_its_text() {
        let id = |text| ResourceId::parse(text).unwrap();
        assert!(id("a") < id("aa"));
        assert!(id("ab") < id("b"));
    }
}
