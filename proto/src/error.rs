//! One table of error codes for all wires.

use crate::api::v1 as api;
use std::fmt;

/// What an error says of the write that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// Certainly not applied, now or later: the same request can be sent again as it is.
    No,
    /// It may have been, or may yet be, applied: the same request can be sent again only under the idempotency key it
    /// had the first time.
    Maybe,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $grpc:ident, $http:literal, $issue:literal, $retry:literal, $applied:ident;)*) => {
        /// What went wrong, in one word. The table in the source maps each to gRPC status, HTTP status, the
        /// `issue.code` of an OperationOutcome, whether the same request may be sent again, and what is known of
        /// a write that was answered with it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, for tests and documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The stable name on the wires.
            pub fn name(self) -> &'static str { match self { $(Code::$name => $text,)* } }

            /// The gRPC status code.
            pub fn grpc(self) -> tonic::Code { match self { $(Code::$name => tonic::Code::$grpc,)* } }

            /// The HTTP status.
            pub fn http(self) -> u16 { match self { $(Code::$name => $http,)* } }

            /// https://hl7.org/fhir/R4/valueset-issue-type.html
            pub fn issue(self) -> &'static str { match self { $(Code::$name => $issue,)* } }

            /// Whether the same request may succeed if sent again unchanged.
            pub fn retryable(self) -> bool { match self { $(Code::$name => $retry,)* } }

            /// What is known of the effect of a write that was answered with this.
            pub fn applied(self) -> Applied { match self { $(Code::$name => Applied::$applied,)* } }
        }
    };
}

codes! {
    // name, text, gRPC, HTTP, issue, retryable, applied
    /// The body is not well-formed JSON (or not UTF-8), or not a resource at all.
    Malformed, "MALFORMED", InvalidArgument, 400, "structure", false, No;
    /// Well-formed, but a rule of FHIR or of this server does not hold.
    Invalid, "INVALID", InvalidArgument, 422, "invalid", false, No;
    /// A request that makes no sense: a bad id, a missing header, ids that differ.
    BadRequest, "BAD_REQUEST", InvalidArgument, 400, "value", false, No;
    /// A search or result parameter that is unknown or unusable.
    BadParameter, "BAD_PARAMETER", InvalidArgument, 400, "not-supported", false, No;
    /// Something FHIR has and this server does not (yet).
    NotSupported, "NOT_SUPPORTED", Unimplemented, 501, "not-supported", false, No;
    /// No such resource type, or no such route.
    UnknownType, "UNKNOWN_TYPE", NotFound, 404, "not-supported", false, No;
    /// No such resource or version.
    NotFound, "NOT_FOUND", NotFound, 404, "not-found", false, No;
    /// The resource is deleted.
    Gone, "GONE", NotFound, 410, "deleted", false, No;
    /// The method is not offered on this route.
    MethodNotAllowed, "METHOD_NOT_ALLOWED", Unimplemented, 405, "not-supported", false, No;
    /// The representation asked for is not offered.
    NotAcceptable, "NOT_ACCEPTABLE", InvalidArgument, 406, "not-supported", false, No;
    /// The representation sent is not understood.
    UnsupportedMedia, "UNSUPPORTED_MEDIA", InvalidArgument, 415, "not-supported", false, No;
    /// If-Match named another version than the current one.
    VersionConflict, "VERSION_CONFLICT", FailedPrecondition, 412, "conflict", false, No;
    /// `If-None-Match: *` met an existing resource, or a conditional reference matched none.
    PreconditionFailed, "PRECONDITION_FAILED", FailedPrecondition, 412, "conflict", false, No;
    /// Conditional criteria matched more than one resource.
    MultipleMatches, "MULTIPLE_MATCHES", FailedPrecondition, 412, "multiple-matches", false, No;
    /// Two resources in one request, or a concurrent writer, want the same.
    Conflict, "CONFLICT", Aborted, 409, "conflict", true, No;
    /// A configured limit; the diagnostics name it.
    TooLarge, "TOO_LARGE", ResourceExhausted, 413, "too-long", false, No;
    /// The work would cost more than a configured limit; ask for less.
    TooCostly, "TOO_COSTLY", ResourceExhausted, 422, "too-costly", false, No;
    /// The server is full; come again after a moment.
    Overloaded, "OVERLOADED", ResourceExhausted, 429, "throttled", true, No;
    /// No leader here, starting, or stopping.
    Unavailable, "UNAVAILABLE", Unavailable, 503, "transient", true, No;
    /// The disk is full: reads go on, writes wait for the operator.
    StorageFull, "STORAGE_FULL", ResourceExhausted, 507, "no-store", true, No;
    /// The body of the request did not come in time; nothing was begun.
    BodyTimeout, "BODY_TIMEOUT", DeadlineExceeded, 408, "timeout", true, No;
    /// Took longer than the deadline; what became of a write is not known.
    Timeout, "TIMEOUT", DeadlineExceeded, 504, "timeout", true, Maybe;
    /// The leadership was lost, or the partition stopped, while the write was under way. gRPC's UNKNOWN and not its
    /// UNAVAILABLE, which clients in general send again without asking.
    OutcomeUnknown, "OUTCOME_UNKNOWN", Unknown, 504, "transient", true, Maybe;
    /// The idempotency key came with another request before.
    KeyReused, "KEY_REUSED", InvalidArgument, 422, "business-rule", false, No;
    /// Who asks may not do this.
    Forbidden, "FORBIDDEN", PermissionDenied, 403, "forbidden", false, No;
    /// A defect of the server.
    Internal, "INTERNAL", Internal, 500, "exception", false, Maybe;
    /// The log or the partition has failed for good: only a new start of the node helps, which it mostly makes by itself.
    Failed, "FAILED", Internal, 500, "exception", false, No;
}

