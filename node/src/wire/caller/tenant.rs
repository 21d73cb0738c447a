//! Whose data a request is about.

use http::HeaderMap;
use proto::{
    Code, Error, TenantId,
    metadata::{TENANT, misspelt},
};

/// The tenant that the headers (gRPC's metadata) name.
///
/// # Errors
/// A tenant that is not offered, or a key that looks like the tenant's and is not.
pub fn of(headers: &HeaderMap) -> Result<TenantId, Error> {
    if let Some(error) = headers.keys().find_map(|key| misspelt(key.as_str())) {
        return Err(error);
    }
    match headers.get_all(TENANT).iter().find(|name| name.as_bytes() != b"default") {
        None => Ok(TenantId::DEFAULT),
        Some(other) => {
            let name = String::from_utf8_lossy(other.as_bytes());
            let text = format!("there is no tenant {name:?}; only \"default\" is offered");
            Err(Error::new(Code::NotFound, text))
        }
    }
}
