//! All operations of this server.

use super::{ALL, Scope, definition::Definition};
use fhir::definitions::ResourceType;
use proto::{Code, Error};

fn all() -> impl Iterator<Item = &'static Definition> {
    ALL.iter().copied().flatten()
}

/// The operation of that name, offered there.
///
/// # Errors
/// `UnknownType` for a name nobody knows, `BadRequest` for one that is not offered there; both say what is.
pub(super) fn find(name: &str, scope: &Scope) -> Result<&'static Definition, Error> {
    let mut named = all().filter(|definition| definition.name == name).peekable();
    if named.peek().is_none() {
        let text = format!("there is no operation ${}; on {scope} there is {}", short(name), offered(scope));
        return Err(Error::new(Code::UnknownType, text));
    }
    named.find(|definition| definition.is_offered_on(scope)).ok_or_else(|| {
        let text = format!("${name} is not offered on {scope}; there, there is {}", offered(scope));
        Error::new(Code::BadRequest, text)
    })
}

/// Name and canonical URL of every operation of the system, for the CapabilityStatement.
pub fn of_system() -> impl Iterator<Item = (&'static str, &'static str)> {
    all().filter(|definition| definition.system).map(|definition| (definition.name, definition.url))
}

/// The same of a type and its instances.
pub fn of_type(resource_type: ResourceType) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_type = move |definition: &&Definition| definition.types.has(resource_type);
    all().filter(of_type).map(|definition| (definition.name, definition.url))
}

fn offered(scope: &Scope) -> String {
    let names: Vec<String> = all()
        .filter(|definition| definition.is_offered_on(scope))
        .map(|definition| format!("${}", definition.name))
        .collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_and_a_wrong_level_say_what_there_is() {
        assert_eq!(find("versions", &Scope::System).unwrap().name, "versions");
        let unknown = find("nothing", &Scope::System).map(|found| found.name).unwrap_err();
        assert_eq!(unknown.code, Code::UnknownType);
        assert!(unknown.diagnostics().contains("$versions"), "{unknown}");
        let level =
            find("versions", &Scope::Type(ResourceType::PATIENT)).map(|found| found.name).unwrap_err();
        assert_eq!(level.code, Code::BadRequest);
        assert!(level.diagnostics().contains("Patient"), "{level}");
    }

    #[test]
    fn the_registry_is_in_order_and_its_urls_are_definitions() {
        assert!(all().is_sorted_by_key(|definition| definition.name));
        for definition in all() {
            let end = format!("-{}", definition.name);
            let homes = ["http://hl7.org/fhir/OperationDefinition/", "urn:salamander:OperationDefinition-"];
            assert!(homes.iter().any(|home| definition.url.starts_with(home)));
            assert!(definition.url.ends_with(&end), "{}", definition.url);
            let bare = definition.bare.map(|name| definition.parameter(name).is_some());
            assert_ne!(bare, Some(false), "${}: the bare parameter is not declared", definition.name);
        }
    }
}
