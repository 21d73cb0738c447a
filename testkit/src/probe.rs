//! What tests ask a running server, over both wires.

use anyhow::{Context, ensure};
use client::{Client, Retry, api};
use serde_json::Value;
use std::collections::BTreeMap;

/// One server, asked without retries: a test wants the first answer.
#[derive(Clone)]
pub struct Probe {
    http: reqwest::Client,
    base: String,
    pub grpc: Client,
}

/// An answer of REST.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The version of the ETag.
    pub version: Option<u64>,
    /// `Null` where there is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The first issue's diagnostics of an OperationOutcome, else nothing.
    pub fn diagnostics(&self) -> &str {
        self.body["issue"][0]["diagnostics"].as_str().unwrap_or_default()
    }

    /// Whether the body is an OperationOutcome.
    pub fn is_outcome(&self) -> bool {
        self.body["resourceType"] == "OperationOutcome"
    }
}

impl Probe {
    /// Of the addresses of a [`crate::node::NodeProcess`].
    pub fn new(rest: &str, grpc: &str) -> anyhow::Result<Probe> {
        let grpc = Client::connect(grpc)?.with_retry(Retry::never());
        Ok(Probe { http: reqwest::Client::new(), base: rest.to_owned(), grpc })
    }

    /// One REST call; `path` is relative to the base.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}/{path}", self.base);
        let mut request = self.http.request(method.parse()?, url.trim_end_matches('/')).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok());
        let version = etag.and_then(|etag| etag.trim_start_matches("W/").trim_matches('"').parse().ok());
        let text = String::from_utf8(answer.bytes().await?.to_vec()).context("the body is not UTF-8")?;
        let body = match text.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&text).context("the body is not JSON")?,
        };
        Ok(Answer { status, version, body, text })
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.call("GET", path, &[], "").await
    }

    /// A PUT of a resource.
    pub async fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> anyhow::Result<Answer> {
        self.call("PUT", path, &[], body).await
    }

    /// How many match, such as `Patient?gender=male`, asked over REST.
    pub async fn total(&self, search: &str) -> anyhow::Result<u64> {
        let separator = if search.contains('?') { '&' } else { '?' };
        let answer = self.get(&format!("{search}{separator}_summary=count")).await?;
        answer.body["total"].as_u64().with_context(|| format!("{search}: no total in {answer:?}"))
    }

    /// Resources by type, types without any left out. An error where the wires do not agree.
    pub async fn counts(
        &self,
        types: impl IntoIterator<Item = &str>,
    ) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut counts = BTreeMap::new();
        for resource_type in types {
            let rest = self.total(resource_type).await?;
            let parameters = vec![api::SearchParameter { name: "_summary".into(), value: "count".into() }];
            let resource_type = resource_type.to_owned();
            let request =
                api::SearchRequest { resource_type: resource_type.clone(), parameters, ..Default::default() };
            let grpc = self.grpc.search(request).await?.total;
            ensure!(grpc == Some(rest), "{resource_type}: {rest} over REST, {grpc:?} over gRPC");
            if rest > 0 {
                counts.insert(resource_type, rest);
            }
        }
        Ok(counts)
    }
}
