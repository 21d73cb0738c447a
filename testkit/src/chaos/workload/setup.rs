//! What is there before the clients start.

use super::{ACCOUNTS, SUM, Shared, WARDS, Worker, bundle::Part};
use crate::chaos::{
    content::Content,
    record::{Change, Name, Whole},
};
use anyhow::ensure;

/// The groups that one search shows, and their types.
pub(super) const GROUPS: [(&str, &str); 3] =
    [("bank-Patient", "Patient"), ("bank-Observation", "Observation"), ("pair", "Patient")];

impl Worker {
    /// The patients of the Observations, the accounts and the pair.
    ///
    /// # Errors
    /// Where the server does not take them.
    pub(super) async fn set_up(mut self) -> anyhow::Result<()> {
        let holders = (0..ACCOUNTS).map(|n| format!("Patient/holder-{n}"));
        let patients: Vec<Name> = (0..WARDS).map(|n| self.shared.ward(n)).chain(holders).collect();
        for of in patients {
            let op = self.op();
            let done = self.put(of.clone(), Content::new(&op, &of), (None, false)).await;
            ensure!(done.is_some(), "{of} could not be written");
        }
        for kind in ["Patient", "Observation"] {
            let (op, name) = (self.op(), format!("bank-{kind}"));
            let members: Vec<Name> = (0..ACCOUNTS).map(|n| self.shared.account(kind, n)).collect();
            let account = |(n, of): (usize, &Name)| Part {
                of: of.clone(),
                change: Change::Put(Content {
                    group: Some(name.clone()),
                    subject: (kind == "Observation").then(|| format!("Patient/holder-{n}")),
                    value: Some(Worker::share()),
                    ..Content::new(&op, of)
                }),
                if_match: None,
            };
            let parts = members.iter().enumerate().map(account).collect();
            self.bundle(&op, parts).await;
            self.whole(name, members, Some(SUM));
        }
        let op = self.op();
        let member = |of: Name| Part {
            change: Change::Put(Content { group: Some("pair".to_owned()), ..Content::new(&op, &of) }),
            of,
            if_match: None,
        };
        self.bundle(&op, Shared::pair().into_iter().map(member).collect()).await;
        self.whole("pair".to_owned(), Shared::pair().to_vec(), None);
        Ok(())
    }

    fn whole(&self, name: String, members: Vec<Name>, sum: Option<i64>) {
        self.shared.record(|record| record.wholes.push(Whole { name, members, sum }));
    }
}
