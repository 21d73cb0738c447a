//! The items of a file, each as the write it asks for.

use super::{
    file::File,
    lines::{Line, Lines},
};
use client::{Write, api, content_key};
use std::{borrow::Cow, collections::BTreeSet, fs, io, path::PathBuf};

/// Where an item is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    /// From 1, in an NDJSON file.
    pub(super) line: Option<u64>,
}

pub(super) struct Item {
    pub(super) place: Place,
    pub(super) bytes: u64,
    /// What to send, or why it cannot be.
    pub(super) write: Result<Write, String>,
}

/// Gives every item of the file to `take` until that says stop; then the answer is false. `only`: no other places.
pub(super) fn read(
    file: &File,
    bytes_max: usize,
    only: Option<&BTreeSet<Place>>,
    take: &dyn Fn(Item) -> bool,
) -> bool {
    let broken = |line, reason: String| {
        let place = Place { file: file.path.clone(), line };
        take(Item { place, bytes: 0, write: Err(reason) })
    };
    if !file.ndjson {
        return match whole(file, bytes_max) {
            Ok(body) => take(item(Place { file: file.path.clone(), line: None }, body)),
            Err(reason) => broken(None, reason),
        };
    }
    let source = match fs::File::open(&file.path) {
        Ok(source) => source,
        Err(error) => return broken(None, error.to_string()),
    };
    let mut lines = Lines::new(io::BufReader::with_capacity(1 << 20, source), bytes_max);
    let mut number = 0;
    loop {
        number += 1;
        let place = Place { file: file.path.clone(), line: Some(number) };
        let line = match lines.next() {
            Ok(None) => return true,
            Ok(Some(line)) => line,
            Err(error) => return broken(Some(number), error.to_string()),
        };
        if only.is_some_and(|only| !only.contains(&place)) {
            continue;
        }
        let going = match line {
            Line::TooLong(length) => broken(Some(number), too_long(length, bytes_max)),
            Line::Whole(body) if body.trim_ascii().is_empty() => true,
            Line::Whole(body) => take(item(place, body)),
        };
        if !going {
            return false;
        }
    }
}

fn whole(file: &File, bytes_max: usize) -> Result<Vec<u8>, String> {
    if file.bytes > bytes_max as u64 {
        return Err(too_long(file.bytes, bytes_max));
    }
    fs::read(&file.path).map_err(|error| error.to_string())
}

fn too_long(length: u64, bytes_max: usize) -> String {
    format!("{length} bytes are more than the limit of {bytes_max}")
}

fn item(place: Place, body: Vec<u8>) -> Item {
    let bytes = body.len() as u64;
    // Equal lines without an id are different resources: the line number tells them apart. The file's name is not
    // part of the key, so a moved or renamed file is known again.
    let salt = place.line.unwrap_or(0);
    Item { write: write_of(body, salt), place, bytes }
}

/// What decides how a resource is sent.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    resource_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a serde_json::value::RawValue>,
}

fn write_of(body: Vec<u8>, salt: u64) -> Result<Write, String> {
    // Byte order marks are common in exported files, and no part of JSON.
    let trimmed = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body).trim_ascii();
    let head: Head<'_> = serde_json::from_slice(trimmed).map_err(|error| error.to_string())?;
    let resource_type = head.resource_type.ok_or("no resourceType: not a FHIR resource")?.into_owned();
    let kind = head.kind.map(|kind| kind.get().trim_matches('"').to_owned());
    let id = head.id.map(Cow::into_owned);
    let idempotency_key = content_key(trimmed, salt);
    let body = match trimmed.len() == body.len() {
        true => bytes::Bytes::from(body),
        false => bytes::Bytes::copy_from_slice(trimmed),
    };
    if resource_type == "Bundle" && matches!(kind.as_deref(), Some("transaction" | "batch")) {
        return Ok(Write::Transaction(api::TransactionRequest {
            bundle: body,
            idempotency_key,
            ..Default::default()
        }));
    }
    Ok(match id {
        Some(id) => Write::Update(api::UpdateRequest {
            resource_type,
            id,
            body,
            idempotency_key,
            ..Default::default()
        }),
        None => {
            Write::Create(api::CreateRequest { resource_type, body, idempotency_key, ..Default::default() })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn read_all(
        name: &str,
        content: &[u8],
        only: Option<BTreeSet<Place>>,
    ) -> Vec<(Option<u64>, Result<Write, String>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let items = RefCell::new(Vec::new());
        let took = |item: Item| {
            items.borrow_mut().push((item.place.line, item.write));
            true
        };
        assert!(read(&File::at(path), 1000, only.as_ref(), &took));
        items.into_inner()
    }

    #[test]
    fn each_kind_of_item() {
        let bundle = read_all(
            "a.json",
            b"\xEF\xBB\xBF {\"type\":\"transaction\",\"resourceType\":\"Bundle\"}\n",
            None,
        );
        assert!(matches!(&bundle[0].1, Ok(Write::Transaction(t)) if t.bundle.starts_with(b"{")));
        let collection = read_all("a.json", br#"{"resourceType":"Bundle","type":"collection"}"#, None);
        assert!(matches!(&collection[0].1, Ok(Write::Create(_))));
        // `type` is anything in other resources.
        let typed = read_all("a.json", br#"{"resourceType":"Group","type":[{"x":1}],"id":"g"}"#, None);
        assert!(matches!(&typed[0].1, Ok(Write::Update(u)) if u.id == "g" && u.resource_type == "Group"));
        assert!(read_all("a.json", b"{}", None)[0].1.is_err());
        assert!(read_all("a.json", &[b' '; 1001], None)[0].1.is_err());
    }

    #[test]
    fn a_broken_line_stops_nothing() {
        let text = b"{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{broken\n\n{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}";
        let items = read_all("a.ndjson", text, None);
        let lines: Vec<_> = items.iter().map(|(line, write)| (line.unwrap(), write.is_ok())).collect();
        assert_eq!(lines, [(1, true), (2, false), (4, true), (5, true)]);
        let key = |n: usize| match &items[n].1 {
            Ok(Write::Create(create)) => create.idempotency_key.clone(),
            other => panic!("{other:?}"),
        };
        assert_ne!(key(2), key(3), "equal lines are two resources");
        let again = read_all("renamed.ndjson", text, None);
        assert!(again == items, "a second run sends the same keys");
    }
}
