//! Elements that people read: those of type `string` and `markdown`, and narratives, also of resources inside a resource. What names
//! something is left out: an identifier is asked for by `identifier`, a reference by its parameter.

use super::gather::Gatherer;
use super::markup;
use crate::definitions::names::{self, NameId};
use crate::definitions::{TypeId, TypeKind};
use crate::json::{Kind, Node};
use std::sync::{LazyLock, OnceLock};

const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");

/// Texts that nobody reads.
const LEFT_OUT: [(&str, &str); 5] = [
    ("Resource", "id"),
    ("Element", "id"),
    ("Reference", "reference"),
    ("Identifier", "value"),
    ("SampledData", "data"),
];

/// What is to be done with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Text,
    Markup,
    /// It has elements.
    Of(TypeId),
    /// A resource of whatever type.
    Resource,
}

/// The members of a type that lead to texts, in the order of names.
type Table = Vec<(NameId, Member)>;

/// By type, made when the first value of it comes.
static TABLES: LazyLock<Vec<OnceLock<Table>>> =
    LazyLock::new(|| TypeId::all().map(|_| OnceLock::new()).collect());

/// Adds the texts of a value of a type, without those of one of its members.
pub(super) fn texts(value: Node<'_>, of: TypeId, left_out: Option<NameId>, gatherer: &mut Gatherer) {
    let table = TABLES[of.index()].get_or_init(|| table(of));
    for (key, child) in value.members() {
        let name = key.name_id();
        if let Ok(at) = table.binary_search_by_key(&name, |(name, _)| *name)
            && Some(name) != left_out
        {
            each(child, table[at].1, gatherer);
        }
    }
}

fn each(value: Node<'_>, member: Member, gatherer: &mut Gatherer) {
    match value.kind() {
        Kind::Array => value
            .items()
            .filter(|item| item.kind() != Kind::Array)
            .for_each(|item| one(item, member, gatherer)),
        _ => one(value, member, gatherer),
    }
}

/// The documents' depth limit bounds the recursion.
fn one(value: Node<'_>, member: Member, gatherer: &mut Gatherer) {
    match member {
        Member::Of(id) => texts(value, id, None, gatherer),
        Member::Resource => {
            let name = value.get_name(RESOURCE_TYPE).and_then(Node::as_str);
            if let Some(id) = name.and_then(|name| TypeId::from_path(&name)) {
                texts(value, id, None, gatherer);
            }
        }
        Member::Text | Member::Markup => {
            let Some(text) = value.as_str() else { return };
            match member {
                Member::Text => gatherer.add(&text),
                _ => markup::blocks(&text, |block| gatherer.add(block)),
            }
        }
    }
}

fn table(of: TypeId) -> Table {
    let mut table = Table::new();
    for owner in of.lineage() {
        for element in &owner.definition().elements {
            if LEFT_OUT.contains(&(owner.path(), element.name)) {
                continue;
            }
            for (choice, one) in element.types.iter().enumerate() {
                if let Some(member) = member(one.id) {
                    table.push((element.json_name(choice), member));
                }
                if !element.choice {
                    break;
                }
            }
        }
    }
    table.sort_unstable_by_key(|(name, _)| *name);
    table.dedup_by_key(|(name, _)| *name);
    table
}

fn member(of: TypeId) -> Option<Member> {
    Some(match (of.path(), of.definition().kind) {
        ("string" | "markdown", _) => Member::Text,
        ("xhtml", _) => Member::Markup,
        ("Resource", _) => Member::Resource,
        (_, TypeKind::Primitive) => return None,
        _ => Member::Of(of),
    })
}
