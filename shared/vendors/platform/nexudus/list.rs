//! Lists from their first page to their last. A list is whole or an error.
//!
//! Pages are by number, so what is removed in between moves the rest, and a record can slip from one page to the one
//! before. So all are asked for by their id's order, the default ones shift under a changing set `[D][C]`; a list whose
//! length changes on the way, or whose records are not as many as it says, is read once more and then given up.

use std::collections::HashSet;

use serde_json::Value;

use super::calls::Calls;
use super::entity::Entity;
use crate::platform::fields::text;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Id;

/// The largest page we ask for. Left to itself Nexudus gives 25. `[D]`
const PAGE: usize = 1000;
/// A list longer than this many pages is taken for one that goes in circles.
const MOST_PAGES: usize = 4_000;

/// A filter: a parameter and its value.
pub(super) type Filter = (String, String);

/// The id of a record.
pub(super) fn id(record: &Value) -> Option<Id> {
    record.get("Id").and_then(text).map(Id::from)
}

/// Every record of a list that `read` makes something of. Filters are a favour: some lists ignore some `[C]`, so whoever
/// asks looks at the records too.
///
/// # Errors
/// [`Error::Retry`] for a list that is not whole; a page's own error.
pub(super) async fn all<T>(
    calls: &Calls,
    entity: &Entity,
    filters: &[Filter],
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>> {
    match once(calls, entity, filters, &read).await {
        Err(Broken::Moved) => match once(calls, entity, filters, &read).await {
            Ok(things) => Ok(things),
            Err(Broken::Moved) => {
                Err(Error::retry(format!("Nexudus' list {} changes while it is read", entity.path.join("/"))))
            }
            Err(Broken::Error(error)) => Err(error),
        },
        Ok(things) => Ok(things),
        Err(Broken::Error(error)) => Err(error),
    }
}

/// The number of pages of a whole list; as many as there can be where the list does not say.
///
/// # Errors
/// As [`all`].
pub(super) async fn pages(calls: &Calls, entity: &Entity) -> Result<usize> {
    let query = [("page".to_owned(), "1".to_owned()), ("size".to_owned(), "1".to_owned())];
    let page = calls.page(entity, &query).await?;
    let total = page.get("TotalItems").and_then(Value::as_u64).and_then(|total| usize::try_from(total).ok());
    Ok(total.map_or(usize::MAX, |total| total.div_ceil(PAGE).max(1)))
}

/// Why a list is not whole.
enum Broken {
    /// It changed on the way.
    Moved,
    /// Anything else.
    Error(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Broken::Error(error)
    }
}

async fn once<T>(
    calls: &Calls,
    entity: &Entity,
    filters: &[Filter],
    read: &impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, Broken> {
    let unread = || Error::retry(format!("a page of Nexudus' list {} cannot be read", entity.path.join("/")));
    let (mut things, mut seen, mut total) = (Vec::new(), HashSet::new(), None);
    let mut records: u64 = 0;
    for number in 1..=MOST_PAGES {
        let mut query: Vec<Filter> = vec![
            ("page".into(), number.to_string()),
            ("size".into(), PAGE.to_string()),
            ("orderBy".into(), "Id".into()),
            ("dir".into(), "1".into()),
        ];
        query.extend_from_slice(filters);
        let page = calls.page(entity, &query).await?;
        let page = Page::of(&page, number).ok_or_else(unread)?;
        if page.total.is_some() && total.is_some() && page.total != total {
            return Err(Broken::Moved);
        }
        total = page.total.or(total);
        for record in page.records {
            if id(record).is_some_and(|id| !seen.insert(id)) {
                return Err(Broken::Moved);
            }
            records += 1;
            things.extend(read(record));
        }
        if !page.more {
            let whole = total.is_none_or(|total| total == records);
            return if whole { Ok(things) } else { Err(Broken::Moved) };
        }
    }
    Err(Error::retry(format!("Nexudus' list {} has no end", entity.path.join("/"))).into())
}

/// One page: `{Records, CurrentPage, TotalItems, TotalPages, HasNextPage}`, of which only the first must be there. `[D]`
struct Page<'p> {
    records: &'p [Value],
    total: Option<u64>,
    more: bool,
}

impl<'p> Page<'p> {
    fn of(page: &'p Value, number: usize) -> Option<Page<'p>> {
        let records = page.get("Records")?.as_array()?.as_slice();
        let count = |name: &str| page.get(name).and_then(Value::as_u64);
        let here = number as u64;
        if count("CurrentPage").is_some_and(|said| said != here) {
            return None;
        }
        let said = page.get("HasNextPage").and_then(Value::as_bool);
        let more = said.or_else(|| Some(count("TotalPages")? > here)).unwrap_or(records.len() >= PAGE);
        // A page of nothing before the end would go on for ever.
        (!(more && records.is_empty())).then_some(Page { records, total: count("TotalItems"), more })
    }
}
