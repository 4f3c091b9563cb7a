//! Reads lists from the first page to the last. The result is the whole list or an error.
//!
//! Pages are numbered. A record that is removed during the read shifts the rest, and another record
//! can slip to a page that was already read. The default order shifts under a changing set
//! `[D][C]`, so every list is read in the order of ids. A list is read once more if its length
//! changes, if an id occurs twice or if its count is wrong. After that it fails.

use std::collections::HashSet;

use serde_json::Value;

use super::calls::NexudusApi;
use super::entity::NexudusEntity;
use crate::platform::fields::text;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Id;

/// The page size of requests. The default of Nexudus is 25. `[D]`
const PAGE: usize = 1000;
/// Most pages of a list. A longer list is taken for an endless one.
const MOST_PAGES: usize = 4_000;

/// A filter: a parameter and its value.
pub(super) type QueryParameter = (String, String);

/// Returns the id of a record.
pub(super) fn id(record: &Value) -> Option<Id> {
    record.get("Id").and_then(text).map(Id::from)
}

/// Returns all values that `read` extracts from a list. Some lists ignore some filters `[C]`, so
/// callers check the records too.
///
/// # Errors
/// [`Error::Retry`] for a list that is not whole, and the error of any page.
pub(super) async fn all<T>(
    calls: &NexudusApi,
    entity: &NexudusEntity,
    filters: &[QueryParameter],
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>> {
    match once(calls, entity, filters, &read).await {
        Err(ListError::Moved) => match once(calls, entity, filters, &read).await {
            Ok(things) => Ok(things),
            Err(ListError::Moved) => Err(Error::retry(format!(
                "Nexudus' list {} changes while it is read",
                entity.path.join("/")
            ))),
            Err(ListError::Error(error)) => Err(error),
        },
        Ok(things) => Ok(things),
        Err(ListError::Error(error)) => Err(error),
    }
}

/// Returns the number of pages of a list; `usize::MAX` if the list does not say how long it is.
///
/// # Errors
/// The same as [`all`].
pub(super) async fn pages(calls: &NexudusApi, entity: &NexudusEntity) -> Result<usize> {
    let query = [
        ("page".to_owned(), "1".to_owned()),
        ("size".to_owned(), "1".to_owned()),
    ];
    let page = calls.page(entity, &query).await?;
    let total = page
        .get("TotalItems")
        .and_then(Value::as_u64)
        .and_then(|total| usize::try_from(total).ok());
    Ok(total.map_or(usize::MAX, |total| total.div_ceil(PAGE).max(1)))
}

/// Reason why a list is not whole.
enum ListError {
    /// The list changed during the read.
    Moved,
    /// Any other error.
    Error(Error),
}

impl From<Error> for ListError {
    fn from(error: Error) -> Self {
        ListError::Error(error)
    }
}

async fn once<T>(
    calls: &NexudusApi,
    entity: &NexudusEntity,
    filters: &[QueryParameter],
    read: &impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, ListError> {
    let unread = || {
        Error::retry(format!(
            "a page of Nexudus' list {} cannot be read",
            entity.path.join("/")
        ))
    };
    let (mut things, mut seen, mut total) = (Vec::new(), HashSet::new(), None);
    let mut records: u64 = 0;
    for number in 1..=MOST_PAGES {
        let mut query: Vec<QueryParameter> = vec![
            ("page".into(), number.to_string()),
            ("size".into(), PAGE.to_string()),
            ("orderBy".into(), "Id".into()),
            ("dir".into(), "1".into()),
        ];
        query.extend_from_slice(filters);
        let page = calls.page(entity, &query).await?;
        let page = RecordPage::of(&page, number).ok_or_else(unread)?;
        if page.total.is_some() && total.is_some() && page.total != total {
            return Err(ListError::Moved);
        }
        total = page.total.or(total);
        for record in page.records {
            if id(record).is_some_and(|id| !seen.insert(id)) {
                return Err(ListError::Moved);
            }
            records += 1;
            things.extend(read(record));
        }
        if !page.more {
            let whole = total.is_none_or(|total| total == records);
            return if whole {
                Ok(things)
            } else {
                Err(ListError::Moved)
            };
        }
    }
    Err(Error::retry(format!(
        "Nexudus' list {} has no end",
        entity.path.join("/")
    ))
    .into())
}

/// One page: `{Records, CurrentPage, TotalItems, TotalPages, HasNextPage}`. Only `Records` must be
/// present. `[D]`
struct RecordPage<'p> {
    records: &'p [Value],
    total: Option<u64>,
    more: bool,
}

impl<'p> RecordPage<'p> {
    fn of(page: &'p Value, number: usize) -> Option<RecordPage<'p>> {
        let records = page.get("Records")?.as_array()?.as_slice();
        let count = |name: &str| page.get(name).and_then(Value::as_u64);
        let here = number as u64;
        if count("CurrentPage").is_some_and(|said| said != here) {
            return None;
        }
        let said = page.get("HasNextPage").and_then(Value::as_bool);
        let more = said
            .or_else(|| Some(count("TotalPages")? > here))
            .unwrap_or(records.len() >= PAGE);
        // An empty page before the last one would make the read endless.
        (!(more && records.is_empty())).then_some(RecordPage {
            records,
            total: count("TotalItems"),
            more,
        })
    }
}
