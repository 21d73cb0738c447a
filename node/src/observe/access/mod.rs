//! The access log: a line at `info` for each request, under the target `access`. Says which route, never which patient:
//! no path, no query, no body.

mod line;
mod trailer;

pub use line::Route;

use super::Wire;
use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{self, Next},
    response::Response,
};
use line::Line;
use trailer::Counted;

/// Has a line said for each request the routes answer, once its answer is sent or its caller is gone.
pub fn log(routes: Router, wire: Wire) -> Router {
    routes.layer(middleware::from_fn(move |request: Request, next: Next| said(wire, request, next)))
}

/// A layer around routes that tells the line which of them it was.
pub async fn note(request: Request, next: Next) -> Response {
    if let (Some(route), Some(path)) =
        (request.extensions().get::<Route>(), request.extensions().get::<MatchedPath>())
    {
        route.is(path.as_str());
    }
    next.run(request).await
}

async fn said(wire: Wire, mut request: Request, next: Next) -> Response {
    let mut line = Line::begin(wire, request.method());
    match wire {
        Wire::Rest => drop(request.extensions_mut().insert(line.route())),
        Wire::Grpc => line.route().is(grpc_route(request.uri().path())),
    }
    let response = next.run(request).await;
    line.answered(response.status(), response.headers());
    response.map(|body| Body::new(Counted::new(body, line)))
}

/// `/package.Service/Method`; whatever else a caller writes there is his own.
fn grpc_route(path: &str) -> &str {
    let known = ["/salamander.api.v1.Fhir/", "/grpc.health.v1.Health/", "/grpc.reflection."];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"./".contains(&byte);
    match known.iter().any(|service| path.starts_with(service)) && path.bytes().all(plain) && path.len() < 80
    {
        true => path,
        false => "",
    }
}

#[cfg(test)]
mod tests;
