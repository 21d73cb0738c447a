//! What became of one write.

use client::Answer;

/// What an item brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Resources stored (or found to be there).
    pub(super) resources: u64,
    pub(super) bundle: bool,
    /// What failed, with the entry of the bundle (from 0) where it is one's own failure.
    pub(super) failed: Vec<(Option<usize>, String)>,
}

/// A transaction fails as a whole; a batch entry by entry, told in its response.
pub(super) fn judge(answer: client::Result<Answer>) -> Outcome {
    match answer {
        Ok(Answer::Write(_)) => Outcome { resources: 1, bundle: false, failed: Vec::new() },
        Ok(Answer::Transaction(transaction)) => judge_bundle(&transaction.bundle),
        Err(error) => failure(describe(&error)),
    }
}

fn failure(reason: String) -> Outcome {
    Outcome { resources: 0, bundle: false, failed: vec![(None, reason)] }
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
struct Response {
    status: String,
    outcome: Option<serde_json::Value>,
}

fn judge_bundle(bundle: &[u8]) -> Outcome {
    let bundle: Bundle = match serde_json::from_slice(bundle) {
        Ok(bundle) => bundle,
        Err(error) => return failure(format!("the server's answer is not a bundle: {error}")),
    };
    let mut outcome = Outcome { resources: 0, bundle: true, failed: Vec::new() };
    for (index, entry) in bundle.entry.into_iter().enumerate() {
        match entry.response {
            Some(response) if response.status.starts_with('2') => outcome.resources += 1,
            Some(response) => outcome.failed.push((Some(index), entry_reason(&response))),
            None => outcome.failed.push((Some(index), "an answer without a response".to_owned())),
        }
    }
    outcome
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
        let bundle = r#"{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"201 Created"}},
            {"response":{"status":"404","outcome":{"issue":[{"diagnostics":"no such type"}]}}},{"response":{"status":"200"}}]}"#;
        let outcome = judge(Ok(Answer::Transaction(TransactionResponse { bundle: bundle.into() })));
        assert_eq!(outcome.resources, 2);
        assert_eq!(outcome.failed, [(Some(1), "404: no such type".to_owned())]);
    }

    #[test]
    fn an_error_is_told_whole() {
        let error = client::Error::Protocol("odd".into());
        assert_eq!(judge(Err(error)).failed, [(None, "unexpected answer: odd".to_owned())]);
    }
}
