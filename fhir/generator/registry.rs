//! Append-only registries of stored numbers: `number, tab, name` per line, numbered from 1.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// The text of the registry at `path` with the missing ones of `names` appended in alphabetical order. A number once
/// given is never changed or taken away.
pub fn extended(path: &Path, names: &BTreeSet<String>) -> Result<String> {
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let mut known = BTreeSet::new();
    for (line, entry) in text.lines().enumerate() {
        let (number, name) = entry.split_once('\t').with_context(|| format!("line {}: no tab", line + 1))?;
        ensure!(number == (line + 1).to_string(), "line {}: numbered {number}", line + 1);
        ensure!(known.insert(name.to_owned()), "line {}: {name} again", line + 1);
    }
    let mut number = known.len();
    for name in names.difference(&known) {
        number += 1;
        text.push_str(&format!("{number}\t{name}\n"));
    }
    Ok(text)
}
