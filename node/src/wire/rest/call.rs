//! What every interaction takes from the head of its request.

use super::{
    base,
    format::{self, Format},
    outcome::Failure,
    prefer::Prefer,
    tenant::OfPath,
};
use crate::{
    bounds::Bounds,
    config::Config,
    link,
    observe::Trace,
    query,
    service::FhirService,
    session::{Context, Stale},
    wire::caller::{deadline, request_id, tenant},
};
use axum::extract::FromRequestParts;
use http::{HeaderMap, Uri, request::Parts};
use proto::{Code, Error};
use std::{sync::Arc, time::Duration};

/// What the routes share.
pub(super) struct Shared<S> {
    pub service: Arc<S>,
    pub settings: Arc<Settings>,
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Shared { service: self.service.clone(), settings: self.settings.clone() }
    }
}

/// The part of the configuration REST needs, and the bounds of requests.
pub(super) struct Settings {
    pub base_url: String,
    pub body_bytes_max: u64,
    pub body_timeout: Duration,
    pub request_timeout: Duration,
    pub bounds: Arc<Bounds>,
}

impl Settings {
    pub(super) fn new(config: &Config, bounds: Arc<Bounds>) -> Self {
        Settings {
            base_url: config.rest.base_url.trim_end_matches('/').to_owned(),
            body_bytes_max: config.rest.body_bytes_max,
            body_timeout: Duration::from_millis(config.rest.body_timeout_ms),
            request_timeout: Duration::from_millis(config.limits.request_timeout_ms),
            bounds,
        }
    }
}

/// Where the request comes from, put into its extensions by the outermost layer.
#[derive(Clone)]
pub(super) struct Origin {
    pub request_id: Arc<str>,
    pub trace: Option<Trace>,
    /// How old the answer may be, and how old it is once it is there.
    pub stale: Result<Option<Stale>, Error>,
}

/// The head of a request, understood.
pub(super) struct Call {
    pub context: Context,
    /// Absolute base for links, without a slash at its end.
    pub base: String,
    /// Decoded, in order, without the parameters that choose the format.
    pub parameters: Vec<(String, String)>,
    /// `_format` and `_pretty` as they were given: links to other pages keep them.
    pub presentation: Vec<(String, String)>,
    pub prefer: Prefer,
    pub format: Format,
    pub headers: HeaderMap,
}

impl Call {
    /// A header's text; empty where it is missing.
    ///
    /// # Errors
    /// `BadRequest` where it is not text, or where it is given twice: one of the two would be ignored.
    pub(super) fn header(&self, name: &str) -> Result<String, Error> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(String::new()) };
        if values.next().is_some() {
            return Err(Error::new(
                Code::BadRequest,
                format!("the header {name} is given twice; give it once"),
            ));
        }
        let text = std::str::from_utf8(value.as_bytes());
        text.map(|text| text.trim().to_owned())
            .map_err(|_| Error::new(Code::BadRequest, format!("the header {name} is not UTF-8")))
    }

    /// The values of a parameter, joined by commas; empty where it is not given.
    pub(super) fn parameter(&self, name: &str) -> String {
        let values =
            self.parameters.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        values.collect::<Vec<_>>().join(",")
    }

    /// `_format` and `_pretty` as they were given.
    pub(super) fn presentation(&self) -> impl Iterator<Item = (&str, &str)> {
        self.presentation.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Of a write that has no parameters: the conditions of some are written there by other servers' clients, and a write
    /// without its condition is another one. What is none, such as the `_filename` that some give with a Binary, is left out
    /// unless handling is strict.
    ///
    /// # Errors
    /// `BadParameter` where there are any.
    pub(super) fn without_parameters(&self) -> Result<(), Error> {
        let is_meant = |name: &str| self.prefer.strict || may_choose(name);
        let Some((name, _)) = self.parameters.iter().find(|(name, _)| is_meant(name)) else { return Ok(()) };
        let name: String = name.chars().take(100).collect();
        let text = format!(
            "the parameter {name:?} has no meaning here; a create's condition is given by If-None-Exist"
        );
        Err(Error::new(Code::BadParameter, text))
    }

    /// The criteria of a conditional interaction: the parameters of the URL, encoded again.
    ///
    /// # Errors
    /// `BadRequest` where there are none.
    pub(super) fn criteria(&self, method: &str, resource_type: &str) -> Result<String, Error> {
        let mut criteria = String::new();
        for (name, value) in &self.parameters {
            link::append(&mut criteria, name, value);
        }
        match criteria.strip_prefix('?') {
            Some(criteria) => Ok(criteria.to_owned()),
            None => {
                let text = format!(
                    "name the resource: {method} {resource_type}/id, or {method} {resource_type}?criteria"
                );
                Err(Error::new(Code::BadRequest, text))
            }
        }
    }

    /// The key of `Idempotency-Key`, or empty.
    pub(super) fn idempotency_key(&self) -> Result<String, Error> {
        self.header("idempotency-key")
    }
}

