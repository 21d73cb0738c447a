//! Where in the document something stands, in FHIRPath's notation: `Patient.name[0].given[1]`.

use super::{
    string,
    tape::{Entry, NO_PARENT, Tag},
};
use std::fmt::Write;

/// The path of the value at `index` of a complete tape.
pub(super) fn of(text: &str, tape: &[Entry], index: u32) -> String {
    let mut path = root(text, tape);
    let mut at = 0;
    while at != index {
        at = step(text, tape, at, index, &mut path);
    }
    path
}

/// One level down: appends the child of `container` that is or holds `index`, and returns it.
fn step(text: &str, tape: &[Entry], container: u32, index: u32, path: &mut String) -> u32 {
    let object = tape[container as usize].tag == Tag::Object;
    let mut child = container + 1 + u32::from(object);
    let mut position = 0;
    while tape[child as usize].next <= index {
        child = tape[child as usize].next + u32::from(object);
        position += 1;
    }
    match object {
        true => push_key(text, &tape[child as usize - 1], path),
        false => push_position(position, path),
    }
    child
}

/// The path of the value about to be read when the parser gave up, with `open` the innermost open container.
pub(super) fn of_fault(text: &str, tape: &mut [Entry], open: u32) -> String {
    if tape.is_empty() || open == NO_PARENT {
        return String::new();
    }
    let object = tape[open as usize].tag == Tag::Object;
    let end = tape.len() as u32;
    let mut container = open;
    while container != NO_PARENT {
        container = std::mem::replace(&mut tape[container as usize].next, end);
    }
    let mut path = of(text, tape, open);
    match tape.last() {
        Some(last) if object && last.tag == Tag::Key => push_key(text, last, &mut path),
        _ if !object => push_position(children(tape, open), &mut path),
        _ => {}
    }
    path
}

fn children(tape: &[Entry], array: u32) -> usize {
    let mut at = array as usize + 1;
    let mut count = 0;
    while at < tape.len() {
        at = tape[at].next as usize;
        count += 1;
    }
    count
}

fn push_key(text: &str, key: &Entry, path: &mut String) {
    path.push('.');
    // A hostile key must not make a hostile message.
    path.extend(string::text_of(text, key).chars().take(64));
}

fn push_position(position: usize, path: &mut String) {
    write!(path, "[{position}]").expect("a String takes all");
}

/// The resource type, or `$` while it is not known.
fn root(text: &str, tape: &[Entry]) -> String {
    let mut at = 1;
    while at + 1 < tape.len() && tape[0].tag == Tag::Object {
        if string::text_of(text, &tape[at]) == "resourceType" && tape[at + 1].tag == Tag::String {
            return string::text_of(text, &tape[at + 1]).chars().take(64).collect();
        }
        at = tape[at + 1].next as usize;
    }
    "$".into()
}
