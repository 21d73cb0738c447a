//! A node's services, asked as the wires ask them.

use node::{
    service::{AdminService, FhirService, Node},
    session::Context,
};
use proto::{Error, TenantId, api::v1 as api};
use testkit::{
    chaos::{Api, Failure},
    simulation::cluster::Operated,
};

/// The node's service, asked as the wires ask it.
pub struct Served(pub Node);

fn context() -> Context {
    Context {
        tenant: TenantId::DEFAULT,
        request_id: "simulated".into(),
        trace: None,
        deadline: None,
        base: None,
        stale: None,
        share: Default::default(),
    }
}

fn failure(error: Error) -> Failure {
    match error.to_detail().may_have_applied {
        true => Failure::Unknown(error.to_string()),
        false => Failure::Refused(Some(error.code), error.to_string()),
    }
}

macro_rules! served {
    ($($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        impl Api for Served {
            $(async fn $call(&self, request: api::$request) -> Result<api::$response, Failure> {
                self.0.$call(&context(), request).await.map_err(failure)
            })*
        }
    };
}

testkit::calls_of_a_run!(served);

macro_rules! operated {
    ($($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        impl Operated for Served {
            $(async fn $call(&self, request: api::$request) -> Result<api::$response, Failure> {
                AdminService::$call(&self.0, request).await.map_err(failure)
            })*
        }
    };
}

testkit::calls_of_an_operator!(operated);
