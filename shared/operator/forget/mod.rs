//! Forgets a person: removes the names, the address and the card numbers of the person from the
//! whole table. The audit chain stays whole, because it never held any of them. The work is safe to
//! repeat: the same address still finds a person who is half erased, because the pointers to the
//! person are deleted last, in one transaction. A retired site can still forget.

mod erase;
mod obstacles;
mod traces;

use serde::{Deserialize, Serialize};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_core::site::Site;

/// The person to forget, by one of the two keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetQuery {
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Doorstep's person id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForgetOutcome {
    /// The person is forgotten.
    Forgotten(Forgotten),
    /// The person is not forgotten, because the next read would bring them back or they still have
    /// access. Each text says what to do first.
    Refused(Vec<String>),
    /// No person matches. A forgotten person matches no more.
    NoPerson,
}

/// The result for a forgotten person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// The site.
    pub site: SiteId,
    /// The random ids of the person. They stay in audit records and identify no one.
    pub people: Vec<PersonId>,
    /// How many things about the person were erased.
    pub erased: usize,
    /// What remains elsewhere, and what to do about it.
    pub remains: Vec<String>,
}

/// Forgets a person.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site and for a text that is not an e-mail address;
/// [`Error::Retry`] if the platform cannot say whether it still has the person, or if the table is
/// unavailable. The same call may then be repeated.
pub async fn forget(
    environment: &Environment,
    site: &SiteId,
    wanted: &ForgetQuery,
) -> Result<ForgetOutcome> {
    let Some(place) = ForgetSite::of(environment, site).await? else {
        return Ok(ForgetOutcome::NoPerson);
    };
    let site = place.site();
    let Some(traces) = traces::find(environment, site, wanted).await? else {
        return Ok(ForgetOutcome::NoPerson);
    };
    if let ForgetSite::Served(site) = &place {
        let obstacles = obstacles::obstacles(environment, site, &traces).await?;
        if !obstacles.is_empty() {
            return Ok(ForgetOutcome::Refused(obstacles));
        }
    }
    let erased = erase::erase(environment, &place, &traces).await?;
    let remains = obstacles::remains(&place, &traces);
    let people = erase::unlink(environment, site, traces).await?;
    tracing::info!(
        site = site.id.as_str(),
        people = people.len(),
        erased,
        "forgot a person"
    );
    Ok(ForgetOutcome::Forgotten(Forgotten {
        site: site.id.clone(),
        people,
        erased,
        remains,
    }))
}

/// The site at which a person is forgotten.
enum ForgetSite {
    /// A site in service: its platform may still list the person.
    Served(Site),
    /// A retired site: no platform is read for it, and no access is revoked there.
    Retired(Site),
}

impl ForgetSite {
    /// Loads the site; `None` for a retired site of which only the audit chain is left.
    async fn of(environment: &Environment, site: &SiteId) -> Result<Option<ForgetSite>> {
        if let Some(stored) = environment.store.active(site).await? {
            return Ok(Some(ForgetSite::Served(stored.file()?)));
        }
        match environment.store.last_version(site).await? {
            Some(last) => Ok(Some(ForgetSite::Retired(last.file()?))),
            None if environment.store.has_chain(site).await? => Ok(None),
            None => Err(Error::invalid(format!("there is no site {site}"))),
        }
    }

    fn site(&self) -> &Site {
        match self {
            ForgetSite::Served(site) | ForgetSite::Retired(site) => site,
        }
    }
}
