//! Operations: one call for all of them, and one for each that the specification names.

use crate::{Client, Result, api};
use bytes::Bytes;

/// What an operation is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The server as a whole.
    System,
    /// A resource type.
    Type(&'a str),
    /// A resource type and an id.
    Instance(&'a str, &'a str),
}

/// Parameters of simple types by name, as they would stand in a URL.
pub type Parameters<'a> = &'a [(&'a str, &'a str)];

impl Client {
    /// Calls the operation `name` (`validate`, or `$validate`) and returns the resource it answers with. `body` is a
    /// Parameters resource, or the one resource the operation is about, or empty.
    /// <https://hl7.org/fhir/R4/operations.html>
    ///
    /// For operations that change nothing, so that it is retried as reads are; the server refuses others. See
    /// [`Client::operation`] for those.
    pub async fn invoke(
        &self,
        name: &str,
        target: Target<'_>,
        parameters: Parameters<'_>,
        body: Bytes,
    ) -> Result<Bytes> {
        let (resource_type, id) = match target {
            Target::System => ("", ""),
            Target::Type(resource_type) => (resource_type, ""),
            Target::Instance(resource_type, id) => (resource_type, id),
        };
        let parameter = |(name, value): &(&str, &str)| api::SearchParameter {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let request = api::OperationRequest {
            name: name.to_owned(),
            resource_type: resource_type.to_owned(),
            id: id.to_owned(),
            parameters: parameters.iter().map(parameter).collect(),
            body,
            read_only: true,
            ..Default::default()
        };
        Ok(self.operation(request).await?.body)
    }

    /// Whether `resource` is a valid `resource_type`, as an OperationOutcome; parameters: `mode`, `profile`.
    /// <https://hl7.org/fhir/R4/resource-operation-validate.html>
    pub async fn validate(
        &self,
        resource_type: &str,
        resource: Bytes,
        parameters: Parameters<'_>,
    ) -> Result<Bytes> {
        self.invoke("validate", Target::Type(resource_type), parameters, resource).await
    }

    /// The codes of the value set with that canonical URL, as a ValueSet; parameters: `filter`, `count`, `offset`, …
    /// <https://hl7.org/fhir/R4/valueset-operation-expand.html>
    pub async fn expand(&self, url: &str, parameters: Parameters<'_>) -> Result<Bytes> {
        let parameters = with(&[("url", url)], parameters);
        self.invoke("expand", Target::Type("ValueSet"), &parameters, Bytes::new()).await
    }

    /// Whether a code is in the value set with that canonical URL, as Parameters; parameters: `code`, `system`, …
    /// <https://hl7.org/fhir/R4/valueset-operation-validate-code.html>
    pub async fn validate_code(&self, value_set: &str, parameters: Parameters<'_>) -> Result<Bytes> {
        let parameters = with(&[("url", value_set)], parameters);
        self.invoke("validate-code", Target::Type("ValueSet"), &parameters, Bytes::new()).await
    }

    /// What the code system says of a code, as Parameters.
    /// <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>
    pub async fn lookup(&self, system: &str, code: &str, parameters: Parameters<'_>) -> Result<Bytes> {
        let parameters = with(&[("system", system), ("code", code)], parameters);
        self.invoke("lookup", Target::Type("CodeSystem"), &parameters, Bytes::new()).await
    }

    /// How two codes of a code system are related, as Parameters.
    /// <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>
    pub async fn subsumes(&self, system: &str, code_a: &str, code_b: &str) -> Result<Bytes> {
        let parameters = [("system", system), ("codeA", code_a), ("codeB", code_b)];
        self.invoke("subsumes", Target::Type("CodeSystem"), &parameters, Bytes::new()).await
    }

    /// What the concept map with that canonical URL makes of a code, as Parameters; parameters: `system`, `code`, …
    /// <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>
    pub async fn translate(&self, concept_map: &str, parameters: Parameters<'_>) -> Result<Bytes> {
        let parameters = with(&[("url", concept_map)], parameters);
        self.invoke("translate", Target::Type("ConceptMap"), &parameters, Bytes::new()).await
    }
}

fn with<'a>(own: &[(&'a str, &'a str)], further: Parameters<'a>) -> Vec<(&'a str, &'a str)> {
    own.iter().chain(further).copied().collect()
}