impl Code {
    /// The code system of the names, for `issue.details` of an OperationOutcome.
    pub const SYSTEM: &'static str = "urn:salamander:error-code";

    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }
}

/// One finding. Severity is `error` unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub severity: &'static str,
    pub code: &'static str,
    /// What is wrong and what to change.
    pub diagnostics: String,
    /// FHIRPath of the element, where there is one.
    pub expression: Option<String>,
}

/// An error as both wires show it: the code, and at least one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: Code,
    pub issues: Vec<Issue>,
}

impl Error {
    /// With one issue of the code's own type.
    pub fn new(code: Code, diagnostics: impl Into<String>) -> Self {
        let issue = Issue {
            severity: "error",
            code: code.issue(),
            diagnostics: diagnostics.into(),
            expression: None,
        };
        Error { code, issues: vec![issue] }
    }

    /// The same, with the element the first issue is about.
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.issues[0].expression = Some(expression.into());
        self
    }

    /// The same, where another issue type fits better than the code's own.
    pub fn as_issue(mut self, issue: &'static str) -> Self {
        self.issues[0].code = issue;
        self
    }

    /// The first issue's diagnostics.
    pub fn diagnostics(&self) -> &str {
        &self.issues[0].diagnostics
    }

    /// The detail that goes into a gRPC status, and in band on a stream.
    pub fn to_detail(&self) -> api::ErrorDetail {
        let issue = |issue: &Issue| api::Issue {
            severity: issue.severity.to_owned(),
            code: issue.code.to_owned(),
            diagnostics: issue.diagnostics.clone(),
            expression: issue.expression.iter().cloned().collect(),
        };
        api::ErrorDetail {
            code: self.code.name().to_owned(),
            issues: self.issues.iter().map(issue).collect(),
            retryable: self.code.retryable(),
            may_have_applied: self.code.applied() == Applied::Maybe,
        }
    }

    /// The error that [`Error::to_detail`] told of. What this version does not know becomes a defect, with its text.
    pub fn of_detail(detail: api::ErrorDetail) -> Self {
        let known = |known: &[&'static str], told: &str| known.iter().copied().find(|known| *known == told);
        let issue = |issue: api::Issue| Issue {
            severity: known(SEVERITIES, &issue.severity).unwrap_or("error"),
            code: known(ISSUE_TYPES, &issue.code).unwrap_or("exception"),
            diagnostics: issue.diagnostics,
            expression: issue.expression.into_iter().next(),
        };
        let code = Code::from_name(&detail.code).unwrap_or(Code::Internal);
        let issues: Vec<Issue> = detail.issues.into_iter().map(issue).collect();
        if issues.is_empty() { Error::new(code, detail.code) } else { Error { code, issues } }
    }

    /// A gRPC status that carries [`Error::to_detail`] the standard way, in a `google.rpc.Status`.
    pub fn to_status(&self) -> tonic::Status {
        use prost::Message;
        let message = self.diagnostics().to_owned();
        let detail = prost_types::Any {
            type_url: DETAIL_TYPE_URL.to_owned(),
            value: self.to_detail().encode_to_vec(),
        };
        let rich =
            RpcStatus { code: self.code.grpc() as i32, message: message.clone(), details: vec![detail] };
        tonic::Status::with_details(self.code.grpc(), message, rich.encode_to_vec().into())
    }
}

