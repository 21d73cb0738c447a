//! Every call of the contract is offered by the client library; every one with one answer is in the table of calls, and the
//! gRPC adapter answers the streams.

use regex::Regex;
use std::{fs, path::Path};

fn text(path: &str) -> String {
    fs::read_to_string(
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells it")).join("..").join(path),
    )
    .expect("a source file")
}

/// The methods of `salamander.api.v1.Fhir`: name, and whether anything of it is a stream.
fn methods() -> Vec<(String, bool)> {
    let rpc = Regex::new(r"rpc (\w+)\(([^)]*)\)\s*returns\s*\(([^)]*)\)").expect("an expression");
    let contract = text("proto/api/v1/fhir.proto");
    let all = rpc.captures_iter(&contract);
    all.map(|one| (one[1].to_owned(), one[2].starts_with("stream ") || one[3].starts_with("stream ")))
        .collect()
}

/// The method of `SearchStream` is `search_stream`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[test]
fn every_call_is_in_the_client_and_in_the_table() {
    let (client, table) = (text("client/src/call.rs"), text("node/src/service/calls.rs"));
    let adapter = text("node/src/wire/grpc/fhir.rs");
    let methods = methods();
    assert!(methods.len() > 10, "{methods:?}");
    for (name, is_stream) in methods {
        if is_stream {
            let method = snake_case(&name);
            assert!(adapter.contains(&format!("async fn {method}(")), "the adapter does not answer {name}");
        } else {
            assert!(client.contains(&format!("\"{name}\"")), "the client does not offer {name}");
            assert!(table.contains(&format!("shown {name} ")), "{name} is not in the table");
        }
    }
}
