//! The `Prefer` header: <https://hl7.org/fhir/R4/http.html#ops> and <https://hl7.org/fhir/R4/search.html#errors>.

use http::HeaderMap;

/// What the answer of a write holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Return {
    Minimal,
    #[default]
    Representation,
    OperationOutcome,
}

/// The preferences this server knows; others are ignored, as RFC 7240 wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefer {
    /// `None`: the client did not say.
    pub return_: Option<Return>,
    /// `handling=strict`
    pub strict: bool,
}

impl Prefer {
    pub(super) fn read(headers: &HeaderMap) -> Prefer {
        let mut prefer = Prefer::default();
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for preference in values.flat_map(|value| value.split([',', ';'])) {
            match preference.trim().replace([' ', '"'], "").as_str() {
                "return=minimal" => prefer.return_ = Some(Return::Minimal),
                "return=representation" => prefer.return_ = Some(Return::Representation),
                "return=OperationOutcome" => prefer.return_ = Some(Return::OperationOutcome),
                "handling=strict" => prefer.strict = true,
                "handling=lenient" => prefer.strict = false,
                _ => {}
            }
        }
        prefer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_headers_and_lists() {
        let mut headers = HeaderMap::new();
        headers.append("prefer", "respond-async, return=\"minimal\"".parse().unwrap());
        headers.append("prefer", "handling=strict; wait=3".parse().unwrap());
        assert_eq!(Prefer::read(&headers), Prefer { return_: Some(Return::Minimal), strict: true });
        assert_eq!(Prefer::read(&HeaderMap::new()), Prefer::default());
    }
}
