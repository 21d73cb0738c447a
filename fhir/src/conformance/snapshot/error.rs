//! Why there is no snapshot.

/// What is wrong with a StructureDefinition or with what it builds on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{definition}: {field} is missing or no text")]
    Field { definition: String, field: &'static str },
    #[error("{definition}: there is neither a snapshot nor a differential")]
    Nothing { definition: String },
    #[error("{definition} builds on {base}, which is not known here")]
    UnknownBase { definition: String, base: String },
    #[error("{definition} builds on itself, by way of {way}")]
    Cycle { definition: String, way: String },
    #[error("{definition} builds on more than {max} definitions, one on the other")]
    TooManyBases { definition: String, max: usize },
    #[error("{definition}: the path {path:?} does not begin with {root:?}")]
    ForeignPath { definition: String, path: String, root: String },
    #[error("{definition}: {path:?} is deeper than {max} levels")]
    TooDeep { definition: String, path: String, max: usize },
    #[error("{definition}: more than {max} elements")]
    TooManyElements { definition: String, max: usize },
    #[error("{definition}: the base has no element {path:?}")]
    UnknownElement { definition: String, path: String },
    #[error("{definition}: {path:?} has elements below it in the differential, but none in its type")]
    NoChildren { definition: String, path: String },
    #[error("{definition}: {path:?} takes its content from {reference:?}, which is not there")]
    UnknownContent { definition: String, path: String, reference: String },
}
