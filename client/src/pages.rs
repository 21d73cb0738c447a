//! Searches and histories as streams.

use crate::{Client, Error, Result, api, attempt::How};
use futures::{Stream, TryStreamExt, stream::BoxStream};

/// The matches of [`Client::search_stream`].
pub type EntryStream = BoxStream<'static, Result<api::SearchEntry>>;

impl Client {
    /// Every match of a search, without pages, in the order of the server; the server stops working where the
    /// caller stops reading. Opening is retried; an error in the middle ends the stream, as matches already
    /// given cannot be taken back. Use [`Client::search_pages`] where that must be survived.
    pub async fn search_stream(&self, request: api::SearchRequest) -> Result<EntryStream> {
        let how =
            How::stream("SearchStream").at(self.slot(&request.compartment_type, &request.compartment_id));
        let opened =
            self.call(how, request, |mut stub, request| async move { stub.search_stream(request).await });
        Ok(Box::pin(opened.await?.map_err(Error::from)))
    }

    /// The pages of a search, each fetched (and retried) when asked for; ends after the page without a next one
    /// or after an error.
    pub fn search_pages(
        &self,
        request: api::SearchRequest,
    ) -> impl Stream<Item = Result<api::SearchResponse>> + Send + use<> {
        let client = self.clone();
        futures::stream::try_unfold(Some(request), move |next| {
            let client = client.clone();
            async move {
                let Some(request) = next else { return Ok(None) };
                let page = client.search(request.clone()).await?;
                let cursor = page.next_cursor.clone();
                let next = (!cursor.is_empty()).then_some(api::SearchRequest { cursor, ..request });
                Ok(Some((page, next)))
            }
        })
    }

    /// The pages of a history, as [`Client::search_pages`].
    pub fn history_pages(
        &self,
        request: api::HistoryRequest,
    ) -> impl Stream<Item = Result<api::HistoryResponse>> + Send + use<> {
        let client = self.clone();
        futures::stream::try_unfold(Some(request), move |next| {
            let client = client.clone();
            async move {
                let Some(request) = next else { return Ok(None) };
                let page = client.history(request.clone()).await?;
                let cursor = page.next_cursor.clone();
                let next = (!cursor.is_empty()).then_some(api::HistoryRequest { cursor, ..request });
                Ok(Some((page, next)))
            }
        })
    }
}
