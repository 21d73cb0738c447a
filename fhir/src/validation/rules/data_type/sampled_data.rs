//! SampledData: <https://hl7.org/fhir/R4/datatypes-definitions.html#SampledData.data>.

use super::super::{Rules, shown};
use crate::json::Node;
use crate::validation::Code;

/// Data points are decimals, `E`, `L` or `U`, as many of each dimension.
pub(super) fn check(rules: &mut Rules<'_>, sampled: Node<'_>) {
    let Some(node) = sampled.get("data") else { return };
    let Some(data) = node.as_str() else { return };
    let mut count = 0usize;
    for point in data.split_ascii_whitespace() {
        count += 1;
        if !is_point(point) {
            let text = format!("'{}', data point {count}, is neither a decimal nor E, L or U", shown(point));
            return rules.error(node, Code::Value, text);
        }
    }
    let dimensions = sampled.get("dimensions").and_then(Node::number_text);
    let Some(dimensions) = dimensions.and_then(|digits| digits.parse::<usize>().ok()) else { return };
    if dimensions > 0 && !count.is_multiple_of(dimensions) {
        let text = format!("{count} data points cannot be shared out evenly among {dimensions} dimensions");
        rules.issues.warning(node, Code::Value, text);
    }
}

/// A decimal as FHIR writes it, or one of the special values.
fn is_point(text: &str) -> bool {
    if matches!(text, "E" | "L" | "U") {
        return true;
    }
    let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    is_digits(whole.strip_prefix('-').unwrap_or(whole))
        && is_digits(fraction)
        && is_digits(power.strip_prefix(['-', '+']).unwrap_or(power))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_point;

    #[test]
    fn points() {
        assert!(["E", "L", "U", "0", "-1.50", "2e-3"].into_iter().all(is_point));
        assert!(!["e", "", "1,5", ".5", "1.", "-", "1e", "NaN"].into_iter().any(is_point));
    }
}
