//! Why membership is not known.

use std::sync::Arc;

/// Why it cannot be told here whether a code is in a value set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    #[error("the code system '{0}' is not known here; load it to have its codes checked")]
    NotKnown(Arc<str>),
    #[error("the version of the code system '{0}' is not known here; load it to have its codes checked")]
    VersionNotKnown(Arc<str>),
    #[error(
        "the codes of the code system '{0}' are not in its resource; load the content to have them checked"
    )]
    NotPresent(Arc<str>),
    #[error("'{0}' is a supplement and has no codes of its own; name the code system it supplements, '{1}'")]
    Supplement(Arc<str>, Arc<str>),
    #[error("only a part of the code system '{0}' is known here; load the content to have its codes checked")]
    Fragment(Arc<str>),
    #[error("a filter on the code system '{0}' cannot be evaluated here")]
    Filter(Arc<str>),
    #[error("the value set was compiled with another version of the code system")]
    OtherVersion,
    #[error("the codes of the system follow a grammar and cannot be listed")]
    Grammar,
}
