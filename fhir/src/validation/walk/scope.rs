//! The resource an element is in, what that is in, and what its references lead to.

use super::bundle::{Index, Match};
use super::contained::Contained;
use crate::definitions::ResourceType;
use crate::json::Node;

/// Where an element stands.
#[derive(Clone, Copy)]
pub(in crate::validation) struct Scope<'s, 'd> {
    /// The innermost resource.
    pub resource: Node<'d>,
    /// The resource that contains it, else itself.
    pub root: Node<'d>,
    /// The fullUrl of the bundle's entry it is in.
    pub full_url: Option<&'s str>,
    pub bundle: Option<&'s Index<'d>>,
    /// The scope of the resource this one is in.
    pub outer: Option<&'s Scope<'s, 'd>>,
}

/// What a literal reference leads to.
#[derive(Clone, Copy)]
pub(in crate::validation) enum Target<'d> {
    Contained(Node<'d>),
    /// An entry of the same bundle.
    Bundled(Node<'d>),
    /// Something that must be contained, but is not.
    Missing,
    /// Something the bundle seems to hold, but not so that the reference could mean it: why.
    Unclear(&'static str),
    /// Something outside.
    Outside,
}

impl<'d> Target<'d> {
    /// The resource, if it is here.
    pub fn resource(self) -> Option<Node<'d>> {
        match self {
            Target::Contained(node) | Target::Bundled(node) => Some(node),
            Target::Missing | Target::Unclear(_) | Target::Outside => None,
        }
    }
}

impl<'s, 'd> Scope<'s, 'd> {
    /// The scope of a resource in nothing else.
    pub fn of(resource: Node<'d>) -> Self {
        Scope { resource, root: resource, full_url: None, bundle: None, outer: None }
    }

    /// The scope of a contained resource.
    pub fn contained(&'s self, resource: Node<'d>) -> Self {
        Scope { resource, outer: Some(self), ..*self }
    }

    /// What `reference` leads to (<https://hl7.org/fhir/R4/bundle.html#references>).
    pub fn resolve(&self, reference: &str, contained: &Contained<'_, 'd>) -> Target<'d> {
        match reference.strip_prefix('#') {
            Some("") => return Target::Contained(self.root),
            Some(id) => return contained.find(self.root, id).map_or(Target::Missing, Target::Contained),
            None => {}
        }
        let mut scope = Some(self);
        while let Some(at) = scope {
            match at.bundle.map(|bundle| bundle.resolve(reference, at.full_url)) {
                Some(Match::One(node)) => return Target::Bundled(node),
                Some(Match::Several) => {
                    return Target::Unclear("several entries of the bundle have that URL");
                }
                Some(Match::OtherVersion) => {
                    return Target::Unclear("the bundle has it in other versions only");
                }
                Some(Match::OtherType) => {
                    return Target::Unclear("the entry with that id is of another type");
                }
                Some(Match::OtherUrl) => {
                    return Target::Unclear("an entry has that type and id, but its fullUrl is another");
                }
                Some(Match::None) | None => scope = at.outer,
            }
        }
        Target::Outside
    }
}

/// The resource type a literal reference names: of `Patient/1`, `http://a/Patient/1/_history/2` and `Patient?a=b`.
pub(in crate::validation) fn named_type(reference: &str) -> Option<ResourceType> {
    if let Some((path, _)) = reference.split_once('?') {
        return ResourceType::from_name(path.rsplit('/').next()?);
    }
    let mut parts = reference.rsplit('/');
    let mut last = parts.next()?;
    let mut before = parts.next()?;
    if before == "_history" {
        last = parts.next()?;
        before = parts.next()?;
    }
    let is_id =
        !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    ResourceType::from_name(before).filter(|_| is_id)
}

#[cfg(test)]
mod tests {
    use super::named_type;

    #[test]
    fn types_named_by_references() {
        let name = |text| named_type(text).map(ResourceType::name);
        use crate::definitions::ResourceType;
        for text in ["Patient/1", "http://a/fhir/Patient/1", "Patient/1/_history/2", "Patient?identifier=a|b"]
        {
            assert_eq!(name(text), Some("Patient"), "{text}");
        }
        for text in
            ["", "#a", "urn:uuid:a", "http://a/b/c", "Patient", "Patient/", "patient/1", "Patient/a b"]
        {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
