//! The diff as a value: it is printed, serialized and compared. It cannot be applied.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::reasons::ClosedReason;
use doorstep_core::site::Mode;

/// The changes that a site file would make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteDiff {
    /// The site.
    pub site: SiteId,
    /// The mode of the file. In `observe` nothing of the diff would be applied.
    pub mode: Mode,
    /// The instant of the evaluation.
    pub at: Timestamp,
    /// The site's time zone, in which the diff is printed.
    pub timezone: String,
    /// Groups with changes or with foreign members.
    pub groups: Vec<GroupDiff>,
    /// Changes of the accounts themselves.
    pub accounts: Vec<AccountDiff>,
    /// Changes of cards.
    #[serde(default)]
    pub tags: Vec<TagDiff>,
    /// Windows that begin within a day, earliest first.
    pub soon: Vec<Soon>,
    /// Access that closures take away now or within a day, earliest first.
    #[serde(default)]
    pub closed: Vec<ClosedAccess>,
    /// Problems for the operator.
    pub problems: Vec<String>,
    /// The numbers of changes.
    pub counts: Counts,
}

/// The changes of one group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupDiff {
    /// The door system.
    pub doors: DoorsName,
    /// The group.
    pub group: String,
    /// The group's name at the door system.
    pub name: String,
    /// Grants.
    pub opens: Vec<AccessChange>,
    /// Revokes.
    pub closes: Vec<AccessChange>,
    /// Members whose membership gets another end.
    pub extends: Vec<AccessChange>,
    /// Members whom Doorstep would claim, with no change at the door.
    pub adopts: Vec<AccessChange>,
    /// Members whom Doorstep would no longer claim, with no change at the door.
    pub releases: Vec<AccessChange>,
    /// Foreign members, who stay.
    pub foreign: Vec<ShownPerson>,
}

impl GroupDiff {
    /// Creates the entry of a group without changes.
    pub fn of(doors: &DoorsName, group: &GroupId, name: &str) -> Self {
        GroupDiff {
            doors: doors.to_owned(),
            group: group.0.clone(),
            name: name.to_owned(),
            ..GroupDiff::default()
        }
    }
}

/// A change of one person in one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessChange {
    /// The person.
    pub who: ShownPerson,
    /// The end of the person's window, if it has one.
    pub until: Option<Timestamp>,
    /// The reason: facts by their ids, and the rule with its line in the file.
    pub because: String,
    /// The closure that ends the access, for a revoke on a closed day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedReason>,
}

/// A person as the operator sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShownPerson {
    /// The name at the platform, or else at the door system.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Doorstep's person id; `None` for a new person or an unlinked account.
    pub person: Option<PersonId>,
    /// The account; `None` if it would be created.
    pub account: Option<AccountId>,
}

/// A change of one account itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountDiff {
    /// The door system.
    pub doors: DoorsName,
    /// The change.
    pub what: AccountChangeKind,
    /// The person.
    pub who: ShownPerson,
}

/// The kinds of changes of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountChangeKind {
    /// It would be created.
    Made,
    /// Doorstep suspended it, and would resume it.
    #[serde(rename = "woken")]
    Resumed,
    /// It would get the platform's name.
    Renamed,
    /// It would be suspended.
    Suspended,
    /// It would be deleted.
    Deleted,
}

/// A change of one card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagDiff {
    /// The door system.
    pub doors: DoorsName,
    /// The change.
    pub what: TagDone,
    /// The last characters of the card's number.
    pub tag: String,
    /// The person.
    pub who: ShownPerson,
    /// The reason.
    pub because: String,
}

/// The kinds of changes of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TagDone {
    /// It would be assigned to the person.
    Tagged,
    /// It would be removed from the person.
    Untagged,
    /// It is assigned already, and Doorstep would claim it.
    Adopted,
    /// Doorstep would no longer claim it, with no change at the door.
    Released,
}

/// A window that has not begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Soon {
    /// When it begins.
    pub from: Timestamp,
    /// The door system.
    pub doors: DoorsName,
    /// The group's name.
    pub name: String,
    /// The person, the end and the reason.
    #[serde(flatten)]
    pub change: AccessChange,
}

