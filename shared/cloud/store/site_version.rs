//! The site file in force and its limits. A site changes less than its file says until its first
//! push is confirmed, and while the operator has paused it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::{Item, Store, Write, WriteCondition, WriteStep, body};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_core::model::usual::is_usual;
use doorstep_core::site::route::SiteRoute;
use doorstep_core::site::{Mode, Site};

/// The site file in force.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteVersion {
    /// The version number, from 1.
    pub n: u64,
    /// Its text.
    pub text: String,
    /// When the version was put in force; `None` if the writing version of Doorstep did not store
    /// it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub at: Option<Timestamp>,
    /// The first push is not confirmed: Doorstep changes nothing at the doors, whatever the mode.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub observing: bool,
    /// The operator has paused the site: Doorstep changes nothing at the doors.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub paused: Option<Paused>,
    /// The site is being retired: Doorstep removes all access that it granted.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub retiring: Option<Retiring>,
    /// How often the item in force was written; 0 before it is stored. Writes are conditional on
    /// the revision and not on the content, because another version of Doorstep may serialize the
    /// same content differently.
    #[serde(skip)]
    pub revision: u64,
}

/// The state of a site that is being retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retiring {
    /// When the retirement began.
    pub at: Timestamp,
    /// The checksum with which the operator confirmed it.
    pub checksum: Checksum,
}

/// The state of a paused site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// When the pause began.
    pub at: Timestamp,
    /// The operator's reason.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub why: Option<String>,
}

impl SiteVersion {
    /// Returns the version that follows `now` when `text` is put in force. It acts in the mode of
    /// its file, unless the site is paused.
    pub fn after(now: Option<&SiteVersion>, text: &str, at: Timestamp) -> Self {
        SiteVersion {
            n: now.map_or(1, |now| now.n + 1),
            text: text.to_owned(),
            at: Some(at),
            observing: false,
            paused: now.and_then(|now| now.paused.clone()),
            // A push puts the site back in service.
            retiring: None,
            revision: now.map_or(0, |now| now.revision),
        }
    }

    /// Parses the site file.
    ///
    /// # Errors
    /// [`Error::Permanent`] if this version of Doorstep cannot parse what another version stored.
    pub fn file(&self) -> Result<Site> {
        Site::parse(&self.text)
            .map_err(|error| Error::permanent(format!("the stored site file: {error}")))
    }

    /// Returns the site as it acts: in mode observe while it may not act, whatever its file says,
    /// and without rules while it is being retired.
    ///
    /// # Errors
    /// As [`SiteVersion::file`].
    pub fn site(&self) -> Result<Site> {
        let mut site = self.file()?;
        if self.retiring.is_some() {
            site.mode = Mode::Full;
            site.rules.clear();
        } else if self.observing || self.paused.is_some() {
            site.mode = Mode::Observe;
        }
        Ok(site)
    }

    /// Returns the condition of a write that replaces this version: it is still in force.
    pub(super) fn is_in_force(&self) -> WriteCondition {
        WriteCondition::Version(self.revision)
    }

    /// Returns when this version replaced the previous one. If the time is unknown, returns the
    /// maximum, which no window end exceeds.
    pub fn replaced(&self) -> Timestamp {
        self.at.unwrap_or(Timestamp::MAX)
    }

    /// Returns why Doorstep does less than the file says, one text for each reason, each with what
    /// to do.
    pub fn remarks(&self, site: &SiteId) -> Vec<String> {
        let zone = self.file().map_or(TimeZone::UTC, |file| file.timezone);
        let local = |at: &Timestamp| at.to_zoned(zone.clone()).strftime("%F %R %Z").to_string();
        let mut remarks = Vec::new();
        if let Some(Retiring { at, checksum }) = &self.retiring {
            remarks.push(format!(
                "{site} is being retired since {}: Doorstep is revoking the access that it granted. When no one is left, \
                 run `doorstep retire {site} --revoke-access --yes {checksum}` again",
                local(at)
            ));
            return remarks;
        }
        if self.observing {
            remarks.push(format!(
                "{site} only observes, because this was its first push: nothing is changed at the doors. If the diff \
                 is right, push the file again with --mode and its mode"
            ));
        }
        if let Some(Paused { at, why }) = &self.paused {
            let why = why
                .as_ref()
                .map(|why| format!(" ({why})"))
                .unwrap_or_default();
            remarks.push(format!(
                "{site} is paused since {}{why}: nothing is changed at the doors until `doorstep resume {site}`",
                local(at)
            ));
        }
        remarks
    }
}

