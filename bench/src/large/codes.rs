//! Codes to search for, out of the generated bundles themselves: what is loaded has them, and no server is asked.

use anyhow::{Context, Result, bail};
use generator::Generator;
use serde_json::Value;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Patients looked at; some 99 of 100 have each of the common codes.
const PATIENTS: u64 = 50;
const COMMON: usize = 5;

/// `system|code` of Observations.
pub struct Codes {
    /// The five that most patients have.
    pub common: Vec<String>,
    /// Lists of ten with commas between: the common ones, and five of the others.
    pub tens: Vec<String>,
}

impl Codes {
    /// Of the first patients of a seed.
    ///
    /// # Errors
    /// There are no ten codes.
    pub fn of(seed: u64) -> Result<Codes> {
        let mut patients_by_code: BTreeMap<String, u64> = BTreeMap::new();
        for bundle in Generator::new(PATIENTS, seed) {
            for code in observed(&bundle.json).context(bundle.name)? {
                *patients_by_code.entry(code).or_default() += 1;
            }
        }
        let mut codes: Vec<(String, u64)> = patients_by_code.into_iter().collect();
        codes.sort_by_key(|(_, patients)| Reverse(*patients));
        Codes::from_most_common(codes.into_iter().map(|(code, _)| code).collect())
    }

    fn from_most_common(mut common: Vec<String>) -> Result<Codes> {
        let others = common.split_off(COMMON.min(common.len()));
        if others.len() < 10 - COMMON {
            bail!("the generated Observations have only {} codes", common.len() + others.len());
        }
        let ten = |first: usize| {
            let some = (first..first + 10 - COMMON).map(|place| &others[place % others.len()]);
            common.iter().chain(some).map(String::as_str).collect::<Vec<_>>().join(",")
        };
        let tens = (0..others.len()).map(ten).collect();
        Ok(Codes { common, tens })
    }
}

/// The codes of a bundle's Observations.
fn observed(bundle: &[u8]) -> Result<BTreeSet<String>> {
    let bundle: Value = serde_json::from_slice(bundle)?;
    let entries = bundle["entry"].as_array().context("a bundle without entries")?;
    let resources = entries.iter().map(|entry| &entry["resource"]);
    let observations = resources.filter(|resource| resource["resourceType"] == "Observation");
    let code = |observation: &Value| {
        let coding = &observation["code"]["coding"][0];
        Some(format!("{}|{}", coding["system"].as_str()?, coding["code"].as_str()?))
    };
    Ok(observations.filter_map(code).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tens_are_ten_different_codes() {
        let letters: Vec<String> = "abcdefghijkl".chars().map(String::from).collect();
        let codes = Codes::from_most_common(letters.clone()).unwrap();
        assert_eq!(codes.common, letters[..5]);
        assert_eq!(codes.tens[0], "a,b,c,d,e,f,g,h,i,j");
        assert_eq!(codes.tens[6], "a,b,c,d,e,l,f,g,h,i");
        assert_eq!(codes.tens.len(), 7);
        assert!(Codes::from_most_common(letters[..9].to_vec()).is_err());
    }

    #[test]
    fn the_generator_has_them() {
        let codes = Codes::of(1).unwrap();
        assert!(codes.common.contains(&"http://loinc.org|8302-2".to_owned()), "{:?}", codes.common);
        assert!(codes.tens.iter().all(|ten| ten.split(',').count() == 10));
    }
}
