//! What an operation was asked.

use super::{Coded, Error};
use crate::conformance::Canonical;
use crate::json::{Document, Kind, Limits, Node};
use crate::terminology::error::within;
use crate::terminology::service::System;
use crate::terminology::supplements::Supplements;
use crate::terminology::{Terminology, ValueSet, VersionRules, member};
use std::borrow::Cow;
use std::sync::Arc;

/// Values of a parameter that repeats, and codings of a concept: each is asked about by itself, or of every code.
pub(super) const REPEATS_MAX: usize = 64;

/// Languages have some 35 bytes at most (<https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1>).
const LANGUAGE_BYTES_MAX: usize = 100;

/// A call of an operation.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// A Parameters resource.
    pub parameters: Node<'r>,
    /// The resource of an instance-level call, or one sent as the body in place of Parameters.
    pub subject: Option<Arc<Document>>,
    /// Now, as a FHIR dateTime: an expansion carries the time it was made.
    pub now: &'r str,
}

impl<'r> Request<'r> {
    /// Every parameter of that name, in order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Node<'r>> {
        let named = move |parameter: &Node<'r>| {
            parameter.get("name").and_then(Node::as_str).is_some_and(|found| found == name)
        };
        member::list(self.parameters, "parameter").filter(named)
    }

    /// The value of the parameter of that name.
    fn value(&self, name: &str) -> Option<Node<'r>> {
        self.all(name).next().and_then(|parameter| member::choice(parameter, "value")).map(|(_, value)| value)
    }

    /// The text of a simple parameter. Errors: its value is no string.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<Cow<'r, str>>, Error> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| wrong(name, "a text"))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Error> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match (value.as_bool(), value.as_str().as_deref()) {
            (Some(flag), _) => Ok(Some(flag)),
            (None, Some("true")) => Ok(Some(true)),
            (None, Some("false")) => Ok(Some(false)),
            _ => Err(wrong(name, "true or false")),
        }
    }

    pub(super) fn count(&self, name: &'static str) -> Result<Option<usize>, Error> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let text = value.number_text().map(Cow::Borrowed).or_else(|| value.as_str());
        let number = text.and_then(|text| text.parse().ok());
        number.map(Some).ok_or_else(|| wrong(name, "an integer, 0 or more"))
    }

    /// `displayLanguage`. Errors: it is longer than any language; each of its parts is asked of every code.
    pub(super) fn language(&self) -> Result<Option<Cow<'r, str>>, Error> {
        let language = self.text("displayLanguage")?;
        match language.as_ref().is_some_and(|language| language.len() > LANGUAGE_BYTES_MAX) {
            true => Err(wrong("displayLanguage", "one language, such as de-CH")),
            false => Ok(language),
        }
    }

    /// The codes asked about: those of `codeableConcept`, or `coding`, or `code` with its companions; `version` names the
    /// parameter with the system's version. Errors: none or more than one of the three is given.
    pub(super) fn codes(&self, version: &'static str) -> Result<Vec<Coded>, Error> {
        let code = self.text("code")?;
        let given = (code, self.coding("coding")?, self.concept("codeableConcept")?);
        match given {
            (Some(code), None, None) => Ok(vec![Coded {
                system: self.text("system")?.map(Into::into),
                version: self.text(version)?.map(Into::into),
                code: code.into(),
                display: self.text("display")?.map(Into::into),
            }]),
            (None, Some(coding), None) => Ok(vec![coding]),
            (None, None, Some(concept)) => Ok(concept),
            (None, None, None) => {
                Err(Error::Missing { name: "code", problem: "give code, coding or codeableConcept" })
            }
            _ => Err(Error::Invalid {
                problem: "give one of code, coding and codeableConcept, not several".into(),
            }),
        }
    }

    /// The same; a version that is forced goes before the one a code names. `system`: that of codes which name none.
    pub(super) fn codes_of(&self, version: &'static str, system: Option<&str>) -> Result<Vec<Coded>, Error> {
        let rules = self.version_rules()?;
        let mut codes = self.codes(version)?;
        for coded in &mut codes {
            let forced = coded.system.as_deref().or(system).and_then(|system| rules.forced(system));
            coded.version = forced.map(Into::into).or(coded.version.take());
        }
        Ok(codes)
    }

    /// The texts of a simple parameter that may repeat. Errors: one is no text, or there are more than 64.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<Cow<'r, str>>, Error> {
        within("values of one parameter", self.all(name).count(), REPEATS_MAX, "64 values")?;
        self.all(name)
            .map(|parameter| {
                let value = member::choice(parameter, "value").and_then(|(_, value)| value.as_str());
                value.ok_or_else(|| wrong(name, "a text"))
            })
            .collect()
    }

    fn canonicals(&self, name: &'static str) -> Result<Vec<Canonical>, Error> {
        let read = |text: Cow<'_, str>| {
            let (url, version, _) = Canonical::read(&text);
            Canonical { url: url.into(), version: version.map(Into::into) }
        };
        Ok(self.texts(name)?.into_iter().map(read).collect())
    }

    /// The wishes about versions of code systems.
    pub(super) fn version_rules(&self) -> Result<VersionRules, Error> {
        let complete = |name: &'static str| {
            let rules = self.canonicals(name)?;
            match rules.iter().all(|rule| rule.version.is_some()) {
                true => Ok(rules),
                false => Err(wrong(name, "a code system with its version: system|version")),
            }
        };
        Ok(VersionRules {
            usual: complete("system-version")?,
            checked: complete("check-system-version")?,
            forced: complete("force-system-version")?,
        })
    }

    /// The code systems to leave out.
    pub(super) fn excluded_systems(&self) -> Result<Vec<Canonical>, Error> {
        self.canonicals("exclude-system")
    }

    /// A parameter of type Coding. Errors: it is of another type, or has no code.
    pub(super) fn coding(&self, name: &'static str) -> Result<Option<Coded>, Error> {
        let wanted = "a Coding with a code, as valueCoding";
        let coded = self.of_type(name, "Coding", wanted)?.map(Coded::read);
        match coded.as_ref().is_some_and(|coded| coded.code.is_empty()) {
            true => Err(wrong(name, wanted)),
            false => Ok(coded),
        }
    }

    /// The codings of a parameter of type CodeableConcept. Errors: it is of another type, or has more than 64 codings.
    pub(super) fn concept(&self, name: &'static str) -> Result<Option<Vec<Coded>>, Error> {
        let wanted = "a CodeableConcept, as valueCodeableConcept";
        let Some(concept) = self.of_type(name, "CodeableConcept", wanted)? else { return Ok(None) };
        within("codings of a concept", member::list(concept, "coding").count(), REPEATS_MAX, "64 codings")?;
        Ok(Some(member::list(concept, "coding").map(Coded::read).collect()))
    }

    /// The value of a parameter of that complex type. Errors: it is there without one.
    fn of_type(&self, name: &'static str, suffix: &str, wanted: &str) -> Result<Option<Node<'r>>, Error> {
        let Some(parameter) = self.all(name).next() else { return Ok(None) };
        match member::choice(parameter, "value") {
            Some((found, value)) if found == suffix && value.kind() == Kind::Object => Ok(Some(value)),
            _ => Err(wrong(name, wanted)),
        }
    }

    /// The resource in that parameter, as a document of its own.
    pub(super) fn resource(&self, name: &'static str) -> Result<Option<Arc<Document>>, Error> {
        self.all(name).next().map(|parameter| resource(parameter, name)).transpose()
    }

    /// The resources in the parameters of that name, each as a document of its own.
    pub(super) fn resources(&self, name: &'static str) -> Result<Vec<Arc<Document>>, Error> {
        self.all(name).map(|parameter| resource(parameter, name)).collect()
    }

    /// The code system of that URL in the version that `named` and the wishes about versions make. Errors: it is not known, or has
    /// another version than is to be.
    pub(super) fn system(
        &self,
        terminology: &Terminology,
        url: &str,
        named: Option<&str>,
    ) -> Result<System, Error> {
        let rules = self.version_rules()?;
        let system = terminology.system(url, rules.version(url, named))?;
        self.checked(system)
    }

    /// A code system, unless it has another version than is to be.
    pub(super) fn checked(&self, system: System) -> Result<System, Error> {
        if let System::Known(known) = &system {
            self.version_rules()?.check(&known.url, system.version())?;
        }
        Ok(system)
    }

    /// The supplements that the caller names.
    pub(super) fn supplements(&self, terminology: &Terminology) -> Result<Supplements, Error> {
        let named = self.texts("useSupplement")?;
        terminology.supplements_named(named.iter().map(|one| &**one))
    }

    /// Refuses parameters that would change the answer if they were obeyed.
    pub(super) fn refuse(&self, names: &[&str]) -> Result<(), Error> {
        match names.iter().find(|name| self.all(name).next().is_some()) {
            Some(name) => Err(Error::NotSupported { what: format!("the parameter '{name}'; leave it out") }),
            None => Ok(()),
        }
    }

    /// The value set that is asked of: the subject, `valueSet`, `url` with `valueSetVersion`, or that of the element
    /// `context` names. Errors: there is none of them, or several that are not the same.
    pub(super) fn value_set(&self, terminology: &Terminology) -> Result<Arc<ValueSet>, Error> {
        let rules = self.version_rules()?;
        let (url, context) = (self.text("url")?, self.text("context")?);
        if url.is_some() && context.is_some() {
            return Err(Error::Invalid { problem: "give either url or context, not both".into() });
        }
        if let Some(document) = self.given("valueSet", "ValueSet")? {
            if context.is_some() {
                let problem = "give either a value set or a context, not both".into();
                return Err(Error::Invalid { problem });
            }
            self.is_named(&document, "url", "valueSetVersion")?;
            return terminology.value_set_of(document, &rules).map(Arc::new);
        }
        let url = match (url, context) {
            (Some(url), _) => url.into_owned(),
            (None, Some(context)) => super::context::value_set_of(terminology.source(), &context)?,
            (None, None) => {
                return Err(Error::Missing {
                    name: "url",
                    problem: "name a value set by url, valueSet or context",
                });
            }
        };
        terminology.value_set_with(&self.versioned(url, "valueSetVersion")?, &rules)
    }

    /// The resource asked of: the subject, or that of the parameter. Errors: both are there, or it is of another type.
    pub(super) fn given(
        &self,
        name: &'static str,
        resource_type: &'static str,
    ) -> Result<Option<Arc<Document>>, Error> {
        let given = match (&self.subject, self.resource(name)?) {
            (Some(_), Some(_)) => {
                let problem = format!("the operation is asked of one resource: leave out '{name}'");
                return Err(Error::Invalid { problem });
            }
            (Some(document), None) => Some(document.clone()),
            (None, given) => given,
        };
        if let Some(document) = &given {
            is_of_type(document, resource_type)?;
        }
        Ok(given)
    }

    /// Refuses a URL or version beside a resource that has others.
    pub(super) fn is_named(
        &self,
        document: &Document,
        url: &'static str,
        version: &'static str,
    ) -> Result<(), Error> {
        for (name, member) in [(url, "url"), (version, "version")] {
            let (Some(asked), own) = (self.text(name)?, member::text(document.root(), member)) else {
                continue;
            };
            let asked = if member == "url" { Canonical::read(&asked).0 } else { &*asked };
            if own.as_deref() != Some(asked) {
                let own = own.as_deref().unwrap_or("(none)");
                let problem =
                    format!("'{name}' is '{asked}', but the {member} of the resource given is '{own}'");
                return Err(Error::Invalid { problem });
            }
        }
        Ok(())
    }

    /// The canonical URL with the version that parameter asks for. Errors: the URL has another one.
    pub(super) fn versioned(&self, url: String, version: &'static str) -> Result<String, Error> {
        let Some(asked) = self.text(version)? else { return Ok(url) };
        match Canonical::read(&url).1 {
            None => Ok(format!("{url}|{asked}")),
            Some(own) if *own == *asked => Ok(url),
            Some(_) => Err(Error::Invalid {
                problem: format!("'{version}' is '{asked}', but '{url}' names another version"),
            }),
        }
    }
}

fn resource(parameter: Node<'_>, name: &str) -> Result<Arc<Document>, Error> {
    let Some(resource) = parameter.get("resource") else { return Err(wrong(name, "a resource")) };
    let bytes = parameter.document().source().slice_ref(resource.raw());
    match Document::parse(bytes, &Limits::default()) {
        Ok(document) => Ok(Arc::new(document)),
        Err(error) => Err(Error::Invalid { problem: error.to_string() }),
    }
}

/// Refuses a resource of another type.
pub(super) fn is_of_type(document: &Document, name: &'static str) -> Result<(), Error> {
    let found = member::text(document.root(), "resourceType").unwrap_or_default();
    match &*found == name {
        true => Ok(()),
        false => Err(Error::Invalid { problem: format!("a {name} is wanted, not a '{found}'") }),
    }
}

pub(super) fn wrong(name: &str, wanted: &str) -> Error {
    Error::Invalid { problem: format!("the parameter '{name}' must be {wanted}") }
}
