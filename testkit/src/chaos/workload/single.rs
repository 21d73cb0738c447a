//! Writes of one resource.

use super::{SUM, Worker, sending::write_of};
use crate::chaos::{
    content::{Content, KEY, Patch},
    record::{Change, Name, Write, kind_of},
    wire::{Call, Target},
};

impl Worker {
    /// A new content of a resource, of the patient that it belongs to.
    pub(super) fn content(&mut self, op: &str, of: &str) -> Content {
        let subject = (kind_of(of) == "Observation").then(|| self.home(of));
        Content { subject, ..Content::new(op, of) }
    }

    /// The patient of an Observation, as long as nobody gives it away.
    fn home(&self, of: &str) -> Name {
        self.shared.ward(of.bytes().map(u64::from).sum())
    }

    pub(super) async fn put(
        &mut self,
        of: Name,
        content: Content,
        conditions: (Option<u64>, bool),
    ) -> Option<u64> {
        let (if_match, only_new) = conditions;
        let (op, body) = (content.op.clone(), body(&content, &of));
        let key = self.maybe_key(&op);
        let write = Write { if_match, only_new, ..write_of(&op, &of, Change::Put(content)) };
        self.write(Call::Put { name: of, body, if_match, only_new }, write, key).await
    }

    async fn patch(
        &mut self,
        of: Name,
        patch: Patch,
        if_match: Option<u64>,
        target: Option<Target>,
    ) -> Option<u64> {
        let op = self.op();
        let body = patch.body(kind_of(&of), &op).to_string();
        let key = self.maybe_key(&op);
        let write = Write { if_match, ..write_of(&op, &of, Change::Patch(patch)) };
        let target = target.unwrap_or(Target::Name(of));
        self.write(Call::Patch { target, body, if_match }, write, key).await
    }

    pub(super) async fn put_any(&mut self) {
        let (of, op) = (self.any(), self.op());
        let content = self.content(&op, &of);
        self.put(of, content, (None, false)).await;
    }

    pub(super) async fn put_matching(&mut self) {
        let of = self.any();
        if let Some((version, _)) = self.read(&of).await {
            let op = self.op();
            let content = self.content(&op, &of);
            self.put(of, content, (Some(version), false)).await;
        }
    }

    pub(super) async fn put_new(&mut self) {
        let (of, op) = (self.any(), self.op());
        let content = self.content(&op, &of);
        self.put(of, content, (None, true)).await;
    }

    pub(super) async fn patch_any(&mut self) {
        let of = self.any();
        self.patch(of, Patch::default(), None, None).await;
    }

    pub(super) async fn patch_matching(&mut self) {
        let of = self.any();
        if let Some((version, _)) = self.read(&of).await {
            self.patch(of, Patch::default(), Some(version), None).await;
        }
    }

    pub(super) async fn delete_any(&mut self) {
        let (of, op) = (self.any(), self.op());
        let key = self.maybe_key(&op);
        let write = write_of(&op, &of, Change::Delete);
        self.write(Call::Delete { name: of }, write, key).await;
    }

    /// To another patient, and so to another compartment.
    pub(super) async fn give_away(&mut self) {
        let of = self.shared.observation(self.random.number());
        let subject = Some(self.shared.ward(self.random.number()));
        if self.random.chance(700) {
            let op = self.op();
            let content = Content { subject, ..Content::new(&op, &of) };
            self.put(of, content, (None, false)).await;
        } else {
            self.patch(of, Patch { subject, value: None }, None, None).await;
        }
    }

    /// A list that only grows, until the next one takes its place after two seconds.
    pub(super) fn list(&mut self) -> Name {
        format!("Patient/list-{}-{}", self.shared.elapsed_ms() / 2000, self.random.below(2))
    }

    pub(super) async fn append(&mut self) {
        let of = self.list();
        if self.patch(of.clone(), Patch::default(), None, None).await.is_none() {
            let op = self.op();
            let content = Content { value: Some(0), ..Content::new(&op, &of) };
            self.put(of, content, (None, true)).await;
        }
    }

    /// The resource is named by what it holds.
    pub(super) async fn append_where(&mut self) {
        let of = self.list();
        let target = Target::Criteria { kind: "Patient", criteria: format!("identifier={KEY}|{of}") };
        self.patch(of, Patch::default(), None, Some(target)).await;
    }

    /// A counter: the patch holds only where nobody else counted since the read.
    pub(super) async fn count_up(&mut self) {
        let of = self.list();
        if let Some((_, Content { value: Some(value), .. })) = self.read(&of).await {
            self.patch(of, Patch { subject: None, value: Some((value, value + 1)) }, None, None).await;
        }
    }

    /// What a new account holds.
    pub(super) fn share() -> i64 {
        SUM / super::ACCOUNTS as i64
    }
}

pub(super) fn body(content: &Content, of: &str) -> String {
    content.body(kind_of(of), of.split('/').nth(1)).to_string()
}
