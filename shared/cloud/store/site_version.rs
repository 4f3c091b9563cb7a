//! The site file in force, and how far it may go: less than it says while its first push is only looked at, or while the
//! operator has paused the site.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::{Condition, Item, Step, Store, Write, body};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::usual::is_usual;
use doorstep_core::site::route::SiteRoute;
use doorstep_core::site::{Mode, Site};

/// The site file in force.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteVersion {
    /// Its number, from one.
    pub n: u64,
    /// Its text.
    pub text: String,
    /// When it was put in force; `None`: by a version that did not note it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub at: Option<Timestamp>,
    /// It was pushed first and nobody said that it may act: nothing is changed at the doors, whatever its mode.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub observing: bool,
    /// The operator has paused the site: the same.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub paused: Option<Paused>,
    /// It is being taken out of service, and whoever we put in is taken out.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub retiring: Option<Retiring>,
    /// How often the item in force was written; 0 before it is stored. Writes are conditional on it and not on the content,
    /// because another version of Doorstep may write the same content in other words.
    #[serde(skip)]
    pub revision: u64,
}

/// That a site is being taken out of service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retiring {
    /// Since when.
    pub at: Timestamp,
    /// The checksum under which the operator confirmed it.
    pub checksum: String,
}

/// That a site is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Since when.
    pub at: Timestamp,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub why: Option<String>,
}

impl SiteVersion {
    /// What comes after `now` when `text` is put in force: it acts as it says, unless the site is paused.
    pub fn after(now: Option<&SiteVersion>, text: &str, at: Timestamp) -> Self {
        SiteVersion {
            n: now.map_or(1, |now| now.n + 1),
            text: text.to_owned(),
            at: Some(at),
            observing: false,
            paused: now.and_then(|now| now.paused.clone()),
            // Whoever pushes a file wants the site in service.
            retiring: None,
            revision: now.map_or(0, |now| now.revision),
        }
    }

    /// The site as its file has it.
    ///
    /// # Errors
    /// [`Error::Permanent`] where this version of Doorstep cannot read what another one stored.
    pub fn file(&self) -> Result<Site> {
        Site::parse(&self.text).map_err(|error| Error::permanent(format!("the stored site file: {error}")))
    }

    /// The site as it is in force: in mode observe while it may not act, whatever its file says, and without rules while
    /// everybody is taken out.
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

    /// What must hold for a write that replaces it: the item in force is this one.
    pub(super) fn is_in_force(&self) -> Condition {
        Condition::Version(self.revision)
    }

    /// When it took the place of the one before. Where nobody noted that, no window's end is later.
    pub fn replaced(&self) -> Timestamp {
        self.at.unwrap_or(Timestamp::MAX)
    }

    /// Why nothing is done although the file says otherwise, each with what to do about it.
    pub fn remarks(&self, site: &str) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(Retiring { at, checksum }) = &self.retiring {
            remarks.push(format!(
                "{site} is being retired since {}: whoever Doorstep put in is taken out. When nobody is left, say \
                 `doorstep retire {site} --revoke-access --yes {checksum}` once more",
                at.strftime("%F %R UTC")
            ));
            return remarks;
        }
        if self.observing {
            remarks.push(format!(
                "{site} only observes, because this was its first push: nothing is changed at the doors. When the diff \
                 is what you want, push the file again with --mode and the mode that it says"
            ));
        }
        if let Some(Paused { at, why }) = &self.paused {
            let why = why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            remarks.push(format!(
                "{site} is paused since {}{why}: nothing is changed at the doors until `doorstep resume {site}`",
                at.strftime("%F %R UTC")
            ));
        }
        remarks
    }
}

/// Puts `new` in force in place of `now`. A site that comes back begins at the number of its file, so that what was read
/// before it was struck replaces nothing.
fn replace(site: &str, now: Option<&SiteVersion>, new: &SiteVersion) -> Result<Write> {
    let (was, revision) = match now {
        Some(now) => (now.is_in_force(), now.revision + 1),
        None => (Condition::New, new.n),
    };
    Ok(Write::put(key::active(site), body(new)?).version(revision.max(new.n)).only_if(was))
}

impl Store {
    /// The site file in force; `None` for a site that is not here.
    pub async fn active(&self, site: &str) -> Result<Option<SiteVersion>> {
        let Some(item) = self.get(&key::active(site)).await? else { return Ok(None) };
        Ok(Some(SiteVersion { revision: item.version, ..item.read()? }))
    }

    /// The same of a site that must be here.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one that is not.
    pub async fn in_force(&self, site: &str) -> Result<SiteVersion> {
        self.active(site).await?.ok_or_else(|| Error::invalid(format!("there is no site {site}")))
    }

    /// Stores a site file as a new version and puts it in force with the mode that it says; the same text again changes
    /// nothing, but that it may act from now on. Gives the number of the version.
    pub async fn store_site(&self, plate: &SiteRoute, text: &str, at: Timestamp) -> Result<u64> {
        let now = self.active(&plate.site).await?;
        match &now {
            Some(stored) if stored.text == text && !stored.observing => Ok(stored.n),
            _ => {
                let new = self.next_version(&plate.site, now.as_ref(), text, at).await?;
                self.store_site_over(now.as_ref(), plate, &new).await
            }
        }
    }

