//! Searches that a search makes besides: compiled and carried out as any other, page after page.

use super::compile;
use crate::session::{Search, Session};
use proto::{Error, api::v1::SearchRequest};
use search::{Hit, Tell};

/// The pages of one, as large as they may be.
pub struct Pages<'s> {
    session: Session<'s>,
    search: Search,
    cursor: Option<String>,
    ended: bool,
}

impl<'s> Pages<'s> {
    /// Of that search.
    ///
    /// # Errors
    /// Those of compiling it.
    pub async fn of(session: Session<'s>, request: &SearchRequest) -> Result<Pages<'s>, Error> {
        let mut search = compile(session, request).await?;
        (search.query.count, search.query.tell) = (session.options().search_limits.count_max, Tell::Nothing);
        Ok(Pages { session, search, cursor: None, ended: false })
    }

    /// The hits of the next page; `None` behind the last.
    ///
    /// # Errors
    /// Those of searches.
    pub async fn next(&mut self) -> Result<Option<Vec<Hit>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let page = self.session.search(&self.search, self.cursor.as_deref()).await?;
        self.ended = page.next.is_none();
        self.cursor = page.next;
        // What is here is found without waiting: the other tasks of the thread have their turn, and so has the deadline.
        tokio::task::yield_now().await;
        Ok(Some(page.hits))
    }
}
