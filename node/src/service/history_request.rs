//! What the query of a history asks for: <https://hl7.org/fhir/R4/http.html#history>.

use jiff::{Timestamp, civil};
use proto::{Code, Error, api::v1::HistoryRequest};

/// The request of decoded parameters, in order: `_count`, `_since`, `_summary`, `_elements` and our `_cursor`.
///
/// # Errors
/// `BadParameter` for a value that is none, and with `strict` for other parameters.
pub fn history_request(
    resource_type: String,
    id: String,
    parameters: &[(String, String)],
    strict: bool,
) -> Result<HistoryRequest, Error> {
    let mut request = HistoryRequest { resource_type, id, ..HistoryRequest::default() };
    let mut elements: Vec<&str> = Vec::new();
    for (name, value) in parameters {
        match name.as_str() {
            "_count" => request.count = count(value)?,
            "_since" => request.since_ms = since(value)?,
            "_cursor" => request.cursor = value.clone(),
            "_summary" => request.summary = value.clone(),
            "_elements" => elements.push(value),
            other if strict => {
                let text = format!(
                    "the history parameter {other:?} is not known; _count, _since, _summary and _elements are"
                );
                return Err(Error::new(Code::BadParameter, text));
            }
            _ => {}
        }
    }
    request.elements = elements.join(",");
    Ok(request)
}

fn count(value: &str) -> Result<u32, Error> {
    let bad =
        || Error::new(Code::BadParameter, format!("_count is {value:?}; it must be a whole number above 0"));
    value.parse().ok().filter(|count| *count > 0).ok_or_else(bad)
}

/// An instant, or a day (UTC). A plus sign that was not percent-encoded has become a space.
fn since(value: &str) -> Result<u64, Error> {
    let text = value.replace(' ', "+");
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        let day: civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    });
    let ms = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    ms.ok_or_else(|| {
        Error::new(
            Code::BadParameter,
            format!("_since is {value:?}; it must be an instant such as 2026-11-21T00:00:00Z"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(parameters: &[(&str, &str)], strict: bool) -> Result<HistoryRequest, Error> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters: Vec<_> = parameters.iter().map(own).collect();
        history_request("Patient".to_owned(), "a".to_owned(), &parameters, strict)
    }

    #[test]
    fn instants_and_days() {
        assert_eq!(since("1970-01-01T00:00:01Z").unwrap(), 1000);
        assert_eq!(since("1970-01-01T01:00:01 01:00").unwrap(), 1000);
        assert_eq!(since("1970-01-02").unwrap(), 86_400_000);
        assert_eq!(since("soon").unwrap_err().code, Code::BadParameter);
        assert_eq!(count("0").unwrap_err().code, Code::BadParameter);
    }

    #[test]
    fn every_parameter_and_no_other() {
        let all = [("_count", "3"), ("_since", "1970-01-02"), ("_elements", "a"), ("_elements", "b")];
        let request = asked(&all, true).unwrap();
        assert_eq!((request.count, request.since_ms, request.elements.as_str()), (3, 86_400_000, "a,b"));
        assert!(asked(&[("x", "y")], false).is_ok() && asked(&[("x", "y")], true).is_err());
    }
}
