//! What tenants are called.

use std::{fmt, str::FromStr};

/// 1 to 63 characters of `a-z 0-9 -`, with a letter or digit at both ends: what a host name's label may be, so that a tenant can have
/// one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(Box<str>);

/// Why a text is no name of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no name of a tenant: 1 to 63 lower-case letters, digits and '-', with a letter or digit at both ends"
)]
pub struct InvalidTenantName(pub String);

impl TenantName {
    /// The longest.
    pub const LEN_MAX: usize = 63;
    /// Of the tenant that is always there.
    pub const DEFAULT: &str = "default";

    /// Checks `text` against the rule.
    ///
    /// # Errors
    /// What is none, shortened.
    pub fn parse(text: &str) -> Result<Self, InvalidTenantName> {
        let of_a_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        let is_long = !(1..=Self::LEN_MAX).contains(&text.len());
        if is_long || !text.as_bytes().iter().all(of_a_name) || text.starts_with('-') || text.ends_with('-') {
            return Err(InvalidTenantName(text.chars().take(80).collect()));
        }
        Ok(TenantName(text.into()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the tenant's that is always there.
    pub fn is_default(&self) -> bool {
        &*self.0 == Self::DEFAULT
    }
}

impl FromStr for TenantName {
    type Err = InvalidTenantName;
    fn from_str(text: &str) -> Result<Self, InvalidTenantName> {
        Self::parse(text)
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_rule() {
        for good in ["a", "7", "clinic-1", "a--b", &"x".repeat(63)] {
            assert_eq!(TenantName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-", "-a", "a-", "A", "a_b", "a b", "a/b", "a%62", "ü", &"x".repeat(64)] {
            let refused = TenantName::parse(bad).unwrap_err().to_string();
            assert!(refused.contains("lower-case letters"), "{refused}");
        }
        assert!(TenantName::parse("default").unwrap().is_default());
    }
}