/// https://hl7.org/fhir/R4/valueset-issue-severity.html
const SEVERITIES: &[&str] = &["fatal", "error", "warning", "information"];

/// https://hl7.org/fhir/R4/valueset-issue-type.html
const ISSUE_TYPES: &[&str] = &[
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
];

const DETAIL_TYPE_URL: &str = "type.googleapis.com/salamander.api.v1.ErrorDetail";

/// The detail inside a status made by [`Error::to_status`]; `None` for a status of another origin.
pub fn detail_of(status: &tonic::Status) -> Option<api::ErrorDetail> {
    use prost::Message;
    let rich = RpcStatus::decode(status.details()).ok()?;
    let any = rich.details.into_iter().find(|any| any.type_url == DETAIL_TYPE_URL)?;
    api::ErrorDetail::decode(any.value.as_slice()).ok()
}

/// google.rpc.Status, the one standard message of rich gRPC errors.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.diagnostics())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_carries_its_detail() {
        let error =
            Error::new(Code::VersionConflict, "the current version is 3").at("Patient.meta.versionId");
        let status = error.to_status();
        assert_eq!(status.code(), tonic::Code::FailedPrecondition);
        assert_eq!(detail_of(&status), Some(error.to_detail()));
        assert_eq!(detail_of(&tonic::Status::internal("other")), None);
    }

    #[test]
    fn an_error_comes_back_from_its_detail() {
        for code in Code::ALL {
            let mut error = Error::new(*code, "what is wrong").at("Patient.name");
            let (severity, code) = ("warning", "informational");
            error.issues.push(Issue { severity, code, diagnostics: "x".to_owned(), expression: None });
            assert_eq!(Error::of_detail(error.to_detail()), error);
        }
        let later = api::ErrorDetail { code: "LATER".to_owned(), ..Default::default() };
        assert_eq!(Error::of_detail(later).code, Code::Internal);
    }

    /// A client that resends on `UNAVAILABLE`, or on 503, does so without knowing this table.
    #[test]
    fn what_may_have_been_applied_looks_like_nothing_that_was_not() {
        for &maybe in Code::ALL.iter().filter(|code| code.applied() == Applied::Maybe) {
            for &no in Code::ALL.iter().filter(|code| code.applied() == Applied::No && code.retryable()) {
                assert_ne!(maybe.http(), no.http(), "{maybe:?} {no:?}");
            }
            assert_ne!(maybe.grpc(), tonic::Code::Unavailable, "{maybe:?}");
        }
        assert!(Error::new(Code::OutcomeUnknown, "").to_detail().may_have_applied);
        assert!(!Error::new(Code::Unavailable, "").to_detail().may_have_applied);
    }

    #[test]
    fn names_are_unique() {
        for &code in Code::ALL {
            assert_eq!(Code::from_name(code.name()), Some(code));
        }
    }
}
