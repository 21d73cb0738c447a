//! `If-Match` and `If-None-Match` of a write, as a header, a message or an entry of a bundle has them.

use crate::{compartment::IfMatch, draft};
use proto::{Code, Error};

/// What `If-None-Match` asks for: whether the resource must be new. Empty: it is not given.
///
/// # Errors
/// `BadRequest` for all but `*`.
pub(crate) fn must_be_new(if_none_match: &str) -> Result<bool, Error> {
    match if_none_match {
        "" => Ok(false),
        "*" => Ok(true),
        other => Err(Error::new(
            Code::BadRequest,
            format!("If-None-Match is '{other}'; on a write only '*' has a meaning"),
        )),
    }
}

/// What `If-Match` asks for. Empty: it is not given.
///
/// # Errors
/// `BadRequest` for what is neither `*` nor tags; `VersionConflict` for tags of versions that no resource here ever has.
pub(crate) fn if_match(text: &str) -> Result<IfMatch, Error> {
    if text.is_empty() {
        return Ok(IfMatch::Anything);
    }
    if text.trim() == "*" {
        return Ok(IfMatch::Existing);
    }
    let tags = tags(text).filter(|tags| !tags.is_empty()).ok_or_else(|| {
        let text =
            format!("If-Match is '{text}'; it takes '*', or versions such as W/\"3\" or W/\"2\", W/\"3\"");
        Error::new(Code::BadRequest, text)
    })?;
    let versions: Vec<u64> = tags.iter().filter_map(|tag| draft::version_id(tag)).collect();
    if versions.is_empty() {
        let text = format!(
            "If-Match names version '{}', and the versions of this server are numbers from 1; read the resource again and repeat the change",
            tags[0]
        );
        return Err(Error::new(Code::VersionConflict, text));
    }
    Ok(IfMatch::OneOf(versions.into()))
}

/// The tags of a list, without what marks them as such: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1>, which lets
/// members be empty. `None`: it is no such list.
fn tags(list: &str) -> Option<Vec<&str>> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return Some(tags);
        }
        let (tag, after) = first(rest)?;
        tags.push(tag);
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

/// The tag a text begins with, `W/"3"`, `"3"`, or the bare `3` that clients send, and what follows it.
fn first(text: &str) -> Option<(&str, &str)> {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    if let Some(quoted) = opaque.strip_prefix('"') {
        return quoted.split_once('"');
    }
    let (bare, after) = opaque.split_at(opaque.find([',', ' ', '\t']).unwrap_or(opaque.len()));
    (!bare.is_empty() && !bare.contains(['"', '*'])).then_some((bare, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_version_or_one_that_never_is() {
        for same in ["W/\"3\"", "\"3\"", "3", "W/3", " W/\"3\" "] {
            assert_eq!(if_match(same).unwrap(), IfMatch::version(3), "{same}");
        }
        for never in [
            "W/\"abc\"",
            "abc",
            "\"\"",
            "W/\"0\"",
            "03",
            "+3",
            "-1",
            "18446744073709551616",
            "\"a,b\"",
            "a, 0",
        ] {
            assert_eq!(if_match(never).unwrap_err().code, Code::VersionConflict, "{never}");
        }
        for bad in ["W/", "\"1", "1\"", "1 2", "\"1\"\"2\"", "*, \"1\"", "\"1\", *", "**", " ", ",", "1, \"2"]
        {
            assert_eq!(if_match(bad).unwrap_err().code, Code::BadRequest, "{bad}");
        }
        assert_eq!((if_match("").unwrap(), must_be_new("").unwrap()), (IfMatch::Anything, false));
        assert!(must_be_new("*").unwrap());
        assert_eq!(must_be_new("W/\"1\"").unwrap_err().code, Code::BadRequest);
    }

    #[test]
    fn a_star_and_lists() {
        assert_eq!(
            (if_match("*").unwrap(), if_match(" * ").unwrap()),
            (IfMatch::Existing, IfMatch::Existing)
        );
        let both = IfMatch::OneOf([1, 2].into());
        for list in ["W/\"1\", W/\"2\"", "\"1\",\"2\"", "1, 2", ", \"1\",, W/\"2\" ,", "\"x,y\", \"1\",\t2"] {
            assert_eq!(if_match(list).unwrap(), both, "{list}");
        }
    }
}
