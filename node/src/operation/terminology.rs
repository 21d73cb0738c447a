//! What the operations of the terminology module (<https://hl7.org/fhir/R4/terminology-service.html>) have in common:
//! the definitions of the tenant, and a resource that is stored, sent, or named.

use super::{Invocation, Scope};
use bytes::Bytes;
use fhir::{
    resource::instant,
    terminology::{
        self,
        operation::{self, Operation, Request},
    },
};
use proto::{Code, Error};
use std::sync::Arc;

/// Parameters of R5 and of the terminology servers that validators ask, which these operations are not carried out with here.
pub(super) const UNSUPPORTED: &[&str] = &[
    "cache-id",
    "default-valueset-version",
    "check-valueset-version",
    "force-valueset-version",
    "includeDefinition",
    "manifest",
    "profile",
    "mode",
    "valueSetMode",
];

/// Asks `operation`: of the stored resource on an instance, else of the one that was sent or is named.
pub(super) async fn answer(mut invocation: Invocation, operation: Operation) -> Result<Bytes, Error> {
    let subject = match (&invocation.scope, invocation.input.bare.take()) {
        (Scope::Instance { .. }, Some(_)) => {
            let text = "the stored resource is asked: send parameters, and no other resource";
            return Err(Error::new(Code::BadRequest, text));
        }
        (Scope::Instance { .. }, None) => Some(invocation.stored().await?),
        (_, sent) => sent,
    };
    let Invocation { caller, input, .. } = invocation;
    let asking = caller.clone();
    let compute = move || {
        let now = instant(asking.session().clock().now_ms());
        let parameters = input.parameters.root();
        let request = Request { parameters, subject: subject.map(Arc::new), now: &now };
        let definitions = asking.session().definitions();
        operation::answer(operation, &definitions.terminology, &request).map(Bytes::from).map_err(refused)
    };
    let session = caller.session();
    session.compute(session.context().share.clone(), compute).await
}

fn refused(error: terminology::Error) -> Error {
    let code = match (&error, error.status()) {
        (terminology::Error::TooCostly { .. }, _) => Code::TooCostly,
        (_, 404) => Code::NotFound,
        (_, 400) => Code::BadRequest,
        _ => Code::Invalid,
    };
    let mut refused = Error::new(code, error.to_string());
    refused.issues[0].code = error.code();
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_status_and_issue_code() {
        let of = |error: terminology::Error| {
            let status = error.status();
            let refused = refused(error);
            assert_eq!(refused.code.http(), status);
            (refused.code, refused.issues[0].code)
        };
        let unknown = terminology::Error::NotFound { resource_type: "ValueSet", url: "u".into() };
        assert_eq!(of(unknown), (Code::NotFound, "not-found"));
        let missing = terminology::Error::Missing { name: "url", problem: "name one" };
        assert_eq!(of(missing), (Code::BadRequest, "required"));
        let costly = terminology::Error::TooCostly { what: "codes", found: 2, max: 1, limit: "codes_max" };
        assert_eq!(of(costly), (Code::TooCostly, "too-costly"));
        assert_eq!(of(terminology::Error::Cycle { url: "u".into() }), (Code::Invalid, "processing"));
    }
}
