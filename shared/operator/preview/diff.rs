//! What would change, as a value: it is shown, sent and compared, and nothing in it can be carried out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_core::model::account::{AccountId, GroupId};

/// What a site file would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// The site.
    pub site: String,
    /// The mode that the file says. In `observe` nothing of all this would be done.
    pub mode: String,
    /// The instant for which it was judged.
    pub at: Timestamp,
    /// The site's time zone, in which it is printed.
    pub timezone: String,
    /// Groups in which anything changes, or somebody foreign is.
    pub groups: Vec<GroupDiff>,
    /// What would be done to accounts themselves.
    pub accounts: Vec<AccountDiff>,
    /// Whose cards would change.
    #[serde(default)]
    pub tags: Vec<TagDiff>,
    /// What opens within a day, earliest first.
    pub soon: Vec<Soon>,
    /// What somebody should look at.
    pub problems: Vec<String>,
    /// How much all that is.
    pub counts: Counts,
}

/// What changes in one group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupDiff {
    /// Door system.
    pub doors: String,
    /// Group.
    pub group: String,
    /// Its name there.
    pub name: String,
    /// Who would be let in.
    pub opens: Vec<Change>,
    /// Who would be taken out.
    pub closes: Vec<Change>,
    /// Who is in, and would be until another instant.
    pub extends: Vec<Change>,
    /// Who is in already and would be ours from now on.
    pub adopts: Vec<Change>,
    /// Who would no longer be ours, with no change at the door.
    pub releases: Vec<Change>,
    /// Who is in, is not ours, and stays.
    pub foreign: Vec<Who>,
}

impl GroupDiff {
    /// A group in which nothing changes yet.
    pub fn of(doors: &str, group: &GroupId, name: &str) -> Self {
        GroupDiff { doors: doors.to_owned(), group: group.0.clone(), name: name.to_owned(), ..GroupDiff::default() }
    }
}

/// One person in one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Who.
    pub who: Who,
    /// When their window ends, where it does.
    pub until: Option<Timestamp>,
    /// Why: facts by their ids, and the rule with its line in the file.
    pub because: String,
}

/// Somebody, for the operator's eyes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Who {
    /// What the platform calls them, or else the door system.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// Our own id of them; none for a newcomer or a stranger.
    pub person: Option<String>,
    /// Their account there; none where one would be made.
    pub account: Option<AccountId>,
}

/// One account that would be changed itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountDiff {
    /// Door system.
    pub doors: String,
    /// What would be done.
    pub what: Done,
    /// Whose.
    pub who: Who,
}

/// What can be done to an account itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// It would be made.
    Made,
    /// It was suspended by us, and would be woken.
    Woken,
    /// It would be given the platform's name.
    Renamed,
    /// It would be suspended.
    Suspended,
    /// It would be deleted.
    Deleted,
}

/// One card of somebody's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagDiff {
    /// Door system.
    pub doors: String,
    /// What would be done.
    pub what: TagDone,
    /// The last characters of its number.
    pub tag: String,
    /// Whose.
    pub who: Who,
    /// Why.
    pub because: String,
}

/// What can become of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TagDone {
    /// It would be made theirs.
    Tagged,
    /// It would be made nobody's.
    Untagged,
    /// It is theirs already and would be ours from now on.
    Adopted,
    /// It would no longer be ours, with no change at the door.
    Released,
}

/// A window that is not open yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Soon {
    /// When it opens.
    pub from: Timestamp,
    /// Door system.
    pub doors: String,
    /// The group's name.
    pub name: String,
    /// For whom, until when, and why.
    #[serde(flatten)]
    pub change: Change,
}

/// How much would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Grants.
    pub opens: usize,
    /// Revokes, of foreign people too.
    pub closes: usize,
    /// Other ends.
    pub extends: usize,
    /// Lines that become ours.
    pub adopts: usize,
    /// Lines that are no longer ours.
    pub releases: usize,
    /// Foreign lines that stay.
    pub foreign: usize,
    /// Older lines of ours that would be tidied away; what is open stays as it is.
    pub tidied: usize,
    /// Accounts made, woken, renamed, suspended or deleted.
    pub accounts: usize,
    /// Cards that would become somebody's, or nobody's, or be taken into the books or out of them.
    #[serde(default)]
    pub tags: usize,
    /// Windows that open within a day.
    pub soon: usize,
    /// Problems.
    pub problems: usize,
}

impl Counts {
    /// Whether nothing would be done, at the doors or in the books.
    pub fn is_empty(&self) -> bool {
        let Counts { opens, closes, extends, adopts, releases, tidied, accounts, tags, .. } = self;
        opens + closes + extends + adopts + releases + tidied + accounts + tags == 0
    }
}

impl Diff {
    /// Whether nothing would be done, at the doors or in the books.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Puts everything in order, and counts it.
    pub fn finish(&mut self) {
        let Diff { site: _, mode: _, at: _, timezone: _, groups, accounts, tags, soon, problems, counts } = self;
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
            for (changes, count) in
                [(o, &mut *opens), (c, &mut *closes), (e, &mut *extends), (a, &mut *adopts), (r, &mut *releases)]
            {
                changes.sort_by(|a, b| a.who.cmp(&b.who));
                *count += changes.len();
            }
            f.sort();
            *foreign += f.len();
        }
        tags.sort_by(|a, b| (&a.doors, a.what, &a.who, &a.tag).cmp(&(&b.doors, b.what, &b.who, &b.tag)));
        *changed = tags.len();
        accounts.sort_by(|a, b| (&a.doors, a.what, &a.who).cmp(&(&b.doors, b.what, &b.who)));
        soon.sort_by(|a, b| {
            (a.from, &a.doors, &a.name, &a.change.who).cmp(&(b.from, &b.doors, &b.name, &b.change.who))
        });
        problems.sort();
        problems.dedup();
        (*done, *windows, *wrong) = (accounts.len(), soon.len(), problems.len());
    }
}
