//! Resources whose id the server gives.

use super::{
    Worker,
    entry::{patch_entry, transaction},
};
use crate::chaos::{
    content::{Content, KEY, Patch},
    record::{Change, Create, Name, Rule, Span},
    wire::Call,
};
use serde_json::{Value, json};

/// What creates under criteria ask for.
struct Wanted {
    kind: &'static str,
    key: String,
    subject: Option<Name>,
}

impl Worker {
    pub(super) async fn create(&mut self) {
        let op = self.op();
        let subject = self.random.chance(500).then(|| self.shared.ward(self.random.number()));
        let kind = if subject.is_some() { "Observation" } else { "Patient" };
        let key = self.maybe_key(&op);
        let content = Content { subject, ..Content::new(&op, &op) };
        self.create_one(kind, &content, Rule::Key, None, key).await;
    }

    /// Several clients send the same request under the same key.
    pub(super) async fn create_shared(&mut self) {
        let key = format!("shared.{}", self.shared.elapsed_ms() / 250);
        let content = Content::new(&key, &key);
        self.create_one("Patient", &content, Rule::Key, None, Some(key)).await;
    }

    pub(super) async fn create_where(&mut self) {
        let (wanted, op) = (self.wanted(), self.op());
        let criteria = self.spelt(&wanted.key);
        let content = Content { subject: wanted.subject, ..Content::new(&op, &wanted.key) };
        let key = self.maybe_key(&op);
        self.create_one(wanted.kind, &content, Rule::Criteria, Some(criteria), key).await;
    }

    async fn create_one(
        &mut self,
        kind: &'static str,
        content: &Content,
        rule: Rule,
        criteria: Option<String>,
        key: Option<String>,
    ) {
        let create = create_of(content, rule);
        let call = Call::Create { kind, body: content.body(kind, None).to_string(), criteria };
        if self.make(call, vec![create], key).await {
            self.find(kind, &content.key).await;
        }
    }

    /// The same for a moment for all clients, then another one.
    fn wanted(&mut self) -> Wanted {
        let n = self.shared.elapsed_ms() / 300 + self.random.below(2);
        let subject = n.is_multiple_of(3).then(|| self.shared.ward(n));
        let kind = if subject.is_some() { "Observation" } else { "Patient" };
        Wanted { kind, key: format!("where.{n}"), subject }
    }

    /// The same criteria in one of several spellings.
    fn spelt(&mut self, key: &str) -> String {
        let escape = |text: String| text.replace(':', "%3A").replace('|', "%7C");
        let values = [format!("{KEY}|{key}"), format!("{KEY}|")];
        let mut pairs = values.map(|value| match self.random.below(3) {
            0 => format!("identifier={}", escape(value)),
            1 => format!("identifier={}", value.replace('|', "%7c")),
            _ => format!("identifier={value}"),
        });
        if self.random.chance(500) {
            pairs.reverse();
        }
        pairs.join("&")
    }

    /// Two of them in one transaction; sometimes one and a patch, which must not be applied again when it is repeated.
    pub(super) async fn create_where_bundled(&mut self) {
        let op = self.op();
        let key = self.maybe_key(&op);
        let (first, mut second) = (self.wanted(), self.wanted());
        while first.key == second.key {
            second = self.wanted();
        }
        let (mut entries, mut creates) = (Vec::new(), Vec::new());
        for wanted in [first, second] {
            let content = Content { subject: wanted.subject, ..Content::new(&op, &wanted.key) };
            let request =
                json!({"method": "POST", "url": wanted.kind, "ifNoneExist": self.spelt(&wanted.key)});
            entries.push(json!({"resource": content.body(wanted.kind, None), "request": request}));
            creates.push(create_of(&content, Rule::Criteria));
        }
        if self.random.chance(500) {
            self.make(Call::Bundle { body: transaction(&entries) }, creates, key).await;
        } else {
            entries.truncate(1);
            creates.truncate(1);
            self.create_and_patch(op, entries, creates, key).await;
        }
    }

    async fn create_and_patch(
        &mut self,
        op: String,
        mut entries: Vec<Value>,
        creates: Vec<Create>,
        key: Option<String>,
    ) {
        let of = self.shared.chart(self.random.number());
        let patch = Patch::default();
        entries.push(patch_entry(&of, &patch.body("Patient", &op), None));
        let write = super::sending::write_of(&op, &of, Change::Patch(patch));
        self.write_and_make(transaction(&entries), creates, vec![(1, write)], key).await;
    }
}

fn create_of(content: &Content, rule: Rule) -> Create {
    Create {
        op: content.op.clone(),
        key: content.key.clone(),
        rule,
        span: Span::default(),
        answers: Vec::new(),
    }
}