/// Access that a closure takes away, and that no other rule gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosedAccess {
    /// When the access would have begun, or the closed days begin.
    pub from: Timestamp,
    /// When the access would have ended, or the closed days end.
    pub until: Option<Timestamp>,
    /// The door system.
    pub doors: DoorsName,
    /// The group's name.
    pub name: String,
    /// The person.
    pub who: ShownPerson,
    /// The closure.
    pub closed: ClosedReason,
    /// What would have opened the group: facts by their ids, and the rule with its line.
    pub because: String,
}

/// The numbers of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Grants.
    pub opens: usize,
    /// Revokes, including those of foreign members.
    pub closes: usize,
    /// Changed ends.
    pub extends: usize,
    /// Memberships that Doorstep would claim.
    pub adopts: usize,
    /// Memberships that Doorstep would no longer claim.
    pub releases: usize,
    /// Foreign memberships that stay.
    pub foreign: usize,
    /// Superseded memberships that Doorstep would remove; access stays as it is.
    pub tidied: usize,
    /// Accounts that would be created, resumed, renamed, suspended or deleted.
    pub accounts: usize,
    /// Cards that would be assigned, removed, claimed or no longer claimed.
    #[serde(default)]
    pub tags: usize,
    /// Windows that begin within a day.
    pub soon: usize,
    /// Accesses that closures take away within a day.
    #[serde(default)]
    pub closed: usize,
    /// Problems.
    pub problems: usize,
}

impl Counts {
    /// Returns whether nothing would change, at the doors or in the claims.
    pub fn is_empty(&self) -> bool {
        let Counts {
            opens,
            closes,
            extends,
            adopts,
            releases,
            tidied,
            accounts,
            tags,
            ..
        } = self;
        opens + closes + extends + adopts + releases + tidied + accounts + tags == 0
    }
}

impl SiteDiff {
    /// Returns whether nothing would change, at the doors or in the claims.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Sorts and counts everything.
    pub fn finish(&mut self) {
        let SiteDiff {
            site: _,
            mode: _,
            at: _,
            timezone: _,
            groups,
            accounts,
            tags,
            soon,
            closed,
            problems,
            counts,
        } = self;
        let Counts {
            opens,
            closes,
            extends,
            adopts,
            releases,
            foreign,
            tidied: _,
            accounts: done,
            tags: changed,
            soon: windows,
            closed: shut,
            problems: wrong,
        } = counts;
        groups.sort_by(|a, b| (&a.doors, &a.name, &a.group).cmp(&(&b.doors, &b.name, &b.group)));
        for group in groups {
            let GroupDiff {
                doors: _,
                group: _,
                name: _,
                opens: o,
                closes: c,
                extends: e,
                adopts: a,
                releases: r,
                foreign: f,
            } = group;
            for (changes, count) in [
                (o, &mut *opens),
                (c, &mut *closes),
                (e, &mut *extends),
                (a, &mut *adopts),
                (r, &mut *releases),
            ] {
                changes.sort_by(|a, b| a.who.cmp(&b.who));
                *count += changes.len();
            }
            f.sort();
            *foreign += f.len();
        }
        tags.sort_by(|a, b| {
            (&a.doors, a.what, &a.who, &a.tag).cmp(&(&b.doors, b.what, &b.who, &b.tag))
        });
        *changed = tags.len();
        accounts.sort_by(|a, b| (&a.doors, a.what, &a.who).cmp(&(&b.doors, b.what, &b.who)));
        soon.sort_by(|a, b| {
            (a.from, &a.doors, &a.name, &a.change.who).cmp(&(
                b.from,
                &b.doors,
                &b.name,
                &b.change.who,
            ))
        });
        closed.sort_by(|a, b| {
            (a.from, &a.doors, &a.name, &a.who, a.closed)
                .cmp(&(b.from, &b.doors, &b.name, &b.who, b.closed))
        });
        problems.sort();
        problems.dedup();
        (*done, *windows, *wrong) = (accounts.len(), soon.len(), problems.len());
        *shut = closed.len();
    }
}
