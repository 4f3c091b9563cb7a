//! Kisi's lists: bare arrays with `limit`, `offset` and the header `X-Collection-Range` `[D]`.

use serde_json::Value;

use super::error;
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;

/// The header with the range of this page and the length of the list `[D]`.
pub const RANGE: &str = "x-collection-range";
/// Largest offset `[D]`.
const FURTHEST: usize = 20_000;

/// The requested part of a list.
pub struct PageRequest {
    limit: usize,
    offset: usize,
}

impl PageRequest {
    /// Reads `limit` (`usual` by default, at most `most`) and `offset`. Values out of bounds get
    /// 422 `[?]`.
    ///
    /// # Errors
    /// Kisi's refusal.
    pub fn read(ask: &Ask, usual: usize, most: usize) -> Result<PageRequest, Answer> {
        let limit = number(ask, "limit", most)?.unwrap_or(usual);
        if limit == 0 {
            return Err(error::invalid("limit", "must be greater than 0"));
        }
        Ok(PageRequest {
            limit,
            offset: number(ask, "offset", FURTHEST)?.unwrap_or(0),
        })
    }

    /// Returns this part of `all`, each item as `render` shows it. The end of the range may exceed
    /// the total `[D]`.
    pub fn of<T>(&self, all: &[T], render: impl Fn(&T) -> Value) -> Answer {
        let end = all.len().min(self.offset + self.limit);
        let shown: Vec<Value> = all
            .get(self.offset..end)
            .unwrap_or_default()
            .iter()
            .map(render)
            .collect();
        let range = format!(
            "{}-{}/{}",
            self.offset,
            self.offset + self.limit - 1,
            all.len()
        );
        answer::with(answer::json(200, &Value::Array(shown)), RANGE, &range)
    }
}

fn number(ask: &Ask, name: &str, most: usize) -> Result<Option<usize>, Answer> {
    let Some(text) = ask.param(name) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(number) if number <= most => Ok(Some(number)),
        Ok(_) => Err(error::invalid(
            name,
            &format!("must be less than or equal to {most}"),
        )),
        Err(_) => Err(error::invalid(name, "is not a number")),
    }
}

/// Returns a query parameter that must be a whole number, in its shortest form. A negative one is
/// the id of nothing.
///
/// # Errors
/// Kisi's refusal.
pub fn whole(ask: &Ask, name: &str) -> Result<Option<String>, Answer> {
    let Some(text) = ask.param(name) else {
        return Ok(None);
    };
    let number: i128 = text
        .parse()
        .map_err(|_| error::invalid(name, "is not a number"))?;
    Ok(Some(number.to_string()))
}

/// Returns whether `ids` (comma-separated) is missing or contains `id`.
pub fn among(ask: &Ask, id: &str) -> bool {
    ask.param("ids")
        .is_none_or(|ids| ids.split(',').any(|wanted| wanted.trim() == id))
}

/// Matches Kisi's fuzzy search: every word of the query is part of one of `texts`, ignoring case
/// and punctuation `[C]`.
pub fn fuzzy(ask: &Ask, texts: &[&str]) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric() || *c == '@')
            .flat_map(char::to_lowercase)
            .collect()
    };
    let Some(query) = ask.param("query") else {
        return true;
    };
    let texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
    query
        .split_whitespace()
        .map(plain)
        .all(|word| texts.iter().any(|text| text.contains(&word)))
}
