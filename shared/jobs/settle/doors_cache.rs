//! What one run has read from the door systems. Batches of the same run share it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::{BoxFuture, join, join_all};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::accounts::reader;
use super::cards::Books;
use super::directory::{AccountDirectory, SoughtByDoors};
use super::evaluate::Evaluation;
use super::other_sites::{OthersByPerson, read_others};
use super::person_work::PersonWork;
use super::phase::Phase;
use super::site_context::SiteContext;
use doorstep_core::budgets::run::BATCH_TIME;
use doorstep_core::budgets::vendor_http::AT_ONCE;
use doorstep_core::decide::credibility::AGREEING;
use doorstep_core::model::account::{GroupId, GroupMember, GroupRef};
use doorstep_core::model::actual_groups::{ActualGroups, GroupRows};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Mode;

/// Groups that could not be read, with the error.
pub type Unread = BTreeMap<GroupRef, Error>;

/// What one run has read from the door systems. Batches of the same run share it.
#[derive(Default)]
pub struct DoorsCache {
    /// The members of every group that concerns anyone in the run.
    pub groups: ActualGroups,
    /// The instant at which the first of these groups was read.
    groups_read: Option<Timestamp>,
    /// The number of people in the whole run whose accounts must be fetched. A batch holds some of
    /// them.
    pub newcomers: usize,
    /// The groups that could not be read.
    pub unread: Unread,
    /// What other sites of the stack hold of these people's accounts.
    pub others: OthersByPerson,
    /// The accounts that were fetched.
    pub directory: AccountDirectory,
    /// The cards that were read.
    pub books: Books,
}

impl DoorsCache {
    /// Begins a round. Groups that were read recently are reused if at most accounts were created
    /// since.
    pub fn begin_round(&mut self, context: &SiteContext) {
        let now = context.environment.time.now();
        // A clock that was set back says nothing about the age.
        let is_old = |read: Timestamp| {
            Duration::try_from(now.duration_since(read)).map_or(true, |age| age > BATCH_TIME)
        };
        let old = self.groups_read.is_some_and(is_old);
        if old && context.phase != Phase::Accounts {
            self.forget_groups();
        }
        self.unread.clear();
        self.directory.begin_round();
        self.books = Books::default();
    }

    /// Reads what the round needs: the groups beside the accounts in `sought`, then the other sites
    /// and the cards.
    pub async fn read(
        &mut self,
        context: &SiteContext,
        evaluations: &[Evaluation],
        sought: SoughtByDoors,
    ) {
        if context.site.mode == Mode::Observe {
            return;
        }
        self.read_doors(context, evaluations, sought).await;
        self.others = read_others(context, evaluations).await;
        if context.phase.has_cards() {
            self.books = Books::open(context, evaluations).await;
        }
    }

    /// Records what a round changed: changed groups must be read again, and changed accounts need
    /// not be.
    pub fn note_changes(&mut self, phase: Phase, evaluations: &[Evaluation], works: &[PersonWork]) {
        // A takeover changes no group, and every batch of it concerns most groups.
        let has_acted = works
            .iter()
            .any(|work| work.decision.actions().next().is_some());
        if has_acted && phase != Phase::Accounts {
            self.forget_groups();
        }
        evaluations
            .iter()
            .zip(works)
            .for_each(|(evaluation, work)| self.note_accounts(evaluation, work));
    }

    fn note_accounts(&mut self, evaluation: &Evaluation, work: &PersonWork) {
        for (doors, step) in work.decision.actions() {
            if !step.is_of_the_account() {
                continue;
            }
            if let Some(before) = evaluation.state.person.accounts.get(doors) {
                self.directory.forget(doors, &before.account.id);
            }
            if let Some(now) = work.person.accounts.get(doors)
                && !work
                    .failures
                    .iter()
                    .any(|failure| failure.doors() == Some(doors))
            {
                self.directory.note(doors, &now.account);
            }
        }
    }

    /// Discards all groups after they were changed, so that they are read again.
    fn forget_groups(&mut self) {
        (self.groups, self.groups_read) = (ActualGroups::new(), None);
    }

    /// Reads each group that concerns anyone once, and fetches the accounts that are `sought`, side
    /// by side. A group that the door system no longer has counts as empty.
    async fn read_doors(
        &mut self,
        context: &SiteContext,
        evaluations: &[Evaluation],
        sought: SoughtByDoors,
    ) {
        let mut wanted: BTreeMap<&DoorsName, Vec<(&GroupId, bool)>> = BTreeMap::new();
        let groups: BTreeSet<_> = evaluations
            .iter()
            .flat_map(|evaluation| &evaluation.groups)
            .collect();
        for at in groups {
            let claimed = is_claimed(evaluations, &at.doors, &at.group);
            let known = self.groups.get(at);
            if known.is_none_or(|rows| claimed && rows.is_empty()) {
                wanted
                    .entry(&at.doors)
                    .or_default()
                    .push((&at.group, claimed));
            }
        }
        if !wanted.is_empty() {
            let now = || context.environment.time.now();
            self.groups_read.get_or_insert_with(now);
        }
        let reads = wanted.into_iter().map(|(doors, groups)| async move {
            let reads: Vec<BoxFuture<'_, (GroupRef, Result<Vec<GroupMember>>)>> = groups
                .into_iter()
                .map(|(group, claimed)| {
                    let at = GroupRef::new(doors, group);
                    Box::pin(async move { (at, rows(context, doors, group, claimed).await) }) as _
                })
                .collect();
            let reads = stream::iter(reads).buffered(AT_ONCE);
            reads.collect::<Vec<_>>().await
        });
        let accounts = self.directory.fetch_ahead(context, sought);
        let (read, ()) = join(join_all(reads), accounts).await;
        for (at, rows) in read.into_iter().flatten() {
            match rows {
                Ok(rows) => drop(self.groups.insert(at, GroupRows::of(rows))),
                Err(error) => drop(self.unread.insert(at, error)),
            }
        }
    }
}

/// Returns the members of a group. A claimed group that seems empty is read three times before the
/// empty list is accepted. Otherwise a wrong answer would delete the claims, and the access would
/// stay open for ever.
async fn rows(
    context: &SiteContext,
    doors: &DoorsName,
    group: &GroupId,
    claimed: bool,
) -> Result<Vec<GroupMember>> {
    let reader = reader(context, doors)?;
    if context
        .systems
        .get(doors)
        .is_some_and(|system| !system.has(group))
    {
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

fn is_claimed(evaluations: &[Evaluation], doors: &DoorsName, group: &GroupId) -> bool {
    evaluations
        .iter()
        .any(|evaluation| evaluation.state.person.claim(doors, group).is_some())
}
