//! What `If-Match` asks of the resource that is written: <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1>.

use proto::{Code, Error};
use std::{fmt, sync::Arc};

/// The condition of a write on what is current when it is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// None.
    #[default]
    Anything,
    /// `*`: the resource is there, whatever its version.
    Existing,
    /// One of these versions is current.
    OneOf(Arc<[u64]>),
}

/// As many versions as a refusal lists.
const NAMED_MAX: usize = 5;

impl IfMatch {
    /// This version alone.
    pub fn version(version: u64) -> IfMatch {
        IfMatch::OneOf([version].into())
    }

    /// Holds it against the newest version of the resource `name`, 0 where there never was one; `is_there`: that is no
    /// deletion.
    ///
    /// # Errors
    /// `VersionConflict` where it does not hold.
    pub fn check(&self, name: impl fmt::Display, version: u64, is_there: bool) -> Result<(), Error> {
        let asked = match self {
            IfMatch::Anything => return Ok(()),
            IfMatch::Existing if is_there => return Ok(()),
            IfMatch::OneOf(versions) if versions.contains(&version) => return Ok(()),
            IfMatch::Existing => format!("is '*', which asks for {name} to be there"),
            IfMatch::OneOf(versions) => format!("names {} of {name}", listed(versions)),
        };
        let found = match (version, is_there) {
            (0, _) => "it does not exist".to_owned(),
            (version, true) => format!("its current version is {version}"),
            (version, false) => format!("it was deleted by version {version}"),
        };
        let text = format!("If-Match {asked}, but {found}; read it again and repeat the change");
        Err(Error::new(Code::VersionConflict, text))
    }
}

fn listed(versions: &[u64]) -> String {
    let named: Vec<String> = versions.iter().take(NAMED_MAX).map(u64::to_string).collect();
    match versions {
        [one] => format!("version {one}"),
        all if all.len() > NAMED_MAX => format!("versions {} and others", named.join(", ")),
        _ => format!("versions {}", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_holds_for_what_it_names() {
        let list = IfMatch::OneOf([1, 3].into());
        for (condition, version, is_there, holds) in [
            (&IfMatch::Anything, 0, false, true),
            (&IfMatch::Existing, 3, true, true),
            (&IfMatch::Existing, 3, false, false),
            (&IfMatch::Existing, 0, false, false),
            (&IfMatch::version(3), 3, true, true),
            (&IfMatch::version(3), 4, true, false),
            (&IfMatch::version(1), 0, false, false),
            (&list, 1, true, true),
            (&list, 2, true, false),
            (&list, 3, true, true),
        ] {
            let checked = condition.check("Patient/a", version, is_there);
            assert_eq!(checked.is_ok(), holds, "{condition:?} {version} {is_there}: {checked:?}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_asked_and_what_there_is() {
        let text = |condition: IfMatch, version, is_there| {
            let error = condition.check("Patient/a", version, is_there).unwrap_err();
            assert_eq!(error.code, Code::VersionConflict);
            error.diagnostics().to_owned()
        };
        assert!(
            text(IfMatch::version(2), 3, true)
                .contains("version 2 of Patient/a, but its current version is 3")
        );
        assert!(
            text(IfMatch::OneOf([1, 2].into()), 0, false)
                .contains("versions 1, 2 of Patient/a, but it does not")
        );
        assert!(text(IfMatch::Existing, 4, false).contains("'*'"));
        let many: Vec<u64> = (1..1000).collect();
        assert!(text(IfMatch::OneOf(many.into()), 0, false).contains("1, 2, 3, 4, 5 and others"));
    }
}
