//! Transactions over several patients.

use super::{
    ACCOUNTS, Shared, Worker,
    entry::{patch_entry, request, transaction},
    sending::write_of,
    single::body,
};
use crate::chaos::{
    content::{Content, Patch},
    record::{Change, Name, Write, kind_of},
};
use serde_json::{Value, json};

/// One entry, and the write that it is.
pub(super) struct Part {
    pub(super) of: Name,
    pub(super) change: Change,
    pub(super) if_match: Option<u64>,
}

impl Worker {
    /// All or nothing, in the name `op`.
    pub(super) async fn bundle(&mut self, op: &str, parts: Vec<Part>) {
        let (mut entries, mut writes) = (Vec::new(), Vec::new());
        for (place, Part { of, change, if_match }) in parts.into_iter().enumerate() {
            entries.push(match &change {
                Change::Put(content) => {
                    let resource = serde_json::from_str::<Value>(&body(content, &of)).unwrap_or_default();
                    json!({"resource": resource, "request": request("PUT", &of, if_match)})
                }
                Change::Patch(patch) => patch_entry(&of, &patch.body(kind_of(&of), op), if_match),
                Change::Delete => json!({"request": request("DELETE", &of, if_match)}),
            });
            writes.push((place, Write { if_match, bundled: true, ..write_of(op, &of, change) }));
        }
        let key = self.maybe_key(op);
        self.write_bundle(transaction(&entries), writes, key).await;
    }

    /// Two or three of the resources that all write.
    pub(super) async fn transaction(&mut self) {
        let (op, size) = (self.op(), 2 + self.random.below(2) as usize);
        let mut names: Vec<Name> = Vec::new();
        while names.len() < size {
            let of = self.any();
            if !names.contains(&of) {
                names.push(of);
            }
        }
        let mut parts = Vec::new();
        for of in names {
            let change = match self.random.below(10) {
                0 => Change::Delete,
                1..=3 => Change::Patch(Patch::default()),
                _ => Change::Put(self.content(&op, &of)),
            };
            parts.push(Part { of, change, if_match: None });
        }
        self.bundle(&op, parts).await;
    }

    /// From one account to others, whose sum stays.
    pub(super) async fn transfer(&mut self) {
        let kind = self.random.pick(&["Patient", "Observation"]);
        let (first, size) = (self.random.number() % ACCOUNTS, 2 + self.random.below(2));
        let mut found = Vec::new();
        for n in 0..size {
            let of = self.shared.account(kind, first + n);
            let Some((version, content)) = self.read(&of).await else { return };
            found.push((of, version, content));
        }
        let (op, amount) = (self.op(), self.random.between(1, 20));
        let mut parts = Vec::new();
        for (place, (of, version, before)) in found.into_iter().enumerate() {
            let change = if place == 0 { -amount * (size as i64 - 1) } else { amount };
            let value = before.value.map(|value| value + change);
            let content = Content { op: op.clone(), trail: vec![op.clone()], value, ..before };
            parts.push(Part { of, change: Change::Put(content), if_match: Some(version) });
        }
        self.bundle(&op, parts).await;
    }

    /// Two patients that always bear the name of the same transaction.
    pub(super) async fn pair(&mut self) {
        let op = self.op();
        let mut parts: Vec<_> = Shared::pair()
            .into_iter()
            .map(|of| {
                let group = Some("pair".to_owned());
                let change = match self.random.chance(250) {
                    true => Change::Patch(Patch::default()),
                    false => Change::Put(Content { group, ..Content::new(&op, &of) }),
                };
                Part { of, change, if_match: None }
            })
            .collect();
        if self.random.chance(500) {
            parts.reverse();
        }
        self.bundle(&op, parts).await;
    }
}
