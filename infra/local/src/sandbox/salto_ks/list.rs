//! SALTO KS's lists: an OData query in, `{items, next_page_link, count}` out, or a bare array with
//! a quirk.

use serde_json::{Value, json};

use super::error;
use super::filter::{Cell, Filter};
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;

/// Most items on one page `[?]`.
const PAGE: usize = 100;

/// The form of one kind of list.
pub struct ListForm<'a, T> {
    /// Returns a field that filters and orders may name; `None` for any other name.
    pub field: &'a dyn Fn(&T, &str) -> Option<Cell>,
    /// Returns the item as on the wire.
    pub render: &'a dyn Fn(&T) -> Value,
    /// Whether the list is a bare array, complete unless `$top` is given.
    pub bare: bool,
}

impl<T> ListForm<'_, T> {
    /// Returns the requested part of `all`. Parameters that are not OData's must be among `also`.
    ///
    /// # Errors
    /// SALTO KS's refusal.
    pub fn answer(&self, ask: &Ask, mut all: Vec<T>, also: &[&str]) -> Result<Answer, Answer> {
        let known = ["$filter", "$orderby", "$top", "$skip", "$inlinecount"];
        if ask
            .query
            .iter()
            .any(|(name, _)| !known.contains(&name.as_str()) && !also.contains(&name.as_str()))
        {
            return Err(error::invalid("Unknown query parameter"));
        }
        if let Some(filter) = ask.param("$filter") {
            all = self.filtered(all, filter)?;
        }
        if let Some(order) = ask.param("$orderby") {
            self.order(&mut all, order)?;
        }
        let (top, skip) = (number(ask, "$top")?, number(ask, "$skip")?.unwrap_or(0));
        let size = if self.bare {
            top.unwrap_or(usize::MAX)
        } else {
            top.unwrap_or(PAGE).min(PAGE)
        };
        let items: Vec<Value> = all.iter().skip(skip).take(size).map(self.render).collect();
        if self.bare {
            return Ok(answer::json(200, &Value::Array(items)));
        }
        let end = skip.saturating_add(items.len());
        let more = end < all.len() && !items.is_empty();
        let count = (ask.param("$inlinecount") == Some("allpages")).then_some(all.len());
        let body = json!({ "items": items, "next_page_link": more.then(|| link(ask, end)), "count": count });
        Ok(answer::json(200, &body))
    }

    fn filtered(&self, all: Vec<T>, filter: &str) -> Result<Vec<T>, Answer> {
        let filter = Filter::read(filter).ok_or_else(error::bad_filter)?;
        let mut kept = Vec::new();
        for item in all {
            if filter
                .holds(&|name| (self.field)(&item, name))
                .map_err(|_| error::bad_filter())?
            {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    fn order(&self, all: &mut [T], order: &str) -> Result<(), Answer> {
        for part in order.rsplit(',') {
            let mut words = part.split_whitespace();
            let (name, down) = match (words.next(), words.next(), words.next()) {
                (Some(name), None | Some("asc"), None) => (name, false),
                (Some(name), Some("desc"), None) => (name, true),
                _ => return Err(error::invalid("Invalid $orderby")),
            };
            if all
                .first()
                .is_some_and(|item| (self.field)(item, name).is_none())
            {
                return Err(error::invalid("Invalid $orderby"));
            }
            all.sort_by(|one, other| {
                let (one, other) = ((self.field)(one, name), (self.field)(other, name));
                let order = one.partial_cmp(&other).unwrap_or(std::cmp::Ordering::Equal);
                if down { order.reverse() } else { order }
            });
        }
        Ok(())
    }
}

fn number(ask: &Ask, name: &str) -> Result<Option<usize>, Answer> {
    let Some(text) = ask.param(name) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| error::invalid(&format!("Invalid {name}")))
}

/// Returns whether a parameter is `true`. It may be missing.
///
/// # Errors
/// SALTO KS's refusal.
pub fn flag(ask: &Ask, name: &str) -> Result<bool, Answer> {
    match ask.param(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(error::invalid(&format!("Invalid {name}"))),
    }
}

/// Returns the same answer with an absolute link to another host.
pub fn link_elsewhere(answer: Answer) -> Answer {
    let (parts, body) = answer.into_parts();
    let mut page: Value = serde_json::from_slice(&body).unwrap_or_default();
    let link = page
        .get("next_page_link")
        .and_then(Value::as_str)
        .map(|link| format!("http://elsewhere.example{link}"));
    match link {
        Some(link) => {
            page["next_page_link"] = json!(link);
            Answer::from_parts(parts, page.to_string().into())
        }
        None => Answer::from_parts(parts, body),
    }
}

/// Returns the link to the list from `skip` on: a path below the interface's own address.
fn link(ask: &Ask, skip: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in ask.query.iter().filter(|(name, _)| name != "$skip") {
        query.append_pair(name, value);
    }
    query.append_pair("$skip", &skip.to_string());
    format!("{}?{}", ask.path, query.finish())
}
