//! Nothing is answered that rests on what is not committed.

use super::TestNode;
use proto::{Code, Error, api::v1::*};
use std::{sync::Arc, time::Duration};

const MALE: &str = r#"{"resourceType":"Patient","id":"a","gender":"male"}"#;
const FEMALE: &str = r#"{"resourceType":"Patient","id":"a","gender":"female"}"#;

/// Asked while `Patient/a` (version 1, male) is being changed by `first`.
struct Case {
    what: &'static str,
    first: fn(Arc<TestNode>) -> Asked,
    then: fn(Arc<TestNode>) -> Asked,
    expected: Result<(Outcome, &'static str), Code>,
}

type Asked = std::pin::Pin<Box<dyn Future<Output = Result<WriteResponse, Error>> + Send>>;

fn delete(node: Arc<TestNode>) -> Asked {
    Box::pin(async move { node.delete("Patient", "a", "").await })
}

fn female(node: Arc<TestNode>) -> Asked {
    Box::pin(async move { node.put(FEMALE).await })
}

fn if_match_one(node: Arc<TestNode>) -> Asked {
    Box::pin(async move { node.put_with(MALE, |request| request.if_match = "1".into()).await })
}

fn only_new(node: Arc<TestNode>) -> Asked {
    Box::pin(async move { node.put_with(MALE, |request| request.if_none_match = "*".into()).await })
}

fn to_female(node: Arc<TestNode>) -> Asked {
    Box::pin(async move { node.merge("Patient/a", r#"{"gender":"female"}"#, "").await })
}

fn transaction(node: Arc<TestNode>) -> Asked {
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"DELETE","url":"Patient/a"}},{"request":{"method":"DELETE","url":"Patient/b"}}]}"#;
    Box::pin(async move {
        node.transaction(bundle, "").await?;
        Ok(WriteResponse { outcome: Outcome::Unchanged as i32, ..Default::default() })
    })
}

const CASES: [Case; 8] = [
    Case { what: "delete again", first: delete, then: delete, expected: Ok((Outcome::Unchanged, "2")) },
    Case {
        what: "delete in a bundle",
        first: delete,
        then: transaction,
        expected: Ok((Outcome::Unchanged, "")),
    },
    Case { what: "patch the deleted", first: delete, then: to_female, expected: Err(Code::Gone) },
    Case {
        what: "If-Match after a delete",
        first: delete,
        then: if_match_one,
        expected: Err(Code::VersionConflict),
    },
    Case { what: "put the same", first: female, then: female, expected: Ok((Outcome::Unchanged, "2")) },
    Case {
        what: "patch to the same",
        first: female,
        then: to_female,
        expected: Ok((Outcome::Unchanged, "2")),
    },
    Case {
        what: "If-Match of the old",
        first: female,
        then: if_match_one,
        expected: Err(Code::VersionConflict),
    },
    Case { what: "only new", first: female, then: only_new, expected: Err(Code::PreconditionFailed) },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_waits_for_the_commits_it_rests_on() {
    let node = Arc::new(TestNode::start().await);
    for Case { what, first, then, expected } in CASES {
        node.put(MALE).await.unwrap();
        let version = node.history("Patient/a").await[0].version_id.parse::<u64>().unwrap();
        let mut appends = node.log.appends();
        node.log.hold();
        let first = tokio::spawn(first(node.clone()));
        appends.changed().await.unwrap();
        let mut then = tokio::spawn(then(node.clone()));
        let early = tokio::time::timeout(Duration::from_millis(150), &mut then).await;
        node.log.release();
        assert!(early.is_err(), "{what}: answered before the commit it rests on: {early:?}");
        assert!(first.await.unwrap().is_ok(), "{what}");
        let answer = then.await.unwrap();
        match (expected, answer) {
            (Ok((outcome, moved_by)), Ok(answer)) => {
                assert_eq!(answer.outcome, outcome as i32, "{what}");
                if let Ok(number) = moved_by.parse::<u64>() {
                    assert_eq!(answer.version_id, (version + number - 1).to_string(), "{what}");
                }
            }
            (Err(code), Err(error)) => assert_eq!(error.code, code, "{what}"),
            (_, answer) => panic!("{what}: {answer:?}"),
        }
    }
}
