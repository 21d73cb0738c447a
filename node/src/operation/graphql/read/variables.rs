//! Values of variables.

use super::super::malformed;
use proto::Error;
use serde_json::Value;
use std::collections::BTreeMap;

/// Those that an operation declares.
#[derive(Debug, Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// One more.
    pub fn declare(&mut self, name: String, value: Value) {
        self.0.insert(name, value);
    }

    /// The value of a declared one.
    ///
    /// # Errors
    /// `Malformed` where the operation does not declare it.
    pub fn value(&self, name: &str) -> Result<Value, Error> {
        self.0.get(name).cloned().ok_or_else(|| {
            malformed(format!(
                "the operation declares no variable ${name}: query name(${name}: String) {{ … }}"
            ))
        })
    }
}
