//! Other sites of the stack that share a door system. Their people are only read, and a decision
//! that depends on them is written on the condition that they are unchanged.

use crate::store::Write;
use crate::store::people::{account_is_unlinked, person_is_unchanged};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::other_sites::OtherSites;

pub mod load;
pub mod register;

/// Says which other sites share a door system's groups, one sentence for each.
pub fn sharing(neighbours: &load::Neighbours) -> Vec<String> {
    let each = neighbours
        .iter()
        .flat_map(|(doors, sites)| sites.iter().map(move |site| (doors, &site.site)));
    let said = |(doors, site): (&DoorsName, &SiteId)| {
        format!(
            "{doors}: site {site} rules some of these groups, too: a person of both stays in until both sites end it"
        )
    };
    each.map(said).collect()
}

/// Returns the conditions of a write that depends on other sites: their people are unchanged since
/// they were read.
pub fn conditions(others: &OtherSites, doors: &DoorsName, account: &AccountId) -> Vec<Write> {
    let owners = others.owners(doors, account);
    let unchanged = owners.map(|owner| match owner.person {
        Some((id, version)) => person_is_unchanged(&owner.at.site, id, version),
        None => account_is_unlinked(&owner.at.site, &owner.at.doors, account),
    });
    unchanged.collect()
}
