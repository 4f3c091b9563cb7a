//! Builds the diff from the decisions of a comparison. Pure. It adds names, and leaves out people
//! without changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::closed::{KeptClosed, closure_at, kept_closed};
use super::diff::{
    AccessChange, AccountChangeKind, AccountDiff, ClosedAccess, Counts, GroupDiff, ShownPerson,
    SiteDiff, Soon, TagDiff, TagDone,
};
use crate::zone::zone_name;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::cards::shown;
use doorstep_core::decide::entitlement::open_at;
use doorstep_core::decide::group::is_valid;
use doorstep_core::decide::guard::judge::{Measure, judge};
use doorstep_core::decide::guard::{Tally, WaitingChange};
use doorstep_core::decide::person::DoorsDecision;
use doorstep_core::model::account::{Account, AccountId, GroupId, GroupMember, GroupRef, Standing};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::problem::{DoorsProblem, Problem};
use doorstep_core::model::reasons::FOREIGN;
use doorstep_core::model::window::Window;
use doorstep_jobs::compare::CompareContext;
use doorstep_jobs::compare::decide::Compared;
use doorstep_jobs::compare::foreign::ForeignMember;
use doorstep_jobs::compare::unconfirmed::{holders, inside, of_foreign, of_person};

/// Windows that begin within this time are shown too.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// An account that would be suspended or deleted if it is in no foreign group.
pub struct Idle {
    /// The door system.
    pub doors: DoorsName,
    /// The account.
    pub account: Arc<Account>,
    /// The number of groups that it would have left by then.
    pub left: usize,
    /// The diff entry, for an account without other groups.
    pub shown: AccountDiff,
}

/// A diff in progress.
pub struct Gathering<'a> {
    context: CompareContext<'a>,
    groups: BTreeMap<GroupRef, GroupDiff>,
    /// Accounts whose remaining groups must still be counted.
    pub idle: Vec<Idle>,
    /// Unconfirmed changes.
    pub waiting: Vec<WaitingChange>,
    /// The diff so far.
    pub diff: SiteDiff,
}

impl<'a> Gathering<'a> {
    /// Creates an empty diff. It shows the mode of the site file, even if the comparison uses
    /// another one.
    pub fn new(context: CompareContext<'a>) -> Self {
        let site = context.site;
        let diff = SiteDiff {
            site: site.id.clone(),
            mode: site.mode,
            at: context.now,
            timezone: zone_name(&site.timezone),
            groups: Vec::new(),
            accounts: Vec::new(),
            tags: Vec::new(),
            soon: Vec::new(),
            closed: Vec::new(),
            problems: Vec::new(),
            counts: Counts::default(),
        };
        Gathering {
            context,
            groups: BTreeMap::new(),
            idle: Vec::new(),
            waiting: Vec::new(),
            diff,
        }
    }

    /// Adds one person's decision.
    pub fn add(&mut self, compared: &Compared<'_>) {
        self.waiting.extend(of_person(compared));
        for (doors, step) in compared.result.actions() {
            self.step(compared, doors, step);
        }
        for (doors, here) in &compared.result.decision.by_doors {
            self.without_change(compared, doors, here);
        }
        self.soon(compared);
        self.closed(compared);
        self.problems(compared);
    }

    /// Adds what becomes Doorstep's, or stops being Doorstep's, with no change at the door.
    fn without_change(&mut self, compared: &Compared<'_>, doors: &DoorsName, here: &DoorsDecision) {
        for claim in &here.adopt {
            let change = self.claimed(compared, claim);
            self.group(&claim.doors, &claim.group).adopts.push(change);
        }
        for group in &here.disown {
            if let Some(claim) = compared.projected.person.claim(doors, group) {
                let change = self.claimed(compared, claim);
                self.group(doors, group).releases.push(change);
            }
        }
        for card in &here.adopt_cards {
            let who = self.who(compared, doors);
            self.diff.tags.push(tag(
                doors,
                who,
                TagDone::Adopted,
                &card.number,
                &card.because,
            ));
        }
        for number in &here.disown_cards {
            let who = self.who(compared, doors);
            self.diff.tags.push(tag(
                doors,
                who,
                TagDone::Released,
                number,
                "the person no longer has this number",
            ));
        }
    }

