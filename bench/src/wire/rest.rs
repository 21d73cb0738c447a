//! Workers over REST: creates and reads.

use super::{finding, http::Http, is_sampled};
use crate::{
    measure::{Recorder, Worker},
    observation::{Draft, Observations, patient},
};
use anyhow::{Context, Result, bail};
use hyper::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::{sync::Arc, time::Instant};

const IN_VALUES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',');
const IN_NAMES: &AsciiSet = &IN_VALUES.remove(b':');

/// A query string of these parameters, percent-encoded.
pub fn query<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = parameters.into_iter().map(|(name, value)| {
        format!("{}={}", utf8_percent_encode(name, IN_NAMES), utf8_percent_encode(value, IN_VALUES))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// POST, one Observation after the other.
pub struct Create {
    http: Http,
    observations: Arc<Observations>,
    checks: bool,
}

impl Create {
    /// Connects. `checks`: writes are searched for during warm-up.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn connect(base: &str, observations: Arc<Observations>, checks: bool) -> Result<Create> {
        Ok(Create { http: Http::connect(base).await?, observations, checks })
    }
}

impl Worker for Create {
    async fn run(mut self, recorder: &mut Recorder) -> Result<()> {
        while recorder.proceed() {
            let draft = self.observations.draft();
            let body = draft.body();
            let started = Instant::now();
            let answer = self.http.send(Method::POST, "Observation", body).await?;
            recorder.finished(started);
            answer.expect(StatusCode::CREATED)?;
            if self.checks && recorder.warming_up() && is_sampled(&draft) {
                must_find(&mut self.http, &draft).await?;
                recorder.checked();
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Bundle {
    #[serde(default)]
    entry: Vec<serde::de::IgnoredAny>,
}

async fn must_find(http: &mut Http, draft: &Draft) -> Result<()> {
    let parameters = finding(draft);
    let query = query(parameters.iter().map(|(name, value)| (*name, value.as_str())));
    let answer = http.get_ok(&format!("Observation?{query}")).await?;
    let bundle: Bundle = serde_json::from_slice(&answer.body).context("the search's answer")?;
    if bundle.entry.len() != 1 {
        bail!("an acknowledged write must be found at once: {query} found {}", bundle.entry.len());
    }
    Ok(())
}

/// GET by id, over a set of resources of one type.
pub struct Read {
    http: Http,
    paths: Arc<Vec<String>>,
    next: usize,
}

impl Read {
    /// Connects. `paths` are `Type/id`; worker number `first` begins there.
    ///
    /// # Errors
    /// The server is not there.
    pub async fn connect(base: &str, paths: Arc<Vec<String>>, first: usize) -> Result<Read> {
        Ok(Read { http: Http::connect(base).await?, paths, next: first })
    }
}

impl Worker for Read {
    async fn run(mut self, recorder: &mut Recorder) -> Result<()> {
        while recorder.proceed() {
            let path = &self.paths[self.next % self.paths.len()];
            self.next += 1;
            let started = Instant::now();
            let answer = self.http.get_ok(path).await?;
            recorder.finished(started);
            if answer.body.is_empty() {
                bail!("{path} came without a body");
            }
        }
        Ok(())
    }
}

/// Creates `count` patients and returns their ids.
///
/// # Errors
/// The server's.
pub async fn create_patients(base: &str, count: usize) -> Result<Vec<String>> {
    let mut http = Http::connect(base).await?;
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let answer = http.send(Method::POST, "Patient", patient(number)).await?;
        ids.push(answer.expect(StatusCode::CREATED)?.created_id()?);
    }
    Ok(ids)
}

/// Creates `count` Observations for reading and returns their ids.
///
/// # Errors
/// The server's.
pub async fn create_observations(base: &str, patients: &[String], count: usize) -> Result<Vec<String>> {
    let mut http = Http::connect(base).await?;
    let observations = Observations::new("read", patients.to_vec());
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        let answer = http.send(Method::POST, "Observation", observations.draft().body()).await?;
        ids.push(answer.expect(StatusCode::CREATED)?.created_id()?);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_and_names_keep_their_modifier() {
        let parameters = [("identifier", "http://x|ä b"), ("name:exact", "a,b")];
        assert_eq!(query(parameters), "identifier=http%3A%2F%2Fx%7C%C3%A4%20b&name:exact=a,b");
    }
}
