//! Bodies as they came, byte for byte: what a parsed number or string no longer shows.

use bytes::Bytes;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The bytes of an answer, by the JSON pointer of where they stand in it: the whole body on REST, one resource or each
/// entry's on gRPC.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw(Vec<(String, Bytes)>);

impl Raw {
    /// The whole of an answer.
    pub(super) fn whole(body: Bytes) -> Raw {
        Raw(vec![(String::new(), body)])
    }

    /// The resources of a bundle's entries, in order; an empty one has none.
    pub(super) fn entries<'b>(bodies: impl Iterator<Item = &'b Bytes>) -> Raw {
        let entries = bodies.enumerate().filter(|(_, body)| !body.is_empty());
        Raw(entries.map(|(index, body)| (format!("/entry/{index}/resource"), body.clone())).collect())
    }

    /// The text of the value there, without the white space around it; `None` where nothing is, or no JSON.
    pub(super) fn at(&self, pointer: &str) -> Option<&str> {
        let rest =
            |place: &str| pointer.strip_prefix(place).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let (rest, body) = self.0.iter().find_map(|(place, body)| Some((rest(place)?, body)))?;
        walk(std::str::from_utf8(body).ok()?, rest)
    }
}

fn walk<'t>(text: &'t str, pointer: &str) -> Option<&'t str> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match value.get().as_bytes().first()? {
            b'{' => *serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()).ok()?.get(&token)?,
            b'[' => *serde_json::from_str::<Vec<&RawValue>>(value.get())
                .ok()?
                .get(token.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_value_is_as_it_came() {
        let raw = Raw::whole(Bytes::from_static(br#" {"a~/b" : [ 1.50, {"c":"\u00e9"} ] } "#));
        assert_eq!(raw.at("/a~0~1b/0"), Some("1.50"));
        assert_eq!(raw.at("/a~0~1b/1/c"), Some(r#""\u00e9""#));
        assert_eq!(raw.at("/a~0~1b"), Some(r#"[ 1.50, {"c":"\u00e9"} ]"#));
        for nothing in ["/x", "/a~0~1b/2", "/a~0~1b/0/y"] {
            assert_eq!(raw.at(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn entries_stand_where_rest_has_them() {
        let bodies = [Bytes::from_static(b"{\"a\":1.0}"), Bytes::new(), Bytes::from_static(b"2e0")];
        let raw = Raw::entries(bodies.iter());
        assert_eq!(raw.at("/entry/0/resource/a"), Some("1.0"));
        assert_eq!(raw.at("/entry/2/resource"), Some("2e0"));
        assert_eq!(raw.at("/entry/1/resource"), None);
        assert_eq!(raw.at("/entry/20/resource"), None);
    }
}