    fn step(&mut self, compared: &Compared<'_>, doors: &DoorsName, step: &Action) {
        let who = self.who(compared, doors);
        match step {
            Action::Grant {
                group,
                replaces,
                because,
                ..
            } => {
                let change = AccessChange {
                    until: self.end(compared, doors, group),
                    who,
                    because: because.to_string(),
                    closed: None,
                };
                let now = self.context.now;
                let open = replaces.iter().any(|row: &GroupMember| is_valid(row, now));
                let at = self.group(doors, group);
                if open {
                    at.extends.push(change)
                } else {
                    at.opens.push(change)
                }
            }
            Action::Revoke { group, because, .. } => {
                let because = because
                    .of(compared.projected.person.claim(doors, group))
                    .text;
                let at = GroupRef::new(doors, group);
                let change = AccessChange {
                    until: None,
                    who,
                    because,
                    closed: closure_at(&compared.result, &at, self.context.now),
                };
                self.group(doors, group).closes.push(change);
            }
            Action::Tidy { .. } => self.diff.counts.tidied += 1,
            Action::Create => self.account(doors, AccountChangeKind::Made, who),
            Action::Resume => self.account(doors, AccountChangeKind::Resumed, who),
            Action::Rename(_) => self.account(doors, AccountChangeKind::Renamed, who),
            Action::Suspend => self.idle(compared, doors, AccountChangeKind::Suspended, who),
            Action::Delete => self.idle(compared, doors, AccountChangeKind::Deleted, who),
            Action::Tag(change) => {
                self.diff.tags.push(tag(
                    doors,
                    who,
                    TagDone::Tagged,
                    &change.number,
                    &change.because,
                ));
            }
            Action::Untag(change) => {
                self.diff.tags.push(tag(
                    doors,
                    who,
                    TagDone::Untagged,
                    &change.number,
                    &change.because,
                ));
            }
        }
    }

    fn account(&mut self, doors: &DoorsName, what: AccountChangeKind, who: ShownPerson) {
        self.diff.accounts.push(AccountDiff {
            doors: doors.to_owned(),
            what,
            who,
        });
    }

    fn idle(
        &mut self,
        compared: &Compared<'_>,
        doors: &DoorsName,
        what: AccountChangeKind,
        who: ShownPerson,
    ) {
        if let Some(linked) = compared.projected.person.accounts.get(doors) {
            let here = compared.result.decision.by_doors.get(doors);
            let actions = here.into_iter().flat_map(|here| &here.actions);
            let left = actions
                .filter(|action| matches!(action, Action::Revoke { .. }))
                .count();
            let (doors, account) = (doors.to_owned(), linked.account.clone());
            self.idle.push(Idle {
                shown: AccountDiff {
                    doors: doors.clone(),
                    what,
                    who,
                },
                doors,
                account,
                left,
            });
        }
    }

    fn soon(&mut self, compared: &Compared<'_>) {
        let now = self.context.now;
        let end = now.checked_add(SOON).unwrap_or(now);
        for (GroupRef { doors, group }, intervals) in &compared.result.desired {
            for interval in intervals
                .iter()
                .filter(|interval| now < interval.window.from && interval.window.from <= end)
            {
                let change = AccessChange {
                    who: self.who(compared, doors),
                    until: interval.window.until,
                    because: interval.because.to_string(),
                    closed: None,
                };
                let (doors, name) = (doors.clone(), self.name(doors, group));
                self.diff.soon.push(Soon {
                    from: interval.window.from,
                    doors,
                    name,
                    change,
                });
            }
        }
    }

    fn closed(&mut self, compared: &Compared<'_>) {
        let now = self.context.now;
        let span = Window {
            from: now,
            until: now.checked_add(SOON).ok(),
        };
        for one in kept_closed(&compared.result.desired, &compared.result.closed, &span) {
            let KeptClosed {
                at,
                window,
                closed,
                because,
            } = one;
            let name = self.name(&at.doors, &at.group);
            self.diff.closed.push(ClosedAccess {
                from: window.from,
                until: window.until,
                who: self.who(compared, &at.doors),
                doors: at.doors,
                name,
                closed,
                because: because.to_string(),
            });
        }
    }

    fn problems(&mut self, compared: &Compared<'_>) {
        self.diff
            .problems
            .extend(compared.result.problems.iter().map(ToString::to_string));
        for (doors, why) in &compared.result.links.conflicts {
            let who = self.who(compared, doors);
            self.diff.problems.push(format!("{who}: {doors}: {why}"));
        }
        for (doors, trouble) in compared.result.decision.troubles() {
            let who = self.who(compared, doors);
            self.diff
                .problems
                .push(format!("{who}: {}", trouble.problem(doors)));
        }
        let suspended =
            |linked: &Linked| linked.account.standing == Standing::Suspended && !linked.suspended;
        let person = &compared.projected.person;
        for (doors, _) in person
            .accounts
            .iter()
            .filter(|(_, linked)| suspended(linked))
        {
            let mut groups = compared
                .result
                .groups
                .iter()
                .filter(|at| at.doors == *doors);
            if groups.any(|at| open_at(&compared.result.desired, at, self.context.now).is_some()) {
                let who = self.who(compared, doors);
                let problem = Problem::at(doors, DoorsProblem::Suspended);
                self.diff.problems.push(format!("{who}: {problem}"));
            }
        }
    }

