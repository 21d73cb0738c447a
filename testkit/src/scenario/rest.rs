//! Steps over REST.

use super::{Got, Sent, raw::Raw};
use serde_json::Value;

pub(super) struct Rest {
    client: reqwest::Client,
    base: String,
}

impl Rest {
    pub(super) fn new(base: &str) -> Self {
        Rest { client: reqwest::Client::new(), base: base.trim_end_matches('/').to_owned() }
    }

    pub(super) async fn send(&self, sent: &Sent) -> anyhow::Result<Got> {
        let url = match sent.path.starts_with("http://") {
            true => sent.path.clone(),
            false => format!("{}/{}", self.base, sent.path.trim_start_matches('/')),
        };
        let method = reqwest::Method::from_bytes(sent.method.as_bytes())?;
        let mut request = self.client.request(method, url.trim_end_matches('/'));
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &sent.body {
            request = request.body(body.clone());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let headers = headers.collect();
        let bytes = answer.bytes().await?;
        let body = match bytes.is_empty() {
            true => Value::Null,
            // XML, or what an expectation fails with.
            false => {
                serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into())
            }
        };
        Ok(Got { status, headers, body, raw: Raw::whole(bytes) })
    }
}
