//! Values for the placeholders of the shapes, read from the server's own data over plain FHIR REST.

use crate::wire::http::Http;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Pages read per type; bounds the preparation on large stores.
const PAGES_MAX: usize = 8;
const PAGE: usize = 500;

/// What can stand in braces in a shape.
pub const PLACEHOLDERS: [&str; 19] = [
    "patient",
    "identifier",
    "family",
    "prefix",
    "fragment",
    "city",
    "born",
    "code",
    "ten",
    "from",
    "to",
    "measured",
    "above",
    "component",
    "since",
    "diagnosis",
    "class",
    "practitioner",
    "npi",
];
/// What every server under test has.
const REQUIRED: [&str; 4] = ["patient", "identifier", "family", "code"];
/// Codes of a list of ten.
const TEN: usize = 10;

/// Values per placeholder, sorted. Those that go together (`from` and `to`, `measured` and `above`) stand at the same places.
#[derive(Default)]
pub struct Pools(BTreeMap<&'static str, Vec<String>>);

impl Pools {
    /// From values at hand.
    pub fn of<const N: usize>(pools: [(&'static str, Vec<&str>); N]) -> Pools {
        let owned = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
        Pools::new(pools.map(|(name, values)| (name, owned(values))))
    }

    /// From values of one's own.
    pub fn new<const N: usize>(pools: [(&'static str, Vec<String>); N]) -> Pools {
        Pools(pools.into())
    }

    /// From the first pages of some types of a FHIR server.
    ///
    /// # Errors
    /// The server's; or it holds no Patients or no Observations.
    pub async fn read(base: &str) -> Result<Pools> {
        let mut http = Http::connect(base).await?;
        let mut found = Found::default();
        pages(&mut http, base, "Patient").await?.iter().for_each(|patient| found.patient(patient));
        pages(&mut http, base, "Observation")
            .await?
            .iter()
            .for_each(|observation| found.observation(observation));
        for condition in pages(&mut http, base, "Condition").await? {
            found.add("diagnosis", token(&condition["code"]["coding"][0], "code"));
        }
        for encounter in pages(&mut http, base, "Encounter").await? {
            found.add("class", text(&encounter["class"]["code"]));
        }
        for practitioner in pages(&mut http, base, "Practitioner").await? {
            found.add("practitioner", start(&practitioner["name"][0]["family"]));
            found.add("npi", token(&practitioner["identifier"][0], "value"));
        }
        let pools = found.into_pools();
        match REQUIRED.iter().find(|name| pools.draw(name, 0).is_none()) {
            Some(name) => bail!("{base} has no data for {{{name}}}"),
            None => Ok(pools),
        }
    }

    /// A value for this placeholder; `None`: it has none.
    pub fn draw(&self, placeholder: &str, draw: usize) -> Option<&str> {
        let values = self.0.get(placeholder).filter(|values| !values.is_empty())?;
        values.get(draw % values.len()).map(String::as_str)
    }

    /// A text with its placeholders replaced; those without values stay.
    pub fn fill(&self, text: &str, draw: usize) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, behind) = behind.split_once('}').unwrap_or((behind, ""));
            match self.draw(name, draw) {
                Some(value) => filled.push_str(value),
                None => filled.extend(["{", name, "}"]),
            }
            rest = behind;
        }
        filled + rest
    }

    /// How many values each placeholder has.
    pub fn sizes(&self) -> String {
        let sizes: Vec<String> =
            self.0.iter().map(|(name, values)| format!("{name} {}", values.len())).collect();
        sizes.join(", ")
    }
}

/// What is found in the data, each value once.
#[derive(Default)]
struct Found {
    single: BTreeMap<&'static str, BTreeSet<String>>,
    /// Code, and a value with its unit that some Observations of it are above.
    measured: BTreeMap<String, String>,
    months: BTreeSet<(u32, String)>,
}

impl Found {
    fn add(&mut self, name: &'static str, value: Option<String>) {
        self.single.entry(name).or_default().extend(value);
    }

    fn patient(&mut self, patient: &Value) {
        let family = &patient["name"][0]["family"];
        self.add("patient", text(&patient["id"]));
        self.add("identifier", token(&patient["identifier"][0], "value"));
        self.add("family", text(family));
        self.add("prefix", start(family));
        let inner = family.as_str().map(|family| family.chars().skip(1).take(3).collect::<String>());
        self.add("fragment", inner.filter(|inner| inner.chars().count() == 3));
        self.add("city", text(&patient["address"][0]["city"]));
        self.add("born", text(&patient["birthDate"]));
    }

    fn observation(&mut self, observation: &Value) {
        let code = token(&observation["code"]["coding"][0], "code");
        self.add("since", text(&observation["meta"]["lastUpdated"]));
        if let Some(month) = observation["effectiveDateTime"].as_str().and_then(|date| date.get(..7))
            && let Some((year, month)) = month.split_once('-')
            && let Ok(year) = year.parse()
        {
            self.months.insert((year, month.to_owned()));
        }
        if let (Some(code), Some(above)) = (&code, below(&observation["valueQuantity"])) {
            self.measured.entry(code.clone()).or_insert(above);
        }
        for component in observation["component"].as_array().into_iter().flatten() {
            let code = token(&component["code"]["coding"][0], "code");
            let above = component["valueQuantity"]["value"].as_f64().map(|value| (value * 0.9).floor());
            self.add("component", code.zip(above).map(|(code, above)| format!("{code}$gt{above}")));
        }
        self.add("code", code);
    }

    fn into_pools(self) -> Pools {
        let mut pools: BTreeMap<_, Vec<String>> =
            self.single.into_iter().map(|(name, values)| (name, values.into_iter().collect())).collect();
        // Next to nobody was born before the first of them, or after the last.
        if let Some(born) = pools.get_mut("born") {
            let quarter = born.len() / 4;
            born.truncate(born.len() - quarter);
            born.drain(..quarter);
        }
        let codes = pools.get("code").map(Vec::as_slice).unwrap_or_default();
        let tens = codes.chunks_exact(TEN).map(|codes| codes.join(",")).collect();
        pools.insert("ten", tens);
        pools.insert("from", self.months.iter().map(|(year, month)| format!("{year}-{month}")).collect());
        pools.insert("to", self.months.iter().map(|(year, month)| format!("{}-{month}", year + 1)).collect());
        let (measured, above) = self.measured.into_iter().unzip();
        pools.insert("measured", measured);
        pools.insert("above", above);
        Pools(pools)
    }
}

/// A value below that of a Quantity, with its unit.
fn below(quantity: &Value) -> Option<String> {
    let value = (quantity["value"].as_f64()? * 0.9).floor();
    Some(format!("{value}||{}", quantity["unit"].as_str()?)).filter(|text| !text.contains([',', '$', '\\']))
}

/// The first three letters of a text.
fn start(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.chars().take(3).collect())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// `system|value` of an Identifier or a Coding. A comma in it would mean "or", so such values are left out.
fn token(value: &Value, member: &str) -> Option<String> {
    let (system, value) = (value["system"].as_str()?, value[member].as_str()?);
    let token = format!("{system}|{value}");
    (!token.contains([',', '$', '\\'])).then_some(token)
}

/// The resources of the first pages of a type, following `Bundle.link` where it stays below the base.
async fn pages(http: &mut Http, base: &str, resource_type: &str) -> Result<Vec<Value>> {
    let mut resources = Vec::new();
    let mut path = format!("{resource_type}?_count={PAGE}");
    for _ in 0..PAGES_MAX {
        let answer = http.get_ok(&path).await?;
        let mut bundle: Value = serde_json::from_slice(&answer.body).context("a search's answer")?;
        if let Some(entries) = bundle["entry"].as_array_mut() {
            resources.extend(entries.iter_mut().map(|entry| entry["resource"].take()));
        }
        match next(&bundle, base) {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(resources)
}

fn next(bundle: &Value, base: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let url = links.iter().find(|link| link["relation"] == "next")?["url"].as_str()?;
    let below = url.strip_prefix(base.trim_end_matches('/')).unwrap_or(url);
    // A server may link relatively, or to another name of its own; the latter is not followed.
    (!below.starts_with("http")).then(|| below.trim_start_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_next_page_stays_on_the_server() {
        let bundle =
            |url: &str| json!({"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]});
        let base = "http://a:1/fhir";
        assert_eq!(next(&bundle("http://a:1/fhir/Patient?page=2"), base).as_deref(), Some("Patient?page=2"));
        assert_eq!(next(&bundle("Patient?page=2"), base).as_deref(), Some("Patient?page=2"));
        assert_eq!(next(&bundle("http://elsewhere/fhir/Patient?page=2"), base), None);
        assert_eq!(next(&json!({}), base), None);
    }

    #[test]
    fn texts_are_filled_and_what_goes_together_stays_so() {
        let mut found = Found::default();
        for (value, date) in [(70.5, "2020-03-01T00:00:00Z"), (80.0, "2021-11")] {
            found.observation(&json!({
                "code": {"coding": [{"system": "s", "code": value.to_string()}]},
                "valueQuantity": {"value": value, "unit": "kg"}, "effectiveDateTime": date,
                "component": [{"code": {"coding": [{"system": "s", "code": "c"}]}, "valueQuantity": {"value": 10}}]
            }));
        }
        let pools = found.into_pools();
        assert_eq!(pools.fill("ge{from} lt{to} {component}", 3), "ge2021-11 lt2022-11 s|c$gt9");
        assert_eq!(pools.fill("{measured} gt{above}", 0), "s|70.5 gt63||kg");
        assert_eq!(pools.fill("{ten}{nothing}{", 0), "{ten}{nothing}{}");
    }

    #[test]
    fn tokens_that_would_not_be_one_value_are_left_out() {
        assert_eq!(token(&json!({"system": "s", "code": "c"}), "code").as_deref(), Some("s|c"));
        assert_eq!(token(&json!({"system": "s", "code": "a,b"}), "code"), None);
        assert_eq!(token(&json!({"code": "c"}), "code"), None);
    }
}
