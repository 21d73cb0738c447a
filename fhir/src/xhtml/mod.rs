//! The XHTML of a narrative (<https://hl7.org/fhir/R4/narrative.html>): basic formatting, tables, links and images; no scripts,
//! no events, no forms, nothing from outside.
//!
//! One pass over the text. Beside the stack of open elements (bounded) nothing is allocated.

mod names;
mod scan;

pub(super) use scan::is_character;
use scan::{Attribute, Piece, Scanner};

/// Open elements at one moment.
const DEPTH_MAX: usize = 128;

/// Checks the text of `Narrative.div`: one well-formed `div` in the XHTML namespace (invariant txt-1), and tells whether it
/// holds something to read, that is text or an image (txt-2).
///
/// Errors: what is wrong, as a sentence without a full stop.
pub fn check(text: &str) -> Result<bool, String> {
    let mut open: Vec<&str> = Vec::new();
    let (mut seen_root, mut content) = (false, false);
    let mut scanner = Scanner::new(text.trim());
    while let Some(piece) = scanner.next()? {
        match piece {
            Piece::Start { name, attributes, closed } => {
                check_start(name, &attributes, seen_root, open.len())?;
                seen_root = true;
                content |= name == "img";
                if !closed {
                    open.push(name);
                }
            }
            Piece::End(name) => match open.pop() {
                Some(start) if start == name => {}
                Some(start) => return Err(format!("<{start}> is closed by </{name}>")),
                None => return Err(format!("</{name}> closes nothing")),
            },
            Piece::Text(text) if open.is_empty() && !text.trim().is_empty() => {
                return Err("text outside of the div".into());
            }
            Piece::Text(text) => content |= !text.trim().is_empty(),
        }
    }
    match open.last() {
        Some(name) => Err(format!("<{name}> is never closed")),
        None if !seen_root => {
            Err("XHTML, beginning with <div xmlns=\"http://www.w3.org/1999/xhtml\">".into())
        }
        None => Ok(content),
    }
}

fn check_start(
    name: &str,
    attributes: &[Attribute<'_>],
    seen_root: bool,
    depth: usize,
) -> Result<(), String> {
    if depth >= DEPTH_MAX {
        return Err(format!("XHTML nested no deeper than {DEPTH_MAX} elements"));
    }
    if depth == 0 {
        check_root(name, attributes, seen_root)?;
    } else if !names::is_element(name) {
        return Err(format!("<{name}> is not allowed in a narrative"));
    }
    for (at, attribute) in attributes.iter().enumerate() {
        if attributes[..at].iter().any(|other| other.name == attribute.name) {
            return Err(format!("the attribute '{}' stands twice on <{name}>", attribute.name));
        }
        check_attribute(name, attribute)?;
    }
    Ok(())
}

fn check_root(name: &str, attributes: &[Attribute<'_>], seen_root: bool) -> Result<(), String> {
    const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";
    if seen_root {
        return Err("one div only".into());
    }
    let names_it = |attribute: &Attribute<'_>| attribute.name == "xmlns" && attribute.value == NAMESPACE;
    match name == "div" && attributes.iter().any(names_it) {
        true => Ok(()),
        false => Err(format!("<{name}> is not <div xmlns=\"{NAMESPACE}\">")),
    }
}

fn check_attribute(element: &str, attribute: &Attribute<'_>) -> Result<(), String> {
    let Attribute { name, value } = *attribute;
    if !names::is_attribute(name) {
        return Err(format!("the attribute '{name}' of <{element}> is not allowed in a narrative"));
    }
    let scheme: String =
        value.chars().filter(|letter| !letter.is_whitespace() && !letter.is_control()).take(11).collect();
    if matches!(name, "href" | "src") && scheme.eq_ignore_ascii_case("javascript:") {
        return Err(format!("the attribute '{name}' of <{element}> is a script"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    fn div(content: &str) -> Result<bool, String> {
        check(&format!(r#"<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>"#))
    }

    #[test]
    fn what_a_narrative_may_hold() {
        for content in [
            "a",
            "<p>a &amp; b &#169; &#xA9;</p>",
            "<p title=']]>'>a]] > b ]]&gt;</p>",
            r#"<table class="grid"><tr><td colspan='2' style="x">a</td></tr></table>"#,
            r##"<a href="#a">x</a><br/><!-- a -- comment -->"##,
            r#"<img src="a.png" alt="a"/>"#,
        ] {
            // A comment may not hold two hyphens, but nobody is hurt by them.
            assert_eq!(div(content), Ok(true), "{content}");
        }
        for empty in ["", "  ", "<p>\n</p><br/>"] {
            assert_eq!(div(empty), Ok(false), "{empty:?}");
        }
    }

    #[test]
    fn what_it_may_not_hold() {
        for content in [
            "<script>a</script>",
            "<p onclick=\"a\">x</p>",
            "<a href=\" java\nscript:a\">x</a>",
            "<p>a",
            "<p>a</b></p>",
            "<form>a</form>",
            "<p a>x</p>",
            "<p class=x>x</p>",
            "<p class=\"a\" class=\"b\">x</p>",
            "&nbsp;",
            "a & b",
            "a < b",
            "a ]]> b",
            "<p>]]></p>",
            "&#xFFFE;",
            "&#0;",
            "<!DOCTYPE x>a",
            "<?php a ?>",
            "<![CDATA[a]]>",
            "<p title=\"<\">a</p>",
        ] {
            assert!(div(content).is_err(), "{content}");
        }
        for text in
            ["", "a", "<p>a</p>", "<div>a</div>", "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>b"]
        {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(div(&"<b>".repeat(100_000)).is_err());
    }
}