/// Builds the write that puts `new` in force in place of `now`. A site that returns after its
/// retirement starts at the revision of its version number, so that a value read before the
/// retirement cannot replace it.
fn replace(site: &SiteId, now: Option<&SiteVersion>, new: &SiteVersion) -> Result<Write> {
    let (was, revision) = match now {
        Some(now) => (now.is_in_force(), now.revision + 1),
        None => (WriteCondition::New, new.n),
    };
    Ok(Write::put(key::active(site), body(new)?)
        .version(revision.max(new.n))
        .only_if(was))
}

impl Store {
    /// Loads the site file in force; `None` for an unknown site.
    pub async fn active(&self, site: &SiteId) -> Result<Option<SiteVersion>> {
        let Some(item) = self.get(&key::active(site)).await? else {
            return Ok(None);
        };
        Ok(Some(SiteVersion {
            revision: item.version,
            ..item.read()?
        }))
    }

    /// Loads the site file in force of a site that must exist.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown site.
    pub async fn in_force(&self, site: &SiteId) -> Result<SiteVersion> {
        self.active(site)
            .await?
            .ok_or_else(|| Error::invalid(format!("there is no site {site}")))
    }

    /// Stores a site file as a new version and puts it in force with its own mode. The text that is
    /// in force is stored again only while its first push is not confirmed; this confirms it.
    /// Returns the number of the version in force.
    pub async fn store_site(
        &self,
        site_route: &SiteRoute,
        text: &str,
        at: Timestamp,
    ) -> Result<u64> {
        let now = self.active(&site_route.site).await?;
        match &now {
            Some(stored) if stored.text == text && !stored.observing => Ok(stored.n),
            _ => {
                let new = self
                    .next_version(&site_route.site, now.as_ref(), text, at)
                    .await?;
                self.store_site_over(now.as_ref(), site_route, &new).await
            }
        }
    }

    /// Returns the version that follows `now` when `text` is put in force. A retired site continues
    /// its numbers, so that references to its older versions keep their meaning.
    pub async fn next_version(
        &self,
        site: &SiteId,
        now: Option<&SiteVersion>,
        text: &str,
        at: Timestamp,
    ) -> Result<SiteVersion> {
        let mut new = SiteVersion::after(now, text, at);
        if now.is_none() {
            new.n += self.last_number(site).await?;
        }
        Ok(new)
    }

    /// Stores `new` as its own version and puts it in force, if `now` is still in force. Returns
    /// its number.
    ///
    /// # Errors
    /// [`Error::Retry`] if another version is in force by now.
    pub async fn store_site_over(
        &self,
        now: Option<&SiteVersion>,
        site_route: &SiteRoute,
        new: &SiteVersion,
    ) -> Result<u64> {
        let site = &site_route.site;
        let writes = vec![
            Write::put(key::version(site, new.n), body(new)?),
            replace(site, now, new)?,
            Write::put(key::site(site), body(site_route)?),
        ];
        self.write_all(WriteStep::Keep, writes).await?;
        Ok(new.n)
    }

    /// Deletes every version of a site file that is no longer in force and contains this address.
    /// Returns how many.
    pub async fn erase_versions(&self, site: &SiteId, email: &str) -> Result<usize> {
        let active = self.active(site).await?.map_or(0, |stored| stored.n);
        let mut writes = Vec::new();
        for item in self.list(&key::version(site, 0).pk, key::VERSIONS).await? {
            // Searches the stored text, so that unreadable versions are deleted too.
            let at = Key {
                pk: key::version(site, 0).pk,
                sk: item.sk.clone(),
            };
            if at != key::version(site, active) && item.body.to_lowercase().contains(email) {
                writes.push(Write::delete(at));
            }
        }
        let erased = writes.len();
        self.write_many(writes).await?;
        Ok(erased)
    }

