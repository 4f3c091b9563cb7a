//! Pages of SALTO KS's lists: their two forms, and the address of the next page.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use url::Url;

use doorstep_core::model::error::{Error, Result};

/// A page in either of its two forms `[M]`.
#[derive(Deserialize)]
#[serde(untagged, bound = "T: DeserializeOwned")]
pub(super) enum AnyPage<T> {
    Bare(Vec<T>),
    Paged(SaltoPage<T>),
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(super) struct SaltoPage<T> {
    /// Required, and may be null `[D]`.
    #[serde(deserialize_with = "null_is_empty")]
    pub(super) items: Vec<T>,
    pub(super) next_page_link: Option<String>,
    /// The number of items in the list `[D]` or on this page `[?]`. In both cases there are no
    /// fewer.
    pub(super) count: Option<usize>,
}

fn null_is_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    items: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(items)?.unwrap_or_default())
}

impl<T> From<AnyPage<T>> for SaltoPage<T> {
    fn from(page: AnyPage<T>) -> Self {
        match page {
            AnyPage::Bare(items) => SaltoPage {
                items,
                next_page_link: None,
                count: None,
            },
            AnyPage::Paged(page) => page,
        }
    }
}

/// Returns the address of the next page. `page` is the address of this one, `link` the vendor's
/// link, absolute or relative.
///
/// Only path and query of the link are used `[I]`: behind a gateway a vendor may name another host,
/// or `http`. The request goes to the same scheme, host and port as before, so a link cannot send
/// the token to another host. If Doorstep's address has a path before the vendor's (`prefix`), the
/// next page gets it too.
///
/// # Errors
/// [`Error::Permanent`] for a link that is no address.
pub(super) fn next_page(page: &Url, prefix: &str, link: &str) -> Result<Url> {
    let unreadable = || Error::permanent("SALTO KS's link to the next page is no address");
    let linked = page.join(link).map_err(|_| unreadable())?;
    let mut next = page.clone();
    let prefix = prefix.trim_end_matches('/');
    match linked
        .path()
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with('/'))
    {
        true => next.set_path(linked.path()),
        false => next.set_path(&format!("{prefix}{}", linked.path())),
    }
    next.set_query(linked.query());
    next.set_fragment(None);
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_gives_path_and_query_and_never_another_origin() {
        let page = Url::parse("https://h.example/v1.2/users?$top=1").unwrap();
        let next = |link: &str| next_page(&page, "/", link).unwrap().to_string();
        assert_eq!(next("?$skip=1"), "https://h.example/v1.2/users?$skip=1");
        for link in [
            "/v1.2/users?$skip=1#z",
            "//evil.example/v1.2/users?$skip=1",
            "http://h.example/v1.2/users?$skip=1",
            "https://evil.example:8443/v1.2/users?$skip=1",
            "https://user:word@h.example/v1.2/users?$skip=1",
        ] {
            assert_eq!(next(link), "https://h.example/v1.2/users?$skip=1", "{link}");
        }
    }

    #[test]
    fn a_path_of_our_own_in_front_is_kept() {
        let page = Url::parse("https://gate.example/salto/v1.2/users").unwrap();
        for link in [
            "https://connect.example/v1.2/users?$skip=1",
            "/salto/v1.2/users?$skip=1",
            "users?$skip=1",
        ] {
            let next = next_page(&page, "/salto", link).unwrap();
            assert_eq!(
                next.as_str(),
                "https://gate.example/salto/v1.2/users?$skip=1",
                "{link}"
            );
        }
    }
}