    /// What comes after `now` when `text` is put in force. A site that was retired goes on counting: what refers to its
    /// older versions still means them.
    pub async fn next_version(
        &self,
        site: &str,
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

    /// Puts `new` in force as a version of its own, only while `now` is the version in force. Gives its number.
    ///
    /// # Errors
    /// [`Error::Retry`] where another version is in force by now.
    pub async fn store_site_over(
        &self,
        now: Option<&SiteVersion>,
        plate: &SiteRoute,
        new: &SiteVersion,
    ) -> Result<u64> {
        let site = &plate.site;
        let writes = vec![
            Write::put(key::version(site, new.n), body(new)?),
            replace(site, now, new)?,
            Write::put(key::site(site), body(plate)?),
        ];
        self.write_all(Step::Keep, writes).await?;
        Ok(new.n)
    }

    /// Erases every version of a site file that is no longer in force and names this address. Gives how many.
    pub async fn erase_versions(&self, site: &str, email: &str) -> Result<usize> {
        let active = self.active(site).await?.map_or(0, |stored| stored.n);
        let mut writes = Vec::new();
        for item in self.list(&key::version(site, 0).pk, key::VERSIONS).await? {
            // The address is sought in the item as it is kept, so that one that cannot be read is erased, too.
            let at = Key { pk: key::version(site, 0).pk, sk: item.sk.clone() };
            if at != key::version(site, active) && item.body.to_lowercase().contains(email) {
                writes.push(Write::delete(at));
            }
        }
        let erased = writes.len();
        self.write_many(writes).await?;
        Ok(erased)
    }

    /// Pauses a site, or ends its pause, only while `now` is the version in force, which stays so.
    ///
    /// # Errors
    /// [`Error::Retry`] where another version is in force by now.
    pub async fn pause_site(&self, site: &str, now: &SiteVersion, paused: Option<Paused>) -> Result<()> {
        let new = SiteVersion { paused, ..now.clone() };
        self.write(replace(site, Some(now), &new)?).await
    }

    /// Begins to take a site out of service, only while `now` is the version in force.
    ///
    /// # Errors
    /// [`Error::Retry`] where another version is in force by now.
    pub async fn retire_site(&self, site: &str, now: &SiteVersion, retiring: Retiring) -> Result<()> {
        let new = SiteVersion { retiring: Some(retiring), ..now.clone() };
        self.write(replace(site, Some(now), &new)?).await
    }

    /// Takes a site out of service, only while `now` is the version in force. What is kept of it stays.
    ///
    /// # Errors
    /// [`Error::Retry`] where another version is in force by now.
    pub async fn strike_site(&self, site: &str, now: &SiteVersion) -> Result<()> {
        let gone = Write::delete(key::active(site)).only_if(now.is_in_force());
        self.write_all(Step::Keep, vec![gone, Write::delete(key::site(site))]).await
    }

    /// The number of the latest version that was ever stored of a site; 0 where there is none. Its key alone says it.
    async fn last_number(&self, site: &str) -> Result<u64> {
        let last = self.last_below(&key::active(site).pk, key::AFTER_VERSIONS).await?;
        Ok(last.and_then(|last| last.sk.strip_prefix(key::VERSIONS)?.parse().ok()).unwrap_or_default())
    }

    /// The latest version that was ever stored of a site, in force or not.
    pub async fn last_version(&self, site: &str) -> Result<Option<SiteVersion>> {
        let last = self.last_below(&key::active(site).pk, key::AFTER_VERSIONS).await?;
        last.filter(|item| item.sk.starts_with(key::VERSIONS)).as_ref().map(Item::read).transpose()
    }

    /// Whether anything was ever done at a site: its audit chain is never deleted.
    pub async fn has_chain(&self, site: &str) -> Result<bool> {
        Ok(self.last_below(&key::audits(site), key::AFTER_AUDITS).await?.is_some())
    }

    /// How many items are kept of a site besides its audit chain.
    pub async fn kept_of_site(&self, site: &str) -> Result<usize> {
        Ok(self.keys_of_site(site).await?.len())
    }

    /// Deletes everything that is kept of a site but its audit chain. Gives how many items that were.
    pub async fn forget_site(&self, site: &str) -> Result<usize> {
        let keys = self.keys_of_site(site).await?;
        let count = keys.len();
        self.write_many(keys.into_iter().map(Write::delete).collect()).await?;
        Ok(count)
    }

    async fn keys_of_site(&self, site: &str) -> Result<Vec<Key>> {
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
        assert_eq!((read.n, read.at, read.observing, &read.paused), (3, None, false, &None));
        assert_eq!(serde_json::to_string(&read).expect("JSON"), old, "or it could never be replaced");
    }

    #[test]
    fn a_pause_outlives_a_new_file() {
        let at = Timestamp::UNIX_EPOCH;
        let paused = Some(Paused { at, why: None });
        let now = SiteVersion { n: 1, observing: true, paused: paused.clone(), ..SiteVersion::default() };
        let next = SiteVersion::after(Some(&now), "text", at);
        assert_eq!((next.n, next.observing, next.paused), (2, false, paused));
    }
}
