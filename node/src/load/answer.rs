//! What became of one write.

use super::counts::Counts;
use client::{Answer, api};

/// What an item brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Resources stored, or found to be there.
    pub(super) resources: Counts,
    pub(super) bundle: bool,
    /// What failed, with the entry of the bundle (from 0) where it is one's own failure.
    pub(super) failed: Vec<(Option<usize>, String)>,
}

/// A transaction fails as a whole; a batch entry by entry, told in its response. `newest_ms`: what is not newer was there
/// before; `None`: all counts as new.
pub(super) fn judge(answer: client::Result<Answer>, newest_ms: Option<u64>) -> Outcome {
    match answer {
        Ok(Answer::Write(write)) => {
            let made = write.outcome() == api::Outcome::Created;
            let resources = Counts::of(made, Some(write.last_updated_ms), newest_ms);
            Outcome { resources, bundle: false, failed: Vec::new() }
        }
        Ok(Answer::Transaction(transaction)) => judge_bundle(&transaction.bundle, newest_ms),
        Err(error) => failure(describe(&error)),
    }
}

fn failure(reason: String) -> Outcome {
    Outcome { resources: Counts::default(), bundle: false, failed: vec![(None, reason)] }
}

fn describe(error: &client::Error) -> String {
    let Some(detail) = error.detail() else { return error.to_string() };
    let issues = detail.issues.iter().map(|issue| match issue.expression.first() {
        Some(expression) => format!("{} (at {expression})", issue.diagnostics),
        None => issue.diagnostics.clone(),
    });
    format!("{}: {}", detail.code, issues.collect::<Vec<_>>().join("; "))
}

#[derive(serde::Deserialize)]
struct Bundle {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    response: Option<Response>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    status: String,
    last_modified: Option<String>,
    outcome: Option<serde_json::Value>,
}

fn judge_bundle(bundle: &[u8], newest_ms: Option<u64>) -> Outcome {
    let bundle: Bundle = match serde_json::from_slice(bundle) {
        Ok(bundle) => bundle,
        Err(error) => return failure(format!("the server's answer is not a bundle: {error}")),
    };
    let mut outcome = Outcome { resources: Counts::default(), bundle: true, failed: Vec::new() };
    for (index, entry) in bundle.entry.into_iter().enumerate() {
        match entry.response {
            Some(response) if response.status.starts_with('2') => {
                let made = response.status.starts_with("201");
                outcome.resources.add(Counts::of(made, response.written_ms(), newest_ms));
            }
            Some(response) => outcome.failed.push((Some(index), entry_reason(&response))),
            None => outcome.failed.push((Some(index), "an answer without a response".to_owned())),
        }
    }
    outcome
}

impl Response {
    /// When the version was written that the answer is about.
    fn written_ms(&self) -> Option<u64> {
        let instant: jiff::Timestamp = self.last_modified.as_ref()?.parse().ok()?;
        instant.as_millisecond().try_into().ok()
    }
}

fn entry_reason(response: &Response) -> String {
    let diagnostics =
        response.outcome.as_ref().and_then(|outcome| outcome["issue"][0]["diagnostics"].as_str());
    format!("{}: {}", response.status, diagnostics.unwrap_or("no diagnostics"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::api::TransactionResponse;

    #[test]
    fn a_batch_fails_entry_by_entry() {
        let bundle = r#"{"resourceType":"Bundle","type":"batch-response","entry":[
            {"response":{"status":"201 Created","lastModified":"1970-01-01T00:00:02Z"}},
            {"response":{"status":"404","outcome":{"issue":[{"diagnostics":"no such type"}]}}},
            {"response":{"status":"200","lastModified":"1970-01-01T00:00:02.000Z"}},
            {"response":{"status":"201","lastModified":"1970-01-01T00:00:01Z"}}]}"#;
        let answer = TransactionResponse { bundle: bundle.into() };
        let outcome = judge(Ok(Answer::Transaction(answer)), Some(1000));
        assert_eq!(outcome.resources, Counts { new: 1, changed: 1, there: 1 });
        assert_eq!(outcome.failed, [(Some(1), "404: no such type".to_owned())]);
    }

    #[test]
    fn an_error_is_told_whole() {
        let error = client::Error::Protocol("odd".into());
        assert_eq!(judge(Err(error), None).failed, [(None, "unexpected answer: odd".to_owned())]);
    }
}
