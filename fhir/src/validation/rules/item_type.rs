//! The types of questionnaire items and the values that agree with them
//! (<https://hl7.org/fhir/R4/valueset-item-type.html>).

/// The values an answer to a question of that type may have, as `value[x]` names their types; none for a type R4 does not
/// know, and for groups and displays, which are not answered.
pub(super) fn values(kind: &str) -> &'static [&'static str] {
    match kind {
        "boolean" => &["Boolean"],
        "decimal" => &["Decimal"],
        "integer" => &["Integer"],
        "date" => &["Date"],
        "dateTime" => &["DateTime"],
        "time" => &["Time"],
        "string" | "text" => &["String"],
        "url" => &["Uri"],
        // Options may be of several types, and answers are options.
        "choice" => &["Coding", "Integer", "Date", "Time", "String", "Reference"],
        "open-choice" => &["Coding", "String", "Integer", "Date", "Time", "Reference"],
        "attachment" => &["Attachment"],
        "reference" => &["Reference"],
        "quantity" => &["Quantity"],
        _ => &[],
    }
}

/// Whether items of that type are not answered at all.
pub(super) fn is_unanswered(kind: &str) -> bool {
    matches!(kind, "group" | "display")
}

/// Whether a value of that type can be compared with the answer to a question of type `kind`: what has the type, and
/// what is read as it, as an integer is read as a decimal.
pub(super) fn is_comparable(kind: &str, value: &str) -> bool {
    let allowed = values(kind);
    let read_as = match value {
        "Integer" => "Decimal",
        "Decimal" => "Integer",
        "Date" => "DateTime",
        "DateTime" => "Date",
        // Conditions have no uri.
        "String" => "Uri",
        other => other,
    };
    allowed.is_empty() && !is_unanswered(kind) || allowed.contains(&value) || allowed.contains(&read_as)
}

/// The type of the value of a choice such as `answer[x]`, from the name of its member: `Boolean` of `answerBoolean`.
pub(super) fn of_member<'n>(name: &'n str, stem: &str) -> Option<&'n str> {
    name.strip_prefix(stem).filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_as_another_type_is_comparable() {
        for (kind, value) in
            [("decimal", "Integer"), ("date", "DateTime"), ("url", "String"), ("new", "Coding")]
        {
            assert!(is_comparable(kind, value), "{kind} {value}");
        }
        for (kind, value) in [("boolean", "String"), ("group", "Boolean"), ("quantity", "Decimal")] {
            assert!(!is_comparable(kind, value), "{kind} {value}");
        }
    }

    #[test]
    fn members_name_types() {
        assert_eq!(of_member("answerBoolean", "answer"), Some("Boolean"));
        assert_eq!(of_member("answers", "answer"), None);
    }
}
