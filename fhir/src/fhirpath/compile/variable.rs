//! `%name` (<https://hl7.org/fhir/R4/fhirpath.html#vars>).

use crate::fhirpath::op::Variable;

/// Names that are not FHIR's are looked up in the input.
pub(super) fn variable(name: &str, at: u32) -> Variable {
    system(name).unwrap_or_else(|| Variable::Named { name: name.into(), at })
}

/// The variables that every expression has.
pub(super) fn system(name: &str) -> Option<Variable> {
    let constant = |text: String| Variable::Constant(text.into());
    Some(match name {
        "context" => Variable::Context,
        "resource" => Variable::Resource,
        "rootResource" => Variable::RootResource,
        "ucum" => constant("http://unitsofmeasure.org".into()),
        "sct" => constant("http://snomed.info/sct".into()),
        "loinc" => constant("http://loinc.org".into()),
        _ => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
            (Some(value_set), _) => constant(format!("http://hl7.org/fhir/ValueSet/{value_set}")),
            (_, Some(extension)) => constant(format!("http://hl7.org/fhir/StructureDefinition/{extension}")),
            _ => return None,
        },
    })
}
