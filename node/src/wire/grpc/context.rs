//! From metadata to [`Context`], and back into the answer's metadata.

use crate::{
    bounds::Share,
    observe::trace::{TRACEPARENT, Trace},
    service::{Tenant, TenantService},
    session::Context,
    wire::caller::{deadline, request_id, stale, tenant},
};
use proto::{
    Code, Error,
    metadata::{AGE, LEADER, REQUEST_ID},
};
use std::time::Duration;
use tonic::{Request, Response, Status, metadata::MetadataMap};

/// # Errors
/// As [`open`], of what the metadata name.
pub(super) async fn known(metadata: &MetadataMap, service: &impl TenantService) -> Result<(), Error> {
    tenant::of(metadata.as_ref(), None, service).await.map(drop)
}

/// Splits a request. The deadline is the caller's `grpc-timeout`, but no later than `timeout` from now.
///
/// # Errors
/// A tenant that is not there, a key that looks like the tenant's, or a `grpc-timeout` that is none.
pub(super) async fn open<T>(
    mut request: Request<T>,
    timeout: Duration,
    service: &impl TenantService,
) -> Result<(Context, T), Status> {
    let share: Share = request.extensions_mut().remove().unwrap_or_default();
    let (metadata, extensions, message) = request.into_parts();
    drop(extensions);
    let tenant = tenant::of(metadata.as_ref(), None, service).await;
    let context = tenant.and_then(|tenant| context(&metadata, timeout, share, tenant));
    Ok((context.map_err(|error| error.to_status())?, message))
}

fn context(
    metadata: &MetadataMap,
    timeout: Duration,
    share: Share,
    tenant: Tenant,
) -> Result<Context, Error> {
    share.belongs_to(tenant.id)?;
    let asked = match metadata.get("grpc-timeout") {
        None => None,
        Some(text) => Some(text.to_str().ok().and_then(parse_timeout).ok_or_else(|| {
            Error::new(Code::BadRequest, "grpc-timeout is up to 8 digits and a unit of H, M, S, m, u, n")
        })?),
    };
    Ok(Context {
        tenant: tenant.id,
        request_id: request_id::accept(metadata.get(REQUEST_ID).map(|id| id.as_bytes())),
        trace: Trace::accept(metadata.get(TRACEPARENT).map(|trace| trace.as_bytes())),
        deadline: deadline(timeout, asked),
        base: tenant.base,
        stale: stale::of(metadata.as_ref())?,
        share,
    })
}

/// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>: up to 8 digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

/// The result as gRPC answers it, with the request's id and trace. `leader`: the node to ask next time.
pub(super) fn answer<T>(
    context: &Context,
    result: Result<T, Error>,
    leader: Option<u64>,
) -> Result<Response<T>, Status> {
    match result {
        Ok(message) => {
            let mut response = Response::new(message);
            tell(context, leader, response.metadata_mut());
            Ok(response)
        }
        Err(error) => {
            let mut status = error.to_status();
            tell(context, leader, status.metadata_mut());
            Err(status)
        }
    }
}

fn tell(context: &Context, leader: Option<u64>, metadata: &mut MetadataMap) {
    if let Some(leader) = leader {
        metadata.insert(LEADER, leader.into());
    }
    if let Some(stale) = &context.stale {
        metadata.insert(AGE, stale.age_ms().into());
    }
    // An id that was accepted or made here is visible ASCII.
    if let Ok(id) = context.request_id.parse() {
        metadata.insert(REQUEST_ID, id);
    }
    if let Some(trace) = context.trace.and_then(|trace| trace.to_string().parse().ok()) {
        metadata.insert(TRACEPARENT, trace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_all_units() {
        assert_eq!(parse_timeout("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(parse_timeout("15m"), Some(Duration::from_millis(15)));
        assert_eq!(parse_timeout("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for bad in ["", "S", "123456789S", "-1S", "1x", "1é"] {
            assert_eq!(parse_timeout(bad), None, "{bad}");
        }
    }
}
