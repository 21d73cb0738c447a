//! One entry of a transaction or batch.

use super::Error;
use crate::json::{Kind, Node};
use std::borrow::Cow;

/// <https://hl7.org/fhir/R4/valueset-http-verb.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The method called so; case matters.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => return None,
        })
    }

    /// Its name in HTTP and FHIR.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }

    /// When a transaction carries it out, lowest first: <https://hl7.org/fhir/R4/http.html#trules>.
    pub(super) fn rank(self) -> u8 {
        match self {
            Method::Delete => 0,
            Method::Post => 1,
            Method::Put | Method::Patch => 2,
            Method::Get | Method::Head => 3,
        }
    }
}

/// What an entry asks for. Texts are as sent, unescaped and unchecked but for the method.
#[derive(Clone, Debug)]
pub struct Entry<'d> {
    pub full_url: Option<Cow<'d, str>>,
    /// A JSON object, not checked further: see [`Envelope::read`](crate::resource::Envelope::read).
    pub resource: Option<Node<'d>>,
    pub method: Method,
    /// See [`Target::parse`](super::Target::parse).
    pub url: Cow<'d, str>,
    pub if_match: Option<Cow<'d, str>>,
    pub if_none_match: Option<Cow<'d, str>>,
    pub if_none_exist: Option<Cow<'d, str>>,
    pub if_modified_since: Option<Cow<'d, str>>,
}

impl<'d> Entry<'d> {
    pub(super) fn read(entry: Node<'d>) -> Result<Self, Error> {
        if entry.kind() != Kind::Object {
            return Err(Error::WrongShape { path: entry.path(), what: "an object" });
        }
        let (mut full_url, mut resource, mut request) = (None, None, None);
        for (key, value) in entry.members() {
            match &*key.as_str() {
                "fullUrl" => full_url = Some(text(value)?),
                "resource" => resource = Some(object(value)?),
                "request" => request = Some(object(value)?),
                _ => {}
            }
        }
        let Some(request) = request else {
            return Err(Error::Missing { path: format!("{}.request", entry.path()), what: "the request" });
        };
        let asked = Request::read(request)?;
        Ok(Entry {
            full_url,
            resource,
            method: asked.method.ok_or_else(|| missing(request, "method"))?,
            url: asked.url.ok_or_else(|| missing(request, "url"))?,
            if_match: asked.if_match,
            if_none_match: asked.if_none_match,
            if_none_exist: asked.if_none_exist,
            if_modified_since: asked.if_modified_since,
        })
    }
}

#[derive(Default)]
struct Request<'d> {
    method: Option<Method>,
    url: Option<Cow<'d, str>>,
    if_match: Option<Cow<'d, str>>,
    if_none_match: Option<Cow<'d, str>>,
    if_none_exist: Option<Cow<'d, str>>,
    if_modified_since: Option<Cow<'d, str>>,
}

impl<'d> Request<'d> {
    fn read(request: Node<'d>) -> Result<Self, Error> {
        let mut read = Request::default();
        for (key, value) in request.members() {
            match &*key.as_str() {
                "method" => read.method = Some(method(value)?),
                "url" => read.url = Some(text(value)?),
                "ifMatch" => read.if_match = Some(text(value)?),
                "ifNoneMatch" => read.if_none_match = Some(text(value)?),
                "ifNoneExist" => read.if_none_exist = Some(text(value)?),
                "ifModifiedSince" => read.if_modified_since = Some(text(value)?),
                _ => {}
            }
        }
        Ok(read)
    }
}

fn method(value: Node<'_>) -> Result<Method, Error> {
    let name = text(value)?;
    Method::from_name(&name)
        .ok_or_else(|| Error::UnknownMethod { path: value.path(), method: name.chars().take(20).collect() })
}

fn missing(request: Node<'_>, what: &'static str) -> Error {
    Error::Missing { path: request.path(), what }
}

fn text(value: Node<'_>) -> Result<Cow<'_, str>, Error> {
    value.as_str().ok_or_else(|| Error::WrongShape { path: value.path(), what: "a string" })
}

fn object(value: Node<'_>) -> Result<Node<'_>, Error> {
    match value.kind() {
        Kind::Object => Ok(value),
        _ => Err(Error::WrongShape { path: value.path(), what: "an object" }),
    }
}
