//! The addresses of the pages. Each can be sent to a colleague who runs a console of the same stack.

use jiff::civil::Date;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use doorstep_core::model::ids::{Checksum, PersonId, SiteId};

/// What stays as it is in a part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The first page: what needs the operator.
pub const NEEDS: &str = "/";
/// The list of sites.
pub const SITES: &str = "/sites";
/// The open holds of all sites.
pub const HOLDS: &str = "/holds";
/// The search.
pub const FIND: &str = "/find";

/// Returns a text as a part of a path or a query.
pub fn part(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// Returns the address of one page of a site.
pub fn of_site(site: &SiteId, page: &str) -> String {
    format!("/site/{}/{page}", part(site))
}

/// Returns the address of today at a site.
pub fn today(site: &SiteId) -> String {
    of_site(site, "today")
}

/// Returns the address of a local day at a site.
pub fn day(site: &SiteId, day: Date) -> String {
    of_site(site, &format!("day/{day}"))
}

/// Returns the address of a person.
pub fn person(site: &SiteId, person: &PersonId) -> String {
    of_site(site, &format!("person/{}", part(person)))
}

/// Returns the address of a person who never had access, by the profile: `member:603d`.
pub fn profile(site: &SiteId, profile: &str) -> String {
    of_site(site, &format!("person/{}", part(profile)))
}

/// Returns the address of a hold.
pub fn hold(site: &SiteId, checksum: &Checksum) -> String {
    of_site(site, &format!("hold/{}", part(checksum)))
}

/// Returns an address with a query.
pub fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", part(value)))
        .collect();
    match pairs.is_empty() {
        true => address.to_owned(),
        false => format!("{address}?{}", pairs.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_others_stays_one_part_of_an_address() {
        let site = SiteId::from("riverside");
        assert_eq!(
            person(&site, &PersonId::from("a/b?c#d e")),
            "/site/riverside/person/a%2Fb%3Fc%23d%20e"
        );
        assert_eq!(with_query("/find", &[("q", "a&b=c")]), "/find?q=a%26b%3Dc");
    }
}
