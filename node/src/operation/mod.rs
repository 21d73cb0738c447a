//! Operations: <https://hl7.org/fhir/R4/operations.html>. One file declares and carries out one operation; this
//! module finds it, checks that it is offered where it was asked for, and reads its parameters.

mod definition;
mod input;
mod registry;
mod terminology;

/// Declares the operations' files, and lists what they define, in the order of their names.
macro_rules! operations {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*

        const ALL: &[&[Definition]] = &[$($file::DEFINITIONS),*];
    };
}

operations!(
    convert,
    diff,
    document,
    everything,
    expand,
    graphql,
    lastn,
    lookup,
    matching,
    meta,
    reindex,
    stats,
    subsumes,
    translate,
    validate,
    validate_code,
    versions
);

pub use registry::{of_system, of_type};

use crate::{
    draft, interaction,
    session::{Owned, Session},
};
use definition::Definition;
use fhir::{definitions::ResourceType, json::Document};
use input::Input;
use proto::{
    Code, Error,
    api::v1::{OperationRequest, OperationResponse, ReadRequest, VReadRequest},
};
use std::fmt;

/// An operation that was asked for, with everything it needs.
struct Invocation {
    caller: Owned,
    scope: Scope,
    input: Input,
    /// It may change nothing, as a GET does not.
    read_only: bool,
}

/// What an operation was asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    System,
    Type(ResourceType),
    Instance {
        resource_type: ResourceType,
        id: String,
        /// Empty: the current one.
        version_id: String,
    },
}

/// Carries an operation out.
pub async fn run(session: Session<'_>, request: OperationRequest) -> Result<OperationResponse, Error> {
    let name = request.name.strip_prefix('$').unwrap_or(&request.name);
    let scope = Scope::of(&request)?;
    let definition = registry::find(name, &scope)?;
    if request.read_only && definition.affects_state {
        return Err(Error::new(Code::MethodNotAllowed, format!("${name} may change something: send a POST")));
    }
    session.catch_up().await?;
    let input = Input::read(definition, &request.parameters, request.body, &session.options().json)?;
    // Nothing but `$document` stores only what it is asked to.
    let affects_state = definition.affects_state || input.flag("persist")?.unwrap_or_default();
    let invocation = Invocation { caller: session.owned(), scope, input, read_only: request.read_only };
    let body = (definition.run)(invocation).await?;
    Ok(OperationResponse { body, affects_state })
}

/// Whether an operation answers with JSON that is no resource.
pub fn answers_data(name: &str) -> bool {
    name.strip_prefix('$').unwrap_or(name) == "graphql"
}

impl Invocation {
    /// The stored resource the operation was asked of.
    ///
    /// # Errors
    /// As of a read; `BadRequest` where it was not asked of an instance.
    async fn stored(&self) -> Result<Document, Error> {
        let Scope::Instance { resource_type, id, version_id } = &self.scope else {
            return Err(Error::new(Code::BadRequest, "the operation was not asked of a stored resource"));
        };
        let session = self.caller.session();
        let (resource_type, id) = (resource_type.name().to_owned(), id.clone());
        let found = match version_id.as_str() {
            "" => {
                let request = ReadRequest { resource_type, id, ..Default::default() };
                interaction::read(session, request).await?
            }
            version_id => {
                let version_id = version_id.to_owned();
                let request = VReadRequest { resource_type, id, version_id, ..Default::default() };
                interaction::vread(session, request).await?
            }
        };
        draft::document(found.body, &session.options().json)
    }
}

impl Scope {
    fn of(request: &OperationRequest) -> Result<Scope, Error> {
        let missing = |what: &str| {
            Err(Error::new(Code::BadRequest, format!("the operation's target has no {what}; name it too")))
        };
        match (request.resource_type.as_str(), request.id.as_str(), request.version_id.as_str()) {
            ("", "", "") => Ok(Scope::System),
            ("", ..) => missing("resource type"),
            (name, "", "") => Ok(Scope::Type(draft::known_type(name)?)),
            (_, "", _) => missing("id"),
            (name, id, version_id) => Ok(Scope::Instance {
                resource_type: draft::known_type(name)?,
                id: draft::resource_id(id)?.as_str().to_owned(),
                version_id: version_id.to_owned(),
            }),
        }
    }
}

/// As in a path: `the system`, `ValueSet`, `ValueSet/[id]`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::System => f.write_str("the system"),
            Scope::Type(resource_type) => f.write_str(resource_type.name()),
            Scope::Instance { resource_type, .. } => write!(f, "{}/[id]", resource_type.name()),
        }
    }
}
