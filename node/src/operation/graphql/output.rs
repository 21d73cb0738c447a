//! The data of an answer, in the order of the query. Primitives are as they are stored, digit by digit.

use fhir::json::write_string;

/// A value of the answer.
#[derive(Debug)]
pub enum Output {
    /// JSON of a primitive.
    Raw(Box<[u8]>),
    List(Vec<Output>),
    Object(Object),
}

/// Members in order, each name once.
#[derive(Debug, Default)]
pub struct Object(Vec<(String, Output)>);

/// How values become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// A list, also of one.
    pub is_list: bool,
    /// They join those that are there; else they are the same ones, of which more was selected.
    pub joins: bool,
}

/// Why a member cannot be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There are several values, and it is no list.
    Several,
    /// The object has [`MEMBERS_MAX`] already.
    Full,
}

/// Members of one object: only slices of long lists make more.
pub const MEMBERS_MAX: usize = 4096;

impl Output {
    /// A text.
    pub fn text(text: &str) -> Output {
        let mut raw = Vec::with_capacity(text.len() + 2);
        write_string(&mut raw, text);
        Output::Raw(raw.into())
    }

    /// A whole number.
    pub fn number(number: u64) -> Output {
        Output::Raw(number.to_string().into_bytes().into())
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Output::Raw(raw) => out.extend_from_slice(raw),
            Output::List(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Output::Object(object) => object.write(out),
        }
    }

    /// What was selected of the same thing a second time.
    fn merge(&mut self, other: Output) {
        match (self, other) {
            (Output::Object(own), Output::Object(other)) => {
                for (name, value) in other.0 {
                    match own.0.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => known.merge(value),
                        None => own.0.push((name, value)),
                    }
                }
            }
            (Output::List(own), Output::List(other)) => {
                own.iter_mut().zip(other).for_each(|(own, other)| own.merge(other));
            }
            _ => {}
        }
    }
}

impl Object {
    /// Puts values under that name; none put nothing.
    ///
    /// # Errors
    /// Where they do not fit; then nothing changes.
    pub fn put(&mut self, name: &str, mut values: Vec<Output>, manner: Manner) -> Result<(), Refused> {
        let known = self.0.iter().position(|(known, _)| known == name);
        let several = values.len() > 1 || known.is_some() && manner.joins;
        if !manner.is_list && several && !values.is_empty() {
            return Err(Refused::Several);
        }
        let value = match manner.is_list {
            _ if values.is_empty() => return Ok(()),
            true => Output::List(values),
            false => values.remove(0),
        };
        let Some(at) = known else {
            if self.0.len() == MEMBERS_MAX {
                return Err(Refused::Full);
            }
            self.0.push((name.to_owned(), value));
            return Ok(());
        };
        match (&mut self.0[at].1, value) {
            (Output::List(known), Output::List(more)) if manner.joins => known.extend(more),
            (known, same) => known.merge(same),
        }
        Ok(())
    }

    /// How many members there are.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// As JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
            value.write(out);
        }
        out.push(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(object: &Object) -> String {
        let mut out = vec![];
        object.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_join_or_are_the_same() {
        let one = |number| vec![Output::number(number)];
        let (list, joins) = (Manner { is_list: true, joins: false }, Manner { is_list: true, joins: true });
        let mut object = Object::default();
        object.put("a", one(1), Manner { is_list: false, joins: false }).unwrap();
        object.put("a", one(2), Manner { is_list: false, joins: false }).unwrap();
        object.put("b", one(1), joins).unwrap();
        object.put("b", one(2), joins).unwrap();
        object.put("c", vec![], list).unwrap();
        assert_eq!(text(&object), r#"{"a":1,"b":[1,2]}"#);
        let single = Manner { is_list: false, joins: true };
        assert_eq!(object.put("a", one(3), single), Err(Refused::Several));
        let two = vec![Output::number(1), Output::number(2)];
        assert_eq!(object.put("d", two, Manner { is_list: false, joins: false }), Err(Refused::Several));
        let inner = |name: &str| {
            let mut inner = Object::default();
            inner.put(name, one(1), list).unwrap();
            vec![Output::Object(inner)]
        };
        object.put("e", inner("x"), list).unwrap();
        object.put("e", inner("y"), list).unwrap();
        assert_eq!(text(&object), r#"{"a":1,"b":[1,2],"e":[{"x":[1],"y":[1]}]}"#);
    }
}
