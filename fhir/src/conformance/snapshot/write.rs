//! The definition with its snapshot.

use super::tree::{self, Node};
use crate::json::{Document, Limits, write_string};

/// `definition` with the elements of `tree` as its snapshot, before the differential.
pub fn with_snapshot(definition: &Document, tree: &Node) -> Document {
    let mut out = vec![b'{'];
    let mut written = false;
    for (key, value) in definition.root().members().filter(|(key, _)| !key.is("snapshot")) {
        if key.is("differential") {
            write_snapshot(tree, &mut out);
            written = true;
        }
        separate(&mut out);
        write_string(&mut out, &key.as_str());
        out.push(b':');
        out.extend_from_slice(value.raw());
    }
    if !written {
        write_snapshot(tree, &mut out);
    }
    out.push(b'}');
    // Depth and size stay in bounds: a tree of bounded depth and number of elements, each part of a document.
    let limits = Limits { depth_max: 512, bytes_max: usize::MAX };
    Document::parse(out, &limits).expect("joined from well-formed parts")
}

fn write_snapshot(tree: &Node, out: &mut Vec<u8>) {
    separate(out);
    out.extend_from_slice(b"\"snapshot\":{\"element\":[");
    tree::write(tree, &tree.name, &tree.name, out);
    out.extend_from_slice(b"]}");
}

fn separate(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
}
