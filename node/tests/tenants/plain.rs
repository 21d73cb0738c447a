//! An answer without what differs between two servers that were asked the same: where they are, the ids that they give, what time it is.

use proto::id::AssignedId;
use serde_json::Value;

/// The ids that a server gave, in the order in which it told of them.
#[derive(Default)]
pub struct Given(Vec<String>);

impl Given {
    /// Takes in those that an answer has; of answers to writes alone, which tell of them in the order of what was asked.
    pub fn learn(&mut self, text: &str) {
        for id in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_given(word)) {
            if !self.0.iter().any(|known| known == id) {
                self.0.push(id.to_owned());
            }
        }
    }

    /// The last one that was given.
    pub fn last(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// One that was given, whatever it is called.
    pub fn of(&self, number: usize) -> &str {
        match self.0.len() {
            0 => "none",
            len => &self.0[number % len],
        }
    }

    fn plain(&self, text: &str) -> String {
        let mut plain = text.to_owned();
        for (number, id) in self.0.iter().enumerate() {
            plain = plain.replace(id.as_str(), &format!("given-{number}"));
        }
        plain
    }
}

fn is_given(word: &str) -> bool {
    AssignedId::parse(word).is_some()
}

/// A body in words that two servers have in common.
pub fn plain(body: &Value, bases: &[String], given: &Given) -> Value {
    let mut body = body.clone();
    strip(&mut body, &|text| {
        let mut text = text.to_owned();
        for base in bases {
            text = text.replace(base.as_str(), "BASE");
        }
        let text = given.plain(&text);
        match text.split_once("_cursor=") {
            Some((before, _)) => format!("{before}_cursor="),
            None => text,
        }
    });
    body
}

/// The entries of a Bundle in an order of their own: that of a search is by a hash of the tenant's number, too, and of what is as old
/// as something else it says nothing. What comes with matches comes with each page that has some of them.
pub fn in_any_order(body: &mut Value) {
    if let Some(entries) = body.get_mut("entry").and_then(Value::as_array_mut) {
        entries.sort_by_key(Value::to_string);
        entries.dedup();
    }
}

const TIMES: [&str; 5] = ["lastUpdated", "lastModified", "timestamp", "date", "issued"];

fn strip(value: &mut Value, plain: &impl Fn(&str) -> String) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !TIMES.contains(&name.as_str()));
            members.values_mut().for_each(|member| strip(member, plain));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, plain)),
        Value::String(text) => *text = plain(text),
        _ => {}
    }
}
