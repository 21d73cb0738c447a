//! What to load, where, and with how much memory.

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use std::{env, path::PathBuf};

/// Transactions that can be under way at a time.
pub(super) const IN_FLIGHT_MAX: u16 = 256;

/// The arguments of `bench large`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Millions of resources to hold at the end; where there are as many already, only the probes run.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=1000))]
    pub millions: u64,
    /// Kept, with the store in it; ~/.cache/salamander/large where not given.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Of the generated patients; a folder goes on with its own seed only.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Transactions under way at a time.
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u16).range(1..=i64::from(IN_FLIGHT_MAX)))]
    pub in_flight: u16,
    /// The server's budget (memory.total_bytes), such as 512M or 2G, in MiB or GiB; its default where not given.
    #[arg(long, value_parser = bytes)]
    pub memory: Option<u64>,
    /// Timed requests of each kind in a probe.
    #[arg(long, default_value_t = 400, value_parser = value_parser!(u16).range(20..=1000))]
    pub repeats: u16,
    /// The salamander binary; the one beside this binary where not given.
    #[arg(long)]
    pub binary: Option<PathBuf>,
}

impl Options {
    /// The folder that is kept.
    ///
    /// # Errors
    /// None is given and there is no home folder.
    pub fn folder(&self) -> Result<PathBuf> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        let home = env::var_os("HOME").context("there is no HOME; name a folder with --data")?;
        Ok(PathBuf::from(home).join(".cache/salamander/large"))
    }

    /// What the server is told beyond its defaults, as environment variables.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let memory = self.memory.map(|bytes| ("SALAMANDER_MEMORY_TOTAL_BYTES", bytes.to_string()));
        memory.into_iter().collect()
    }
}

/// `512M`, `2G`, or bytes.
fn bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'G') => (&text[..text.len() - 1], 30),
        Some(b'M') => (&text[..text.len() - 1], 20),
        _ => (text, 0),
    };
    let number: Option<u64> = digits.parse().ok();
    let bytes = number.and_then(|number| number.checked_mul(1 << shift)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("{text:?} is none: 512M, 2G, or bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets() {
        assert_eq!(bytes("512M"), Ok(536_870_912));
        assert_eq!(bytes("2G"), Ok(2 << 30));
        assert_eq!(bytes("7"), Ok(7));
        for wrong in ["", "M", "0", "-1M", "1.5G", "99999999999999999999G", "20000000000G", "1K"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
