//! What is put to the test, and what it answers.

use crate::naive::{Name, Query};
use anyhow::bail;
use bytes::Bytes;
use client::{Client, api};
use futures::TryStreamExt;

/// A server that is searched.
pub trait Server: Sync {
    /// Writes a resource.
    fn put(&self, name: &Name, body: String) -> impl Future<Output = anyhow::Result<Written>> + Send;
    /// Deletes one that is there; answers with the version that says so.
    fn delete(&self, name: &Name) -> impl Future<Output = anyhow::Result<u64>> + Send;
    /// All pages of a search.
    fn search(&self, query: &Query) -> impl Future<Output = anyhow::Result<Vec<Page>>> + Send;
}

/// A version as it was acknowledged.
#[derive(Clone, Debug)]
pub struct Written {
    pub version: u64,
    pub last_updated_ms: u64,
    pub body: Bytes,
}

/// One page of a search.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub total: Option<u64>,
}

/// A resource on a page.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: Name,
    pub version: u64,
    /// Else it comes with a match.
    pub is_match: bool,
    pub body: Bytes,
}

impl Server for Client {
    async fn put(&self, name: &Name, body: String) -> anyhow::Result<Written> {
        let request = api::UpdateRequest {
            resource_type: name.resource_type.name().to_owned(),
            id: name.id.clone(),
            body: body.into(),
            ..Default::default()
        };
        let answer = self.update(request).await?;
        let version = answer.version_id.parse()?;
        Ok(Written { version, last_updated_ms: answer.last_updated_ms, body: answer.body })
    }

    async fn delete(&self, name: &Name) -> anyhow::Result<u64> {
        let request = api::DeleteRequest {
            resource_type: name.resource_type.name().to_owned(),
            id: name.id.clone(),
            ..Default::default()
        };
        Ok(Client::delete(self, request).await?.version_id.parse()?)
    }

    async fn search(&self, query: &Query) -> anyhow::Result<Vec<Page>> {
        let parameter = |(name, value): &(String, String)| api::SearchParameter {
            name: name.clone(),
            value: value.clone(),
        };
        let request = api::SearchRequest {
            resource_type: query.resource_type.map_or("", |t| t.name()).to_owned(),
            parameters: query.parameters.iter().map(parameter).collect(),
            strict: true,
            compartment_type: query.patient.as_ref().map_or("", |_| "Patient").to_owned(),
            compartment_id: query.patient.clone().unwrap_or_default(),
            ..Default::default()
        };
        let pages: Vec<api::SearchResponse> = self.search_pages(request).try_collect().await?;
        pages.into_iter().map(page).collect()
    }
}

fn page(page: api::SearchResponse) -> anyhow::Result<Page> {
    if let Some(issue) = page.issues.first() {
        bail!("{issue:?}");
    }
    let total = page.total;
    let entries = page.entries.into_iter().map(entry).collect::<anyhow::Result<_>>()?;
    Ok(Page { entries, total })
}

fn entry(entry: api::SearchEntry) -> anyhow::Result<Entry> {
    Ok(Entry {
        name: super::name(&entry.resource_type, &entry.id)?,
        version: entry.version_id.parse()?,
        is_match: entry.mode() == api::SearchMode::Match,
        body: entry.body,
    })
}
