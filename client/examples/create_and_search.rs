//! Creates a patient and finds it again by name.
//!
//! `cargo run --release -p client --example create_and_search -- http://127.0.0.1:50051`

use client::{Client, api};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let endpoint = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:50051".to_owned());
    let client = Client::connect(&endpoint)?;

    let body = r#"{"resourceType":"Patient","name":[{"family":"Ordóñez","given":["Bernardo"]}]}"#;
    let create =
        api::CreateRequest { resource_type: "Patient".into(), body: body.into(), ..Default::default() };
    let created = client.create(create).await?;
    println!("created {}/{} version {}", created.resource_type, created.id, created.version_id);

    let family = api::SearchParameter { name: "family".into(), value: "ordonez".into() };
    let search = api::SearchRequest {
        resource_type: "Patient".into(),
        parameters: vec![family],
        ..Default::default()
    };
    let page = client.search(search).await?;
    for entry in &page.entries {
        println!("found {}/{}: {}", entry.resource_type, entry.id, String::from_utf8_lossy(&entry.body));
    }
    Ok(())
}
