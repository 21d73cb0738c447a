//! A transaction bundle while it is written.

use super::{Bundle, Counts, json::Json};

pub(super) struct Entries<'a> {
    json: &'a mut Json,
    counts: &'a mut Counts,
}

/// A transaction bundle of the entries that `fill` writes.
pub(super) fn transaction(name: String, fill: impl FnOnce(&mut Entries<'_>)) -> Bundle {
    let (mut json, mut counts) = (Json::default(), Counts::new());
    json.object(|j| {
        j.text("resourceType", "Bundle");
        j.text("type", "transaction");
        j.array("entry", |j| fill(&mut Entries { json: j, counts: &mut counts }));
    });
    Bundle { name, json: json.finish(), counts }
}

impl Entries<'_> {
    /// An entry that creates a resource; `fill` writes all but `resourceType`. `urn` is a whole `urn:uuid:…`.
    pub(super) fn create(&mut self, resource_type: &'static str, urn: &str, fill: impl FnOnce(&mut Json)) {
        self.entry(resource_type, urn, None, fill);
    }

    /// An entry that creates a resource unless one with this identifier is there.
    pub(super) fn create_once(
        &mut self,
        resource_type: &'static str,
        urn: &str,
        identifier: (&str, &str),
        fill: impl FnOnce(&mut Json),
    ) {
        let criteria = format!("identifier={}|{}", identifier.0, identifier.1);
        self.entry(resource_type, urn, Some(&criteria), |j| {
            j.array("identifier", |j| {
                j.object(|j| {
                    j.text("system", identifier.0);
                    j.text("value", identifier.1);
                });
            });
            fill(j);
        });
    }

    fn entry(
        &mut self,
        resource_type: &'static str,
        urn: &str,
        if_none_exist: Option<&str>,
        fill: impl FnOnce(&mut Json),
    ) {
        *self.counts.entry(resource_type).or_default() += 1;
        self.json.object(|j| {
            j.text("fullUrl", urn);
            j.member("resource", |j| {
                j.text("resourceType", resource_type);
                fill(j);
            });
            j.member("request", |j| {
                j.text("method", "POST");
                j.text("url", resource_type);
                if let Some(criteria) = if_none_exist {
                    j.text("ifNoneExist", criteria);
                }
            });
        });
    }
}
