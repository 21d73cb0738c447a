//! Operations: <https://hl7.org/fhir/R4/operations.html>. One file declares and carries out one operation; this
//! module finds it, checks that it is offered where it was asked for, and reads its parameters.

mod definition;
mod input;
mod registry;
mod versions;

pub use registry::{of_system, of_type};

use crate::{draft, engine::Node, service::Context};
use fhir::definitions::ResourceType;
use input::Input;
use proto::{
    Code, Error,
    api::v1::{OperationRequest, OperationResponse},
};
use std::fmt;

/// An operation that was asked for, with everything it needs.
struct Invocation {
    #[expect(dead_code, reason = "the operations that come next read the store")]
    node: Node,
    #[expect(dead_code, reason = "the operations that come next read the store")]
    context: Context,
    #[expect(dead_code, reason = "the operations that come next read the store")]
    scope: Scope,
    #[expect(dead_code, reason = "the operations that come next have parameters")]
    input: Input,
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
pub async fn run(
    node: &Node,
    context: &Context,
    request: OperationRequest,
) -> Result<OperationResponse, Error> {
    let name = request.name.strip_prefix('$').unwrap_or(&request.name);
    let scope = Scope::of(&request)?;
    let definition = registry::find(name, &scope)?;
    if request.read_only && definition.affects_state {
        return Err(Error::new(Code::MethodNotAllowed, format!("${name} may change something: send a POST")));
    }
    let input = Input::read(definition, &request.parameters, request.body, &node.inner.options.json)?;
    let invocation = Invocation { node: node.clone(), context: context.clone(), scope, input };
    let body = (definition.run)(invocation).await?;
    Ok(OperationResponse { body, affects_state: definition.affects_state })
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
