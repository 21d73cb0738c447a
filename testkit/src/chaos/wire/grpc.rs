//! Over gRPC.

use super::{Api, Failure};
use client::{Client, Retry, api};
use std::time::Duration;

pub(super) struct Grpc {
    client: Client,
}

/// Longer than the server's own.
const TIMEOUT: Duration = Duration::from_secs(40);

impl Grpc {
    pub(super) fn new(endpoint: &str) -> anyhow::Result<Grpc> {
        // The run repeats by itself, and says itself which key goes along.
        let client =
            Client::connect(endpoint)?.with_retry(Retry::never()).with_deadline(TIMEOUT).without_keys();
        Ok(Grpc { client })
    }
}

fn failure(error: client::Error) -> Failure {
    match error.may_have_applied() {
        true => Failure::Unknown(error.to_string()),
        false => Failure::Refused(error.code(), error.to_string()),
    }
}

macro_rules! sent {
    ($($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        impl Api for Grpc {
            $(async fn $call(&self, request: api::$request) -> Result<api::$response, Failure> {
                self.client.$method(request).await.map_err(failure)
            })*
        }
    };
}

crate::calls_of_a_run!(sent);