    /// Pauses or resumes a site, if `now` is still in force. The version stays the same.
    ///
    /// # Errors
    /// [`Error::Retry`] if another version is in force by now.
    pub async fn pause_site(
        &self,
        site: &SiteId,
        now: &SiteVersion,
        paused: Option<Paused>,
    ) -> Result<()> {
        let new = SiteVersion {
            paused,
            ..now.clone()
        };
        self.write(replace(site, Some(now), &new)?).await
    }

    /// Starts the retirement of a site, if `now` is still in force.
    ///
    /// # Errors
    /// [`Error::Retry`] if another version is in force by now.
    pub async fn retire_site(
        &self,
        site: &SiteId,
        now: &SiteVersion,
        retiring: Retiring,
    ) -> Result<()> {
        let new = SiteVersion {
            retiring: Some(retiring),
            ..now.clone()
        };
        self.write(replace(site, Some(now), &new)?).await
    }

    /// Takes a site out of service, if `now` is still in force. Its other items stay.
    ///
    /// # Errors
    /// [`Error::Retry`] if another version is in force by now.
    pub async fn strike_site(&self, site: &SiteId, now: &SiteVersion) -> Result<()> {
        let gone = Write::delete(key::active(site)).only_if(now.is_in_force());
        self.write_all(WriteStep::Keep, vec![gone, Write::delete(key::site(site))])
            .await
    }

    /// Returns the number of the latest stored version of a site, in force or not; 0 if there is
    /// none. Reads only its key.
    async fn last_number(&self, site: &SiteId) -> Result<u64> {
        let last = self
            .last_below(&key::active(site).pk, key::AFTER_VERSIONS)
            .await?;
        Ok(last
            .and_then(|last| last.sk.strip_prefix(key::VERSIONS)?.parse().ok())
            .unwrap_or_default())
    }

    /// Loads the latest stored version of a site, in force or not.
    pub async fn last_version(&self, site: &SiteId) -> Result<Option<SiteVersion>> {
        let last = self
            .last_below(&key::active(site).pk, key::AFTER_VERSIONS)
            .await?;
        last.filter(|item| item.sk.starts_with(key::VERSIONS))
            .as_ref()
            .map(Item::read)
            .transpose()
    }

    /// Returns whether a site has an audit chain. The chain is never deleted, so it shows whether
    /// Doorstep ever acted there.
    pub async fn has_chain(&self, site: &SiteId) -> Result<bool> {
        Ok(self
            .last_below(&key::audits(site), key::AFTER_AUDITS)
            .await?
            .is_some())
    }

    /// Returns how many items of a site exist besides its audit chain.
    pub async fn kept_of_site(&self, site: &SiteId) -> Result<usize> {
        Ok(self.keys_of_site(site).await?.len())
    }

    /// Deletes all items of a site except its audit chain. Returns how many.
    pub async fn forget_site(&self, site: &SiteId) -> Result<usize> {
        let keys = self.keys_of_site(site).await?;
        let count = keys.len();
        self.write_many(keys.into_iter().map(Write::delete).collect())
            .await?;
        Ok(count)
    }

    async fn keys_of_site(&self, site: &SiteId) -> Result<Vec<Key>> {
        let chain = key::audits(site);
        let keys = self.keys_below(&format!("{site}#")).await?;
        Ok(keys.into_iter().filter(|key| key.pk != chain).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_stored_is_read_and_compared_as_it_was() {
        let old = r#"{"n":3,"text":"site = 1"}"#;
        let read: SiteVersion = serde_json::from_str(old).expect("it reads");
        assert_eq!(
            (read.n, read.at, read.observing, &read.paused),
            (3, None, false, &None)
        );
        assert_eq!(
            serde_json::to_string(&read).expect("JSON"),
            old,
            "or it could never be replaced"
        );
    }

    #[test]
    fn a_pause_outlives_a_new_file() {
        let at = Timestamp::UNIX_EPOCH;
        let paused = Some(Paused { at, why: None });
        let now = SiteVersion {
            n: 1,
            observing: true,
            paused: paused.clone(),
            ..SiteVersion::default()
        };
        let next = SiteVersion::after(Some(&now), "text", at);
        assert_eq!((next.n, next.observing, next.paused), (2, false, paused));
    }
}
