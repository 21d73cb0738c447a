//! `$validate`: <https://hl7.org/fhir/R4/resource-operation-validate.html>. What can be judged is answered with 200 and
//! an OperationOutcome, whatever the judgement is. Of the system it is asked of whatever resource is sent, which R4's definition of
//! it leaves to servers.

use super::{
    Invocation, Scope,
    definition::{Definition, Kind, Parameter, Types},
};
use crate::{draft, session::Session};
use bytes::Bytes;
use fhir::{
    definitions::ResourceType,
    json::{Document, Node},
    outcome::Severity,
    validation::{Code as IssueCode, Issue, Issues},
};
use futures::FutureExt;
use proto::{Code, Error};

pub(super) const DEFINITIONS: &[Definition] = &[DEFINITION];

const DEFINITION: Definition = Definition {
    name: "validate",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    system: true,
    types: Types::All,
    on_type: true,
    on_instance: true,
    affects_state: false,
    parameters: &[
        Parameter::one("resource", Kind::Complex),
        Parameter::one("mode", Kind::CODE),
        Parameter::one("profile", Kind::URI),
    ],
    unsupported: &[],
    bare: Some("resource"),
    run: |invocation| validate(invocation).boxed(),
};

/// <https://hl7.org/fhir/R4/valueset-resource-validation-mode.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// None given: the content alone.
    Content,
    Create,
    Update,
    Delete,
    Profile,
}

impl Mode {
    fn read(text: Option<&str>) -> Result<Mode, Error> {
        match text {
            None => Ok(Mode::Content),
            Some("create") => Ok(Mode::Create),
            Some("update") => Ok(Mode::Update),
            Some("delete") => Ok(Mode::Delete),
            Some("profile") => Ok(Mode::Profile),
            Some(other) => {
                let text = format!("the mode '{other}' is none of create, update, delete and profile");
                Err(Error::new(Code::BadParameter, text).as_issue("value"))
            }
        }
    }
}

async fn validate(mut invocation: Invocation) -> Result<Bytes, Error> {
    let mode = Mode::read(invocation.input.text("mode").as_deref())?;
    let profile = invocation.input.text("profile").map(|profile| profile.into_owned());
    let given = invocation.input.take_resource("resource", &invocation.caller.session().options().json)?;
    check(mode, &invocation.scope, given.is_some(), profile.is_some())?;
    let document = match given {
        Some(given) => given,
        None => invocation.stored().await?,
    };
    if mode == Mode::Delete {
        // It is there, and nothing keeps it from being deleted.
        return Ok(Issues::new(1).outcome().into());
    }
    let Invocation { caller, scope, .. } = invocation;
    let judging = caller.clone();
    let judge = move || {
        let session = judging.session();
        let mut issues = Issues::new(session.options().issues_max);
        fits(mode, &scope, document.root(), &mut issues);
        issues.append(session.judge(document.root(), profile.as_deref()));
        if matches!(mode, Mode::Create | Mode::Update) && issues.is_valid() {
            write(session, &document, &mut issues);
        }
        Ok(issues.outcome().into())
    };
    let session = caller.session();
    session.compute(session.context().share.clone(), judge).await
}

/// Whether a write of it would be refused although it is valid: for a profile that the configuration asks for, a search parameter that
/// cannot be carried out.
fn write(session: Session<'_>, document: &Document, issues: &mut Issues) {
    let parsed = session.parse(document.source().clone());
    let Err(refused) = parsed.and_then(|parsed| session.draft(&parsed)) else { return };
    for one in refused.issues {
        let (expression, text) = (one.expression.unwrap_or_default(), one.diagnostics);
        issues.push(Issue { severity: Severity::Error, code: IssueCode::BusinessRule, expression, text });
    }
}

/// What the modes ask for: a resource, an instance, a profile.
fn check(mode: Mode, scope: &Scope, given: bool, profile: bool) -> Result<(), Error> {
    let instance = matches!(scope, Scope::Instance { .. });
    let wrong = match mode {
        Mode::Content | Mode::Update if !given && !instance => "send the resource to be validated",
        Mode::Create | Mode::Update if !given => "send the resource that is to be written",
        Mode::Create if instance => "what is created has no id yet: validate it on the type, or on the system",
        Mode::Delete | Mode::Profile if !instance => "this mode is about a stored resource: name its id",
        Mode::Delete | Mode::Profile if given => "this mode is about the stored resource: send none",
        Mode::Profile if !profile => "the mode 'profile' needs a profile",
        _ => return Ok(()),
    };
    Err(Error::new(Code::BadRequest, wrong))
}