    /// Adds the group members that no claim covers.
    pub fn foreign(&mut self, foreign: Vec<ForeignMember>) {
        self.waiting.extend(
            foreign
                .iter()
                .filter(|foreign| foreign.goes)
                .map(of_foreign),
        );
        for ForeignMember {
            doors,
            account,
            group,
            goes,
        } in foreign
        {
            let who = self.account_holder(&doors, &account);
            let because = FOREIGN.to_owned();
            let at = self.group(&doors, &group);
            if goes {
                at.closes.push(AccessChange {
                    who,
                    until: None,
                    because,
                    closed: None,
                });
            } else if !at
                .closes
                .iter()
                .any(|change| change.who.account == who.account)
            {
                at.foreign.push(who);
            }
        }
    }

    /// Adds which unconfirmed changes would wait for an approval, given the guard's count.
    pub fn held(&mut self, tally: &Tally) {
        if self.waiting.is_empty() {
            return;
        }
        let CompareContext {
            site,
            doors,
            people,
            now,
            ..
        } = self.context;
        let (inside, holders) = (inside(doors, now), holders(people));
        let measure = Measure {
            site: &site.id,
            guard: &site.guard,
            inside: &inside,
            holders: &holders,
            tally,
            now,
        };
        for (hold, _) in judge(measure, std::mem::take(&mut self.waiting)).holds {
            let (what, reason) = (hold.what(), &hold.reason);
            self.diff.problems.push(format!(
                "of this, {what} would wait for `doorstep approve`: {reason}"
            ));
        }
    }

    /// Returns the complete diff.
    pub fn done(mut self) -> SiteDiff {
        self.diff.groups = self.groups.into_values().collect();
        self.diff.finish();
        self.diff
    }

    fn group(&mut self, doors: &DoorsName, group: &GroupId) -> &mut GroupDiff {
        let name = self.name(doors, group);
        let at = GroupRef::new(doors, group);
        self.groups
            .entry(at)
            .or_insert_with(|| GroupDiff::of(doors, group, &name))
    }

    fn name(&self, doors: &DoorsName, group: &GroupId) -> String {
        self.context.doors.name_of(doors, group)
    }

    fn end(
        &self,
        compared: &Compared<'_>,
        doors: &DoorsName,
        group: &GroupId,
    ) -> Option<jiff::Timestamp> {
        open_at(
            &compared.result.desired,
            &GroupRef::new(doors, group),
            self.context.now,
        )?
        .window
        .until
    }

    fn claimed(&self, compared: &Compared<'_>, claim: &Claim) -> AccessChange {
        let until = self.end(compared, &claim.doors, &claim.group);
        AccessChange {
            who: self.who(compared, &claim.doors),
            until,
            because: claim.because.clone(),
            closed: None,
        }
    }

    fn who(&self, compared: &Compared<'_>, doors: &DoorsName) -> ShownPerson {
        let person = &compared.projected.person;
        let account = person.accounts.get(doors).map(|linked| &linked.account);
        let named = || account.and_then(|account| account.called());
        let of_account = || account.map(|account| self.account_holder(doors, &account.id).name);
        ShownPerson {
            name: compared
                .result
                .name
                .clone()
                .or_else(named)
                .or_else(of_account)
                .unwrap_or_else(|| "Guest".to_owned()),
            email: person.email.clone().or_else(|| account?.email.clone()),
            person: compared.projected.stored.map(|person| person.id.clone()),
            account: account.map(|account| account.id.clone()),
        }
    }

    fn account_holder(&self, doors: &DoorsName, id: &AccountId) -> ShownPerson {
        let account = self
            .context
            .doors
            .accounts
            .get(doors)
            .and_then(|accounts| accounts.get(id));
        let name = account
            .and_then(|account| account.called())
            .unwrap_or_else(|| "an unknown person".to_owned());
        let email = account.and_then(|account| account.email.clone());
        ShownPerson {
            name,
            email,
            person: None,
            account: Some(id.clone()),
        }
    }
}

fn tag(doors: &DoorsName, who: ShownPerson, what: TagDone, number: &str, because: &str) -> TagDiff {
    TagDiff {
        doors: doors.to_owned(),
        what,
        tag: shown(number),
        who,
        because: because.to_owned(),
    }
}
