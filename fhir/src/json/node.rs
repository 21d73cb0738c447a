//! Cursors on a document.

use super::{
    document::Document,
    path, string,
    tape::{Entry, Tag},
};
use crate::names::{self, NameId};
use std::{borrow::Cow, fmt, ops::Range};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// One value of a document. Cheap to copy; two nodes are compared with [`equal`](super::equal).
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    index: u32,
}

impl Document {
    /// The outermost value.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, index: 0 }
    }

    /// The value with that [`Node::index`]; `None` if there is none.
    pub fn node(&self, index: u32) -> Option<Node<'_>> {
        let entry = self.tape().get(index as usize)?;
        (entry.tag != Tag::Key).then_some(Node { document: self, index })
    }
}

impl<'d> Node<'d> {
    #[inline]
    fn entry(self) -> &'d Entry {
        &self.document.tape()[self.index as usize]
    }

    /// What the value is.
    #[inline]
    pub fn kind(self) -> Kind {
        match self.entry().tag {
            Tag::Null => Kind::Null,
            Tag::True | Tag::False => Kind::Bool,
            Tag::Number => Kind::Number,
            // A node is never made of a key.
            Tag::String | Tag::Key => Kind::String,
            Tag::Array => Kind::Array,
            Tag::Object => Kind::Object,
        }
    }

    /// The member of that name; `None` also if this is no object. Walks the members: iterate once with
    /// [`members`](Self::members) when several are wanted.
    pub fn get(self, name: &str) -> Option<Node<'d>> {
        match names::lookup(name.as_bytes()) {
            NameId::UNKNOWN => self.members().find(|(key, _)| key.is(name)).map(|(_, value)| value),
            known => self.get_name(known),
        }
    }

    /// The member of that interned name. `NameId::UNKNOWN` finds nothing.
    pub fn get_name(self, name: NameId) -> Option<Node<'d>> {
        if name == NameId::UNKNOWN {
            return None;
        }
        self.members().find(|(key, _)| key.name_id() == name).map(|(_, value)| value)
    }

    /// The members in document order; none if this is no object.
    #[inline]
    pub fn members(self) -> Members<'d> {
        Members { document: self.document, at: self.index + 1, end: self.end_of(Tag::Object) }
    }

    /// The items in document order; none if this is no array.
    #[inline]
    pub fn items(self) -> Items<'d> {
        Items { document: self.document, at: self.index + 1, end: self.end_of(Tag::Array) }
    }

    /// Where the children end if this is a container of that sort, else where they begin.
    #[inline]
    fn end_of(self, tag: Tag) -> u32 {
        let entry = self.entry();
        if entry.tag == tag { entry.next } else { self.index + 1 }
    }

    /// Whether this is an array or object without children.
    pub fn is_empty(self) -> bool {
        let entry = self.entry();
        matches!(entry.tag, Tag::Array | Tag::Object) && entry.next == self.index + 1
    }

    /// The text of a string, escapes resolved; borrowed unless there were any.
    #[inline]
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let entry = self.entry();
        (entry.tag == Tag::String).then(|| string::text_of(self.document.text(), entry))
    }

    /// The digits of a number as they were written.
    #[inline]
    pub fn number_text(self) -> Option<&'d str> {
        (self.entry().tag == Tag::Number).then(|| &self.document.text()[self.span()])
    }

    /// The value of `true` or `false`.
    #[inline]
    pub fn as_bool(self) -> Option<bool> {
        match self.entry().tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The bytes the value was read from, quotes and brackets included, nothing around it.
    #[inline]
    pub fn raw(self) -> &'d [u8] {
        &self.document.text().as_bytes()[self.span()]
    }

    /// Where [`raw`](Self::raw) lies in the document's source.
    #[inline]
    pub fn span(self) -> Range<usize> {
        let entry = self.entry();
        entry.start as usize..entry.end as usize
    }

    /// The value's place in its document: [`Document::node`] finds it again, for who keeps the document.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Whether the value with that [`index`](Self::index) is this one, or in it.
    #[inline]
    pub fn holds(self, index: u32) -> bool {
        (self.index..self.entry().next).contains(&index)
    }

    /// The document this is a part of.
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// The element's path from the root, such as `Bundle.entry[3].request`. For messages: it walks down from the root.
    pub fn path(self) -> String {
        path::of(self.document.text(), self.document.tape(), self.index)
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.document.text()[self.span()])
    }
}

/// The name of a member.
#[derive(Clone, Copy)]
pub struct Key<'d> {
    document: &'d Document,
    entry: &'d Entry,
}

impl<'d> Key<'d> {
    /// The name, escapes resolved.
    #[inline]
    pub fn as_str(self) -> Cow<'d, str> {
        string::text_of(self.document.text(), self.entry)
    }

    /// The interned name; `NameId::UNKNOWN` for a name FHIR R4 does not have.
    #[inline]
    pub fn name_id(self) -> NameId {
        self.entry.name
    }

    /// Whether the name is `text`.
    pub fn is(self, text: &str) -> bool {
        self.as_str() == text
    }

    /// Whether both are the same name.
    pub fn same_name(self, other: Key<'_>) -> bool {
        let known = self.entry.name != NameId::UNKNOWN;
        self.entry.name == other.entry.name && (known || self.as_str() == other.as_str())
    }

    /// Where the key lies in the source, quotes included.
    pub fn span(self) -> Range<usize> {
        self.entry.start as usize..self.entry.end as usize
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Iterator of [`Node::members`].
#[derive(Clone)]
pub struct Members<'d> {
    document: &'d Document,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = (Key<'d>, Node<'d>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.end {
            return None;
        }
        let tape = self.document.tape();
        let key = Key { document: self.document, entry: &tape[self.at as usize] };
        let value = Node { document: self.document, index: self.at + 1 };
        self.at = tape[self.at as usize + 1].next;
        Some((key, value))
    }
}

/// Iterator of [`Node::items`].
#[derive(Clone)]
pub struct Items<'d> {
    document: &'d Document,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.end {
            return None;
        }
        let item = Node { document: self.document, index: self.at };
        self.at = self.document.tape()[self.at as usize].next;
        Some(item)
    }
}
