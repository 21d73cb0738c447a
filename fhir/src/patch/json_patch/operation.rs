//! One operation: <https://www.rfc-editor.org/rfc/rfc6902#section-4>.

use super::{
    super::{
        error::{ErrorKind, shown},
        limits::Budget,
        value::{Value, position, set},
    },
    equal::equal,
    pointer::{self, Pointer},
};
use crate::json::{Document, Kind, Node};
use std::borrow::Cow;

/// What to do, and where.
#[derive(Debug)]
pub struct Operation<'d> {
    action: Action<'d>,
    path: Pointer,
}

#[derive(Debug)]
enum Action<'d> {
    Add(Node<'d>),
    Remove,
    Replace(Node<'d>),
    Move(Pointer),
    Copy(Pointer),
    Test(Node<'d>),
}

const KNOWN: &str = "add, remove, replace, move, copy and test";

impl<'d> Operation<'d> {
    /// Reads one item of the patch; members the RFC does not know are ignored, as it asks.
    pub fn read(node: Node<'d>) -> Result<Self, ErrorKind> {
        if node.kind() != Kind::Object {
            return Err(ErrorKind::NotAPatch("an operation is a JSON object"));
        }
        let value = || node.get("value").ok_or(ErrorKind::Missing("value"));
        let path = Pointer::parse(&text(node, "path")?)?;
        let action = match &*text(node, "op")? {
            "add" => Action::Add(value()?),
            "remove" => Action::Remove,
            "replace" => Action::Replace(value()?),
            "move" => Action::Move(Pointer::parse(&text(node, "from")?)?),
            "copy" => Action::Copy(Pointer::parse(&text(node, "from")?)?),
            "test" => Action::Test(value()?),
            other => return Err(ErrorKind::UnknownOperation { found: shown(other), known: KNOWN }),
        };
        Ok(Operation { action, path })
    }

    /// For messages: `replace /name/0`.
    pub fn label(&self) -> String {
        let name = match &self.action {
            Action::Add(_) => "add",
            Action::Remove => "remove",
            Action::Replace(_) => "replace",
            Action::Move(from) => return format!("move {from} to {}", self.path),
            Action::Copy(from) => return format!("copy {from} to {}", self.path),
            Action::Test(_) => "test",
        };
        format!("{name} {}", self.path)
    }

    /// Does it to `root`; a failed operation may leave `root` half changed.
    pub fn apply(&self, root: &mut Value<'d>, budget: &mut Budget<'_>) -> Result<(), ErrorKind> {
        match &self.action {
            Action::Add(value) => add(root, &self.path, Value::Kept(*value), budget),
            Action::Remove => remove(root, &self.path, budget).map(|_| ()),
            Action::Replace(value) => {
                budget.put(Value::Kept(*value).size(), self.path.tokens().len())?;
                *find(root, self.path.tokens(), budget)? = Value::Kept(*value);
                Ok(())
            }
            Action::Move(from) if self.path == *from => find(root, from.tokens(), budget).map(|_| ()),
            Action::Move(from) if self.path.starts_with(from) => Err(ErrorKind::IntoItself),
            Action::Move(from) => {
                let value = remove(root, from, budget)?;
                add(root, &self.path, value, budget)
            }
            Action::Copy(from) => {
                let source = find(root, from.tokens(), budget)?;
                // Paid for before the copy is made.
                budget.put(source.size(), self.path.tokens().len())?;
                let value = source.clone();
                add(root, &self.path, value, budget)
            }
            Action::Test(expected) => test(find(root, self.path.tokens(), budget)?, *expected, budget),
        }
    }
}

fn text<'d>(node: Node<'d>, member: &'static str) -> Result<Cow<'d, str>, ErrorKind> {
    let value = node.get(member).ok_or(ErrorKind::Missing(member))?;
    value.as_str().ok_or(ErrorKind::WrongType { member, expected: "a string" })
}

/// The value that `tokens` lead to, everything on the way taken apart.
fn find<'v, 'd>(
    root: &'v mut Value<'d>,
    tokens: &[String],
    budget: &mut Budget<'_>,
) -> Result<&'v mut Value<'d>, ErrorKind> {
    let mut at = root;
    for (level, token) in tokens.iter().enumerate() {
        at.open(budget)?;
        let child = match at {
            Value::Object(members) => position(members, token, budget)?
                .and_then(|found| members.get_mut(found))
                .map(|(_, value)| value),
            Value::Array(items) => pointer::index(token).and_then(|index| items.get_mut(index)),
            _ => None,
        };
        at = child.ok_or_else(|| not_found(&tokens[..=level]))?;
    }
    Ok(at)
}

fn not_found(tokens: &[String]) -> ErrorKind {
    ErrorKind::NotFound(shown(&pointer::text(tokens)))
}

fn add<'d>(
    root: &mut Value<'d>,
    path: &Pointer,
    value: Value<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    budget.put(value.size(), path.tokens().len())?;
    let Some((parent, last)) = path.split_last() else {
        *root = value;
        return Ok(());
    };
    let parent = find(root, parent, budget)?;
    parent.open(budget)?;
    match parent {
        Value::Object(members) => set(members, Cow::Owned(last.to_owned()), value, budget),
        Value::Array(items) if last == "-" => {
            items.push(value);
            Ok(())
        }
        Value::Array(items) => match pointer::index(last) {
            Some(index) if index <= items.len() => {
                budget.spend(items.len() - index)?;
                items.insert(index, value);
                Ok(())
            }
            _ => Err(not_found(path.tokens())),
        },
        _ => Err(not_found(path.tokens())),
    }
}

fn remove<'d>(root: &mut Value<'d>, path: &Pointer, budget: &mut Budget<'_>) -> Result<Value<'d>, ErrorKind> {
    let Some((parent, last)) = path.split_last() else { return Err(ErrorKind::NotAResource) };
    let parent = find(root, parent, budget)?;
    parent.open(budget)?;
    match parent {
        Value::Object(members) => {
            if let Some(at) = position(members, last, budget)? {
                budget.spend(members.len() - at)?;
                return Ok(members.remove(at).1);
            }
        }
        Value::Array(items) => {
            if let Some(index) = pointer::index(last).filter(|index| *index < items.len()) {
                budget.spend(items.len() - index)?;
                return Ok(items.remove(index));
            }
        }
        _ => {}
    }
    Err(not_found(path.tokens()))
}

fn test(found: &Value<'_>, expected: Node<'_>, budget: &mut Budget<'_>) -> Result<(), ErrorKind> {
    let size = found.size();
    budget.spend(size.values)?;
    budget.scan(size.bytes + expected.raw().len())?;
    let same = match found {
        Value::Kept(node) => equal(*node, expected, budget)?,
        // What is under edit is compared as it would be written.
        edited => {
            let mut text = Vec::with_capacity(size.bytes);
            edited.write(&mut text);
            let unbounded = crate::json::Limits { depth_max: usize::MAX, bytes_max: usize::MAX };
            let edited = Document::parse(text, &unbounded).map_err(ErrorKind::NotJson)?;
            equal(edited.root(), expected, budget)?
        }
    };
    if same { Ok(()) } else { Err(ErrorKind::TestFailed) }
}
