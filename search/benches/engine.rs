//! Publish, tail, sealing and population queries over synthetic documents. `SEARCH_DOCS` sets how many (100,000).

#[path = "../tests/support/mod.rs"]
mod support;

use fhir::index::FullText;
use proto::id::PartitionId;
use search::{Engine, Options};
use std::time::{Duration, Instant};
use storage::{Change, ChangeKind};
use support::{put, query, values_with};
use testkit::timing::Benches;

fn mix(i: u64) -> u64 {
    (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn observation(i: u64) -> Change {
    let h = mix(i);
    let (day, hour) = ((h >> 8) % 28 + 1, (h >> 16) % 24);
    let json = format!(
        r#"{{"resourceType":"Observation","id":"o{i}","status":"final",
        "category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"c{}"}}]}}],
        "code":{{"coding":[{{"system":"http://loinc.org","code":"{}","display":"A measured thing"}}]}},
        "subject":{{"reference":"Patient/p{}"}},"effectiveDateTime":"20{:02}-{:02}-{day:02}T{hour:02}:00:00Z",
        "valueQuantity":{{"value":{},"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}}}"#,
        h % 4,
        (h >> 24).leading_zeros() % 24 + (h % 3) as u32,
        (h >> 20) % 5000,
        10 + (h >> 32) % 14,
        (h >> 40) % 12 + 1,
        (h >> 44) % 300,
    );
    let mut change = put("Observation", &format!("o{i}"), 1, "{\"resourceType\":\"Observation\"}");
    change.kind = ChangeKind::Put { index_values: values_with(kept(), &json) };
    change
}

/// `SEARCH_WORDS`: the words that are kept.
fn kept() -> FullText {
    std::env::var("SEARCH_WORDS").map_or(FullText::Off, |kept| kept.parse().expect("off, narrative or all"))
}

fn main() {
    let docs: u64 = std::env::var("SEARCH_DOCS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let changes: Vec<Change> = (0..docs).map(observation).collect();
    let dir = tempfile::tempdir().expect("a folder");
    // Sealing: everything through the tail into segments, one publish per document.
    let started = Instant::now();
    let (engine, _) = Engine::open(dir.path(), &Options::default()).expect("an engine");
    for (i, change) in changes.iter().enumerate() {
        engine.blocking_publish(PartitionId(i as u16 % 16), i as u64 + 1, std::slice::from_ref(change));
    }
    engine.close();
    let each = started.elapsed().as_secs_f64() * 1e6 / docs as f64;
    println!("sealing {docs} documents, merges included: {each:.1} us wall each, two sealers");

    let quiet = Options { seal_after: Duration::from_secs(3600), seal_docs: 30_000, ..Options::default() };
    let (engine, _) = Engine::open(dir.path(), &quiet).expect("an engine");
    let benches = Benches::from_arguments();
    let run = |name: &str, engine: &Engine| {
        for url in [
            "Observation?_id=o4711",
            "Observation?code=http://loinc.org|3&_summary=count",
            "Observation?code=3&_count=20",
            "Observation?code=3&date=ge2015-01-01&date=lt2016-01-01&_summary=count",
            "Observation?code=3&value-quantity=gt250||mg/dL&_count=20",
            "Observation?date=ge2020&_summary=count",
            "Observation?subject=Patient/p77&_count=20",
            "Observation?_count=20",
            "Observation?code=1,2,3,4,5&_count=100",
            "Observation?code=3&_sort=-date&_count=20",
            "Observation?_sort=-date&_count=20",
            "Observation?_sort=-_lastUpdated&_count=20",
            "Observation?_sort=code,-date&_count=20",
            "Observation?category=c1&_sort=-code&_count=20",
            "Observation?category=c1&_sort=value-quantity&_count=20",
            "Observation?code=3&value-quantity=gt2.5|http://unitsofmeasure.org|g/L&_count=20",
            "Observation?value-quantity=lt20|http://unitsofmeasure.org|mg/L&_summary=count",
            "Observation?value-quantity=lt2||mg/dL&_summary=count",
            "Observation?category=c1&_sort=subject&_count=20",
        ] {
            let query = query(url).expect(url);
            benches.run(&format!("{name}: {url}"), || engine.search(&query, None).expect("a page"));
        }
    };
    run("segments", &engine);
    let fresh: Vec<Change> = (docs..docs + 10_000).map(observation).collect();
    let started = Instant::now();
    for (i, change) in fresh.iter().enumerate() {
        engine.blocking_publish(
            PartitionId(i as u16 % 16),
            docs + i as u64 + 1,
            std::slice::from_ref(change),
        );
    }
    println!("publish: {:.2} us each", started.elapsed().as_secs_f64() * 1e6 / fresh.len() as f64);
    run("segments and 10,000 in the tail", &engine);
    engine.close();
}
