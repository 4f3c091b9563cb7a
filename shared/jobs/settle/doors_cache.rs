//! What one run has read from the door systems. Batches of the same run share it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::accounts::reader;
use super::batch::SLICE_TIME;
use super::cards::Books;
use super::directory::Directory;
use super::evaluate::Evaluation;
use super::other_sites::{OthersByPerson, read_others};
use super::phase::Phase;
use super::site_context::SiteContext;
use doorstep_core::decide::credibility::AGREEING;
use doorstep_core::model::account::{GroupId, GroupMember, GroupRef};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::Mode;

/// Groups that could not be read, with the error.
pub type Unread = BTreeMap<GroupRef, Error>;

/// What one run has read from the door systems. Batches of the same run share it.
#[derive(Default)]
pub struct DoorsCache {
    /// The members of every group that concerns anyone in the run.
    pub groups: ActualGroups,
    /// The instant at which the first of these groups was read.
    groups_read: Option<Instant>,
    /// The number of people in the whole run whose accounts must be fetched. A batch holds some of them.
    pub newcomers: usize,
    /// The groups that could not be read.
    pub unread: Unread,
    /// What other sites of the stack hold of these people's accounts.
    pub others: OthersByPerson,
    /// The accounts that were fetched.
    pub directory: Directory,
    /// The cards that were read.
    pub books: Books,
}

impl DoorsCache {
    /// Reads what a round needs. Groups that were read recently are reused if only accounts were created since.
    pub async fn begin_round(&mut self, scene: &SiteContext, sittings: &[Evaluation], portion: Phase, now: Timestamp) {
        let old = self.groups_read.is_some_and(|read| read.elapsed() > SLICE_TIME);
        if old && portion != Phase::Accounts {
            self.forget_groups();
        }
        self.unread.clear();
        self.directory.begin_round();
        self.books = Books::default();
        if scene.site.mode == Mode::Observe {
            return;
        }
        self.read_groups(scene, sittings).await;
        self.others = read_others(scene, sittings).await;
        if portion.has_cards() {
            self.books = Books::open(scene, sittings, now).await;
        }
    }

    /// Discards all groups after they were changed, so that they are read again.
    pub fn forget_groups(&mut self) {
        (self.groups, self.groups_read) = (ActualGroups::new(), None);
    }

    /// Reads each group that concerns anyone once, all door systems concurrently. A group that the door system no
    /// longer has counts as empty.
    async fn read_groups(&mut self, scene: &SiteContext, sittings: &[Evaluation]) {
        let mut wanted: BTreeMap<&String, Vec<(&GroupId, bool)>> = BTreeMap::new();
        let groups: BTreeSet<_> = sittings.iter().flat_map(|sitting| &sitting.groups).collect();
        for at in groups {
            let claimed = is_claimed(sittings, &at.doors, &at.group);
            let known = self.groups.get(at);
            if known.is_none_or(|rows| claimed && rows.is_empty()) {
                wanted.entry(&at.doors).or_default().push((&at.group, claimed));
            }
        }
        if !wanted.is_empty() {
            self.groups_read.get_or_insert_with(Instant::now);
        }
        let reads = wanted.into_iter().map(|(doors, groups)| async move {
            let mut read = Vec::new();
            for (group, claimed) in groups {
                read.push((GroupRef::new(doors, group), rows(scene, doors, group, claimed).await));
            }
            read
        });
        for (at, rows) in join_all(reads).await.into_iter().flatten() {
            match rows {
                Ok(rows) => drop(self.groups.insert(at, GroupRows::of(rows))),
                Err(error) => drop(self.unread.insert(at, error)),
            }
        }
    }
}

/// Returns the members of a group. A claimed group that seems empty is read three times before that is believed.
/// Otherwise a wrong answer would delete the claims, and the access would stay open for ever.
async fn rows(scene: &SiteContext, doors: &str, group: &GroupId, claimed: bool) -> Result<Vec<GroupMember>> {
    let reader = reader(scene, doors)?;
    if scene.terms.get(doors).is_some_and(|terms| !terms.has(group)) {
        return Ok(Vec::new());
    }
    let mut rows = reader.rows(group).await?;
    for _ in 1..AGREEING {
        if !claimed || !rows.is_empty() {
            break;
        }
        rows = reader.rows(group).await?;
    }
    Ok(rows)
}

fn is_claimed(sittings: &[Evaluation], doors: &str, group: &GroupId) -> bool {
    sittings.iter().any(|sitting| sitting.case.person.claim(doors, group).is_some())
}