/// What the query asks for, and how the answer is to look: read once for each request.
#[derive(Clone)]
pub(super) struct Asked {
    parameters: Result<Vec<(String, String)>, Error>,
    presentation: Vec<(String, String)>,
    /// Of a query that cannot be read, as the headers say.
    pub format: Result<Format, Error>,
}

impl Asked {
    pub(super) fn read(uri: &Uri, headers: &HeaderMap) -> Asked {
        let mut parameters = query::parse(uri.query().unwrap_or_default().as_bytes());
        let mut none = Vec::new();
        let known = parameters.as_mut().unwrap_or(&mut none);
        let presentation = known.iter().filter(|(name, _)| format::is_presentation(name)).cloned().collect();
        let format = Format::negotiate(headers, known);
        Asked { parameters, presentation, format }
    }
}

impl<S: FhirService> FromRequestParts<Shared<S>> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared<S>) -> Result<Call, Failure> {
        // The layer that writes XML has read it already.
        let asked = parts.extensions.remove::<Asked>();
        let asked = asked.unwrap_or_else(|| Asked::read(&parts.uri, &parts.headers));
        let format = match asked.format {
            // A Binary may be wanted as any type.
            Err(_) if format::holds_any_type(&parts.uri) => Format::JSON,
            format => format?,
        };
        let parameters = asked.parameters?;
        let origin = parts.extensions.get::<Origin>().cloned();
        let origin = origin.unwrap_or_else(|| Origin {
            request_id: request_id::accept(None),
            trace: None,
            stale: Ok(None),
        });
        let of_path = parts.extensions.get::<OfPath>().cloned().map(|OfPath(name)| name).transpose()?;
        let tenant = tenant::of(&parts.headers, of_path.as_ref(), &*shared.service).await?.id;
        let share = shared.settings.bounds.share();
        share.belongs_to(tenant)?;
        // A body, read after this, joins the same share.
        if !parts.method.is_safe() {
            parts.extensions.insert(share.clone());
        }
        Ok(Call {
            context: Context {
                tenant,
                request_id: origin.request_id,
                trace: origin.trace,
                deadline: deadline(shared.settings.request_timeout, None),
                base: None,
                stale: origin.stale?,
                share,
            },
            base: base::of(&shared.settings.base_url, parts),
            parameters,
            presentation: asked.presentation,
            prefer: Prefer::read(&parts.headers),
            format,
            headers: parts.headers.clone(),
        })
    }
}

/// Whether a parameter of that name may say which resources are meant: all do but those with an underscore that are no search
/// parameters of <https://hl7.org/fhir/R4/search.html#all>.
fn may_choose(name: &str) -> bool {
    const CHOOSING: [&str; 13] = [
        "_content",
        "_filter",
        "_has",
        "_id",
        "_lastUpdated",
        "_list",
        "_profile",
        "_query",
        "_security",
        "_source",
        "_tag",
        "_text",
        "_type",
    ];
    let base = name.split([':', '.']).next().unwrap_or_default();
    !base.starts_with('_') || CHOOSING.contains(&base)
}
