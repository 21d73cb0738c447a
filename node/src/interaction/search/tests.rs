//! Between the search and the reading of what it found others write.

use super::{Parts, bodies, compile, include};
use crate::{bounds::Share, interaction::part, tests::TestNode};
use proto::api::v1::{SearchEntry, SearchMode, SearchParameter, SearchRequest};
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

/// The subjects that come with what was found.
async fn with_subjects(node: &TestNode, page: &Page) -> Vec<SearchEntry> {
    let parameters = vec![SearchParameter { name: "_include".into(), value: "Observation:subject".into() }];
    let request = SearchRequest { resource_type: "Observation".into(), parameters, ..Default::default() };
    let query = compile(node.session(), &request).await.unwrap().query;
    let parts = Parts::of(&query, &request.parameters).unwrap();
    include::page(node.session(), &Share::default(), &query.includes, &parts, &page.hits).await.unwrap()
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_with_a_match_is_what_is_there_when_it_is_read() {
    let node = TestNode::start().await;
    node.put(r#"{"resourceType":"Patient","id":"a"}"#).await.unwrap();
    node.put(&observation(Some("a"), 1)).await.unwrap();
    let page = found(&node).await;
    let names = async || {
        let entries = with_subjects(&node, &page).await;
        entries.iter().map(|entry| (entry.id.clone(), entry.mode())).collect::<Vec<_>>()
    };
    let matched = ("o".to_owned(), SearchMode::Match);
    let both = [matched.clone(), ("a".to_owned(), SearchMode::Include)];
    assert_eq!(names().await, both);
    // The version that matched still says so.
    node.put(&observation(Some("b"), 2)).await.unwrap();
    assert_eq!(names().await, both);
    node.delete("Patient", "a", "").await.unwrap();
    assert_eq!(names().await, [matched]);
    node.delete("Observation", "o", "").await.unwrap();
    assert!(names().await.is_empty());
}
