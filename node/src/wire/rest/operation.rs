//! Operations: <https://hl7.org/fhir/R4/operations.html>. A path whose last segment begins with `$`.

use super::{
    call::{Call, Shared},
    graphql,
    outcome::Failure,
    payload::Payload,
    response::{Reply, json},
};
use crate::{observe::access::Route, operation::answers_data, outcome, service::FhirService};
use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use fhir::percent;
use http::{HeaderValue, Method, StatusCode, header};
use proto::{
    Code, Error,
    api::v1::{OperationRequest, SearchParameter},
};

/// Answers operations; everything else goes on to the routes, whose `{type}` and `{id}` would take them for names.
pub(super) async fn intercept<S: FhirService>(
    State(shared): State<Shared<S>>,
    request: Request,
    next: Next,
) -> Response {
    let target = match target(request.uri().path()) {
        None => return next.run(request).await,
        Some(target) => target,
    };
    if let Some(route) = request.extensions().get::<Route>() {
        route.is(template(request.uri().path()));
    }
    let method = request.method().clone();
    match answer(&shared, target, request).await {
        Ok(response) => response,
        Err(Failure(error)) => refused(error, &method),
    }
}

/// The route as the others are declared.
fn template(path: &str) -> &'static str {
    match path.split('/').count() {
        3 => "/fhir/{operation}",
        4 => "/fhir/{type}/{operation}",
        5 => "/fhir/{type}/{id}/{operation}",
        _ => "/fhir/{type}/{id}/_history/{version}/{operation}",
    }
}

/// What the path asks for; `None`: no operation.
fn target(path: &str) -> Option<Result<OperationRequest, Error>> {
    let below = path.strip_prefix("/fhir/")?;
    let segments = below.split('/').map(|segment| percent::decode(segment.as_bytes()));
    let Ok(segments) = segments.collect::<Result<Vec<_>, _>>() else {
        let named = below.split('/').any(|segment| segment.starts_with('$') || segment.starts_with("%24"));
        let text = "the path of the URL is not UTF-8 after percent-decoding";
        return named.then(|| Err(Error::new(Code::BadRequest, text)));
    };
    let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
    let operation = segments.iter().any(|segment| segment.starts_with('$'));
    let target = |resource_type: &str, id: &str, version_id: &str, name: &str| OperationRequest {
        name: name.to_owned(),
        resource_type: resource_type.to_owned(),
        id: id.to_owned(),
        version_id: version_id.to_owned(),
        ..OperationRequest::default()
    };
    operation.then(|| match *segments {
        [name] => Ok(target("", "", "", name)),
        [resource_type, name] => Ok(target(resource_type, "", "", name)),
        [resource_type, id, name] => Ok(target(resource_type, id, "", name)),
        [resource_type, id, "_history", version, name] => Ok(target(resource_type, id, version, name)),
        _ => Err(Error::new(
            Code::UnknownType,
            "an operation stands at the end of a path: /$name, /Type/$name, /Type/id/$name or /Type/id/_history/version/$name",
        )),
    })
}

async fn answer<S: FhirService>(
    shared: &Shared<S>,
    target: Result<OperationRequest, Error>,
    request: Request,
) -> Reply {
    let mut asked = target?;
    let (mut parts, body) = request.into_parts();
    asked.read_only = match parts.method {
        Method::GET | Method::HEAD => true,
        Method::POST => false,
        ref other => {
            let text = format!("{other} is not offered on an operation: GET or POST");
            return Err(Error::new(Code::MethodNotAllowed, text).into());
        }
    };
    let mut call = Call::from_request_parts(&mut parts, shared).await?;
    call.context.base = Some(call.base.as_str().into());
    let pair =
        |(name, value): &(String, String)| SearchParameter { name: name.clone(), value: value.clone() };
    asked.parameters = call.parameters.iter().map(pair).collect();
    let payload = match asked.read_only {
        true => None,
        false if graphql::is_query(&parts.headers) && answers_data(&asked.name) => {
            Some(graphql::body(Request::from_parts(parts, body), shared).await?)
        }
        false => match Payload::from_request(Request::from_parts(parts, body), shared).await {
            // XML of which no resource can be made: that is the judgement that was asked for.
            Err(Failure(error)) if asked.name == "$validate" && error.code == Code::Invalid => {
                return Ok(json(&call, StatusCode::OK, outcome::json(&error.issues)));
            }
            payload => Some(payload?),
        },
    };
    asked.body = payload.as_ref().map_or_else(Bytes::new, |payload| payload.bytes.clone());
    let is_data = answers_data(&asked.name);
    let answer = shared.service.operation(&call.context, asked).await?;
    Ok(match is_data {
        true => graphql::answer(&call, answer.body),
        false => json(&call, StatusCode::OK, answer.body),
    })
}

fn refused(error: Error, method: &Method) -> Response {
    let allowed = match (error.code, method) {
        (Code::MethodNotAllowed, &Method::GET | &Method::HEAD) => "POST",
        _ => "GET, HEAD, POST",
    };
    let method_not_allowed = error.code == Code::MethodNotAllowed;
    let mut response = Failure(error).into_response();
    if method_not_allowed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let of = |path| {
            let asked = target(path)?.ok()?;
            Some([asked.name, asked.resource_type, asked.id, asked.version_id])
        };
        assert_eq!(of("/fhir/$versions").unwrap(), ["$versions", "", "", ""]);
        assert_eq!(of("/fhir/ValueSet/%24expand").unwrap(), ["$expand", "ValueSet", "", ""]);
        assert_eq!(of("/fhir/Patient/a/$validate").unwrap(), ["$validate", "Patient", "a", ""]);
        let version = of("/fhir/Patient/a/_history/2/$validate").unwrap();
        assert_eq!(version, ["$validate", "Patient", "a", "2"]);
        assert!(target("/fhir/Patient/a/b/c/$validate").unwrap().is_err());
        assert!(target("/fhir/$validate/a/b/c").unwrap().is_err());
        assert_eq!(target("/fhir/Patient/%ff/%24validate").unwrap().unwrap_err().code, Code::BadRequest);
        for other in
            ["/fhir/Patient", "/fhir", "/fhir/", "/metrics/$x", "/fhir/Patient/a", "/fhir/Patient/%ff"]
        {
            assert!(target(other).is_none(), "{other}");
        }
    }
}
