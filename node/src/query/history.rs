//! What the query of a history asks for: <https://hl7.org/fhir/R4/http.html#history>.

use jiff::{SignedDuration, civil, fmt::temporal::Pieces};
use proto::{Code, Error, api::v1::HistoryRequest};

/// A request, and what it was read from.
#[derive(Debug)]
pub struct HistoryAsked {
    pub request: HistoryRequest,
    /// The parameters that were used, but for the cursor: links to other pages have no others.
    pub used: Vec<(String, String)>,
}

/// The request of decoded parameters, in order: `_count`, `_since`, `_summary`, `_elements` and our `_cursor`.
///
/// # Errors
/// `BadParameter` for a value that is none and for what would choose among versions, and with `strict` for all others.
pub fn history_request(
    resource_type: String,
    id: String,
    parameters: &[(String, String)],
    strict: bool,
) -> Result<HistoryAsked, Error> {
    let mut used = Vec::with_capacity(parameters.len());
    let mut request = HistoryRequest { resource_type, id, ..HistoryRequest::default() };
    let mut elements: Vec<&str> = Vec::new();
    for (name, value) in parameters {
        match name.as_str() {
            "_count" => request.count = count(value)?,
            "_since" => request.since_ms = since(value)?,
            "_cursor" => request.cursor = value.clone(),
            "_summary" => request.summary = value.clone(),
            "_elements" => elements.push(value),
            // They choose among versions: left out, the answer would be what nobody asked for.
            "_at" | "_list" => {
                let text = format!("the history parameter {name} is not supported yet; _since is");
                return Err(Error::new(Code::BadParameter, text));
            }
            other if strict => {
                let text = format!(
                    "the history parameter {other:?} is not known; _count, _since, _summary and _elements are"
                );
                return Err(Error::new(Code::BadParameter, text));
            }
            _ => continue,
        }
        if name != "_cursor" {
            used.push((name.clone(), value.clone()));
        }
    }
    request.elements = elements.join(",");
    Ok(HistoryAsked { request, used })
}

fn count(value: &str) -> Result<u32, Error> {
    let bad =
        || Error::new(Code::BadParameter, format!("_count is {value:?}; it must be a whole number above 0"));
    value.parse().ok().filter(|count| *count > 0).ok_or_else(|| bad().as_issue("value"))
}

/// An instant, or a day (UTC). A plus sign that was not percent-encoded has become a space.
fn since(value: &str) -> Result<u64, Error> {
    since_ms(&value.replace(' ', "+")).ok_or_else(|| {
        Error::new(
            Code::BadParameter,
            format!("_since is {value:?}; it must be an instant such as 2026-11-21T00:00:00Z"),
        )
        .as_issue("value")
    })
}

/// Versions have whole milliseconds: the first one that is not before the instant. Before 1970 there are none.
fn since_ms(text: &str) -> Option<u64> {
    const EPOCH: civil::DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);
    // Not jiff's timestamp, which ends a day before the last instant that FHIR can say.
    let pieces = Pieces::parse(text).ok().filter(|pieces| pieces.time_zone_annotation().is_none())?;
    let offset = pieces.to_numeric_offset().map_or(0, |offset| offset.seconds());
    let local = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let since = local.duration_since(EPOCH) - SignedDuration::from_secs(offset.into());
    u64::try_from((since.as_nanos().max(0) + 999_999) / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(parameters: &[(&str, &str)], strict: bool) -> Result<HistoryAsked, Error> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters: Vec<_> = parameters.iter().map(own).collect();
        history_request("Patient".to_owned(), "a".to_owned(), &parameters, strict)
    }

    #[test]
    fn instants_and_days() {
        assert_eq!(since("1970-01-01T00:00:01Z").unwrap(), 1000);
        assert_eq!(since("1970-01-01T01:00:01 01:00").unwrap(), 1000);
        assert_eq!(since("1970-01-02").unwrap(), 86_400_000);
        assert_eq!(since("1970-01-01T00:00:01.0000001Z").unwrap(), 1001);
        for bad in
            ["soon", "", "2026", "2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00[Europe/Berlin]"]
        {
            assert_eq!(since(bad).unwrap_err().code, Code::BadParameter, "{bad}");
        }
        assert_eq!(count("0").unwrap_err().code, Code::BadParameter);
    }

    #[test]
    fn instants_long_ago_and_far_away() {
        const LAST_MS: u64 = 253_402_300_799_000;
        for (text, ms) in [
            ("9999-12-31T23:59:59Z", LAST_MS),
            ("9999-12-31T23:59:59.999999999Z", LAST_MS + 1000),
            ("9999-12-31T23:59:59-14:00", LAST_MS + 14 * 3_600_000),
            ("9999-12-31", LAST_MS - 86_399_000),
            ("1969-12-31T23:59:59Z", 0),
            ("0001-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(since(text).unwrap(), ms, "{text}");
        }
    }

    #[test]
    fn every_parameter_and_no_other() {
        let all = [("_count", "3"), ("_since", "1970-01-02"), ("_elements", "a"), ("_elements", "b")];
        let HistoryAsked { request, used } = asked(&all, true).unwrap();
        assert_eq!(used.len(), 4);
        assert_eq!((request.count, request.since_ms, request.elements.as_str()), (3, 86_400_000, "a,b"));
        assert!(asked(&[("x", "y")], false).is_ok() && asked(&[("x", "y")], true).is_err());
        let asked_again = asked(&[("x", "y"), ("_count", "3"), ("_cursor", "c")], false).unwrap();
        assert_eq!(asked_again.used, [("_count".to_owned(), "3".to_owned())]);
        assert!(asked(&[("_at", "2026")], false).is_err());
    }
}