/// Whether the resource is of the type, and for an update of the id, it is validated for.
fn fits(mode: Mode, scope: &Scope, resource: Node<'_>, issues: &mut Issues) {
    let text = |name: &str| resource.get(name).and_then(|value| value.as_str());
    let found = text("resourceType");
    let of_its_own = || found.as_deref().and_then(ResourceType::from_name);
    let (expected, expected_id) = match scope {
        Scope::System => (of_its_own(), None),
        Scope::Type(resource_type) => (Some(*resource_type), None),
        Scope::Instance { resource_type, id, .. } => (Some(*resource_type), Some(id)),
    };
    // That it is of no type its structure says.
    let Some(expected) = expected else { return };
    let mut error = |code, expression: String, text: String| {
        issues.push(Issue { severity: Severity::Error, code, expression, text });
    };
    if let Some(found) = found.as_deref().filter(|found| *found != expected.name()) {
        let known = ResourceType::from_name(found).map_or(expected.name(), ResourceType::name);
        let told = format!("this is a {found}, but it is validated as a {expected}");
        error(IssueCode::Structure, known.to_owned(), told);
    }
    if mode != Mode::Update {
        return;
    }
    let id = format!("{expected}.id");
    match (text("id"), expected_id) {
        (None, _) => {
            error(IssueCode::Required, expected.name().to_owned(), "an update needs the id".to_owned())
        }
        (Some(found), Some(expected)) if found != *expected => {
            error(IssueCode::Value, id, format!("the id is '{found}', but '{expected}' is updated"));
        }
        (Some(found), _) => {
            if let Err(wrong) = draft::resource_id(&found) {
                error(IssueCode::Value, id, wrong.diagnostics().to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_ask_for_what_they_need() {
        let of_type = Scope::Type(ResourceType::PATIENT);
        let instance =
            Scope::Instance { resource_type: ResourceType::PATIENT, id: "a".into(), version_id: "".into() };
        for (mode, scope, given, profile, right) in [
            (Mode::Content, &Scope::System, true, false, true),
            (Mode::Content, &Scope::System, false, false, false),
            (Mode::Create, &Scope::System, true, false, true),
            (Mode::Update, &Scope::System, true, false, true),
            (Mode::Delete, &Scope::System, false, false, false),
            (Mode::Profile, &Scope::System, true, true, false),
            (Mode::Content, &of_type, true, false, true),
            (Mode::Content, &of_type, false, false, false),
            (Mode::Content, &instance, false, true, true),
            (Mode::Create, &of_type, true, false, true),
            (Mode::Create, &instance, true, false, false),
            (Mode::Update, &instance, true, false, true),
            (Mode::Update, &instance, false, false, false),
            (Mode::Delete, &instance, false, false, true),
            (Mode::Delete, &of_type, false, false, false),
            (Mode::Profile, &instance, false, true, true),
            (Mode::Profile, &instance, false, false, false),
            (Mode::Profile, &instance, true, true, false),
        ] {
            assert_eq!(
                check(mode, scope, given, profile).is_ok(),
                right,
                "{mode:?} {scope} {given} {profile}"
            );
        }
        assert!(Mode::read(Some("destroy")).is_err());
    }

    #[test]
    fn an_update_is_of_its_type_and_id() {
        let instance =
            Scope::Instance { resource_type: ResourceType::PATIENT, id: "a".into(), version_id: "".into() };
        let told_in = |scope: &Scope, body: &'static str| {
            let document = fhir::json::Document::parse(body, &Default::default()).unwrap();
            let mut issues = Issues::new(10);
            fits(Mode::Update, scope, document.root(), &mut issues);
            issues.iter().map(|issue| issue.expression.clone()).collect::<Vec<_>>()
        };
        let told = |body| told_in(&instance, body);
        assert_eq!(told(r#"{"resourceType":"Patient","id":"a"}"#), [""; 0]);
        assert_eq!(told(r#"{"resourceType":"Patient","id":"b"}"#), ["Patient.id"]);
        assert_eq!(told(r#"{"resourceType":"Patient"}"#), ["Patient"]);
        assert_eq!(told(r#"{"resourceType":"Group","id":"a"}"#), ["Group"]);
        // Of the system anything is, under an id of its own.
        assert_eq!(told_in(&Scope::System, r#"{"resourceType":"Group","id":"a"}"#), [""; 0]);
        assert_eq!(told_in(&Scope::System, r#"{"resourceType":"Group"}"#), ["Group"]);
        assert_eq!(told_in(&Scope::System, r#"{"resourceType":"Nothing"}"#), [""; 0]);
    }
}
