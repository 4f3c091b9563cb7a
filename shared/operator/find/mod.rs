//! Finds people by a text that an operator typed, over one site or all of them. No vendor is asked.

use futures_util::FutureExt;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::{PersonId, SiteId};

mod people;
mod wanted;

use people::{KnownPeople, at_site};
use wanted::{Closeness, Wanted};

/// The most people that are returned.
const MOST: usize = 20;

/// One person who was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPerson {
    /// The site.
    pub site: SiteId,
    /// The id in Doorstep; `None` for a person to whom nothing was ever opened.
    pub id: Option<PersonId>,
    /// The first profile at the platform.
    pub profile: Option<FactId>,
    /// The name at the platform, or else at a door system.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// What the text is a part of.
    pub by: MatchedBy,
}

/// What a text is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchedBy {
    /// The person's name.
    Name,
    /// The person's e-mail address.
    Email,
    /// The id in Doorstep, at the platform or of an account.
    Id,
    /// The end of a card number.
    Card,
}

/// Finds people by a part of the name or of the e-mail address, by an id, or by the end of a card
/// number. Returns at most twenty, the best first.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn find(
    environment: &Environment,
    text: &str,
    site: Option<&SiteId>,
) -> Result<Vec<FoundPerson>> {
    let Some(wanted) = Wanted::of(text) else {
        return Ok(Vec::new());
    };
    let sites = match site {
        Some(site) => {
            in_force(environment, site).await?;
            vec![site.clone()]
        }
        None => environment.store.site_names().await?,
    };
    let each = sites.iter().map(|site| at_site(environment, site).boxed());
    let known: Vec<KnownPeople> = try_join_all(each).await?;
    let mut found: Vec<(Closeness, FoundPerson)> = sites
        .iter()
        .zip(&known)
        .flat_map(|(site, known)| known.matching(site, &wanted))
        .collect();
    found.sort_by(|one, other| order(one).cmp(&order(other)));
    found.truncate(MOST);
    Ok(found.into_iter().map(|(_, person)| person).collect())
}

fn order(
    (closeness, found): &(Closeness, FoundPerson),
) -> (
    Closeness,
    String,
    &SiteId,
    Option<&PersonId>,
    Option<String>,
) {
    let name = found.name.as_deref().unwrap_or_default().to_lowercase();
    let profile = found.profile.as_ref().map(ToString::to_string);
    (*closeness, name, &found.site, found.id.as_ref(), profile)
}
