//! An option of several values.

use serde::{Deserialize, Deserializer, Serialize};

/// Texts: an array in a file; anywhere also one text with commas between, as environment and flags have no arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct List(pub Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an array of texts, or one text with commas between")]
        enum Given {
            Text(String),
            Array(Vec<String>),
        }
        let given = match Given::deserialize(deserializer)? {
            Given::Text(text) => text.split(',').map(str::to_owned).collect(),
            Given::Array(array) => array,
        };
        let trimmed = given.iter().map(|one| one.trim().to_owned());
        Ok(List(trimmed.filter(|one| !one.is_empty()).collect()))
    }
}
