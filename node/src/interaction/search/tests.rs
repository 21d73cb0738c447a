//! Between the search and the reading of what it found others write.

use super::{bodies, compile};
use crate::{bounds::Share, interaction::part, tests::TestNode};
use proto::api::v1::{SearchEntry, SearchParameter, SearchRequest};
use search::Page;

fn observation(subject: Option<&str>, value: u32) -> String {
    let subject = subject.map_or(String::new(), |id| format!(r#","subject":{{"reference":"Patient/{id}"}}"#));
    format!(
        r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}}{subject},"valueInteger":{value}}}"#
    )
}

async fn found(node: &TestNode) -> Page {
    let parameters = vec![SearchParameter { name: "status".into(), value: "final".into() }];
    let request = SearchRequest { resource_type: "Observation".into(), parameters, ..Default::default() };
    let query = compile(node.session(), &request).await.unwrap();
    node.session().search(&query, None).await.unwrap()
}

async fn shown(node: &TestNode, page: &Page) -> Vec<SearchEntry> {
    let whole = part::of_search(&[]).unwrap();
    bodies::of(node.session(), &Share::default(), &whole, &page.hits).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moves_after_it_was_found_is_shown_as_it_was_found() {
    let node = TestNode::start().await;
    node.put(&observation(Some("a"), 1)).await.unwrap();
    let page = found(&node).await;
    for (number, subject) in [Some("b"), None, Some("c")].into_iter().enumerate() {
        node.put(&observation(subject, 2 + number as u32)).await.unwrap();
        let entries = shown(&node, &page).await;
        assert_eq!(entries.len(), 1, "moved {} times", number + 1);
        assert_eq!(entries[0].version_id, "1");
        assert!(entries[0].body.ends_with(br#""valueInteger":1}"#));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_after_it_was_found_is_left_out_wherever_it_went() {
    let node = TestNode::start().await;
    node.put(&observation(Some("a"), 1)).await.unwrap();
    let page = found(&node).await;
    node.put(&observation(Some("b"), 2)).await.unwrap();
    node.delete("Observation", "o", "").await.unwrap();
    assert!(shown(&node, &page).await.is_empty());
}
