//! Why a bundle cannot be carried out.

/// Names the element to change in its message and in [`Error::path`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{path}: a Bundle is expected here, found {found}")]
    NotABundle { path: String, found: String },
    #[error("Bundle.type: only 'transaction' and 'batch' can be carried out, found {found}")]
    UnsupportedType { found: String },
    #[error("Bundle.entry: {entries} entries are more than the {max} allowed; send several bundles")]
    TooManyEntries { entries: usize, max: usize },
    #[error("{path}: {what} is missing")]
    Missing { path: String, what: &'static str },
    #[error("{path}: {what} is expected here")]
    WrongShape { path: String, what: &'static str },
    #[error("{path}: {method:?} is not a method; use GET, HEAD, POST, PUT, PATCH or DELETE")]
    UnknownMethod { path: String, method: String },
    #[error("Bundle.entry[{second}].fullUrl: Bundle.entry[{first}] has the same fullUrl '{full_url}'")]
    SameFullUrl { full_url: String, first: usize, second: usize },
    #[error(
        "Bundle.entry[{second}].request: Bundle.entry[{first}] changes {identity} as well; a transaction may change a \
         resource once"
    )]
    SameResource { identity: String, first: usize, second: usize },
    #[error("{path}: no entry has the fullUrl '{reference}'; add it or refer to a stored resource")]
    Dangling { path: String, reference: String },
}

impl Error {
    /// The element the error is about, such as `Bundle.entry[3].request`.
    pub fn path(&self) -> String {
        match self {
            Error::UnsupportedType { .. } => "Bundle.type".into(),
            Error::TooManyEntries { .. } => "Bundle.entry".into(),
            Error::SameFullUrl { second, .. } => format!("Bundle.entry[{second}].fullUrl"),
            Error::SameResource { second, .. } => format!("Bundle.entry[{second}].request"),
            Error::NotABundle { path, .. }
            | Error::Missing { path, .. }
            | Error::WrongShape { path, .. }
            | Error::UnknownMethod { path, .. }
            | Error::Dangling { path, .. } => path.clone(),
        }
    }
}
