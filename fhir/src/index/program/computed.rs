//! Computed values as JSON, so that the converters of elements read them.

use crate::fhirpath::System;
use crate::fhirpath::value::{Unit, Value};
use crate::json::{Document, Limits, write_string};

/// The value as FHIR would write it, and the name of the FHIR type it has then; `None` for values FHIR has no type for.
pub(super) fn document(value: &Value<'_>) -> Option<(Document, &'static str)> {
    let type_name = match value.system() {
        System::Boolean => "boolean",
        System::Integer => "integer",
        System::Decimal => "decimal",
        System::String => "string",
        System::Date => "date",
        System::DateTime => "dateTime",
        System::Time => "time",
        System::Quantity => "Quantity",
        _ => return None,
    };
    let mut json = Vec::new();
    match value {
        Value::Boolean(_) | Value::Integer(_) | Value::Decimal(_) => {
            json.extend_from_slice(value.to_string().as_bytes());
        }
        Value::Quantity(quantity) => {
            json.extend_from_slice(format!("{{\"value\":{}", quantity.value).as_bytes());
            match &quantity.unit {
                Unit::Ucum(code) => {
                    json.extend_from_slice(br#","system":"http://unitsofmeasure.org","code":"#);
                    write_string(&mut json, code);
                }
                Unit::Calendar(unit) => {
                    json.extend_from_slice(br#","unit":"#);
                    write_string(&mut json, unit.word());
                }
            }
            json.push(b'}');
        }
        _ => write_string(&mut json, &value.to_string()),
    }
    Some((Document::parse(json, &Limits::default()).ok()?, type_name))
}
