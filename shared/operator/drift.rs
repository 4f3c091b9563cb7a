//! Drift: what of the version in force is not so at the doors now, told apart by whether a hand did it. It reads, and
//! changes nothing; telling apart is pure.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::preview::diff::{Change, Diff, Done, GroupDiff, TagDone, Who};
use crate::preview::print::Zone;
use crate::push;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::person::Person;
use doorstep_core::shown_line;
use doorstep_core::site::Mode;

/// Everything that is not so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The site.
    pub site: String,
    /// The version in force.
    pub version: u64,
    /// The mode in force. In `observe` nothing of it is put right.
    pub mode: Mode,
    /// Why the version in force may not act, and what to do about it.
    pub remarks: Vec<String>,
    /// The instant for which it was judged.
    pub at: Timestamp,
    /// The site's time zone, in which it is printed.
    pub timezone: String,
    /// What is not so.
    pub found: Vec<Drifted>,
    /// What somebody should look at.
    pub problems: Vec<String>,
}

/// One thing that is not so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drifted {
    /// Door system.
    pub doors: String,
    /// Group; none where the account itself is not as it should be, or a tag.
    pub group: Option<String>,
    /// The group's name.
    pub name: Option<String>,
    /// Whose.
    pub who: Who,
    /// What it is.
    pub what: What,
    /// A hand did it.
    pub by_hand: bool,
    /// Why it should be otherwise.
    pub because: String,
}

/// What is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// We put them in and they are not in any more: they come back.
    TakenOut,
    /// They should be in, and nobody has put them in yet.
    NotIn,
    /// Somebody else put them into a group that is ours alone: they go.
    PutIn,
    /// Somebody else put them in, and the site file lets them stay: no finding.
    Stays,
    /// Their time is over and they are still in.
    StillIn,
    /// They are in, entitled, and not ours yet.
    NotOurs,
    /// They are in, with another end than they should have.
    OtherEnd,
    /// They are out before we took them out: only our books say otherwise.
    OutAlready,
    /// They have no account and should have one.
    NoAccount,
    /// We put their account to rest, and it should be awake.
    Resting,
    /// Their account has another name than the platform's.
    OtherName,
    /// Their account should be at rest, or gone.
    Idle,
    /// A tag should be theirs.
    NoTag,
    /// A tag should not be theirs, or not be ours.
    OtherTag,
}

impl What {
    fn of_account(done: Done) -> Self {
        match done {
            Done::Made => What::NoAccount,
            Done::Woken => What::Resting,
            Done::Renamed => What::OtherName,
            Done::Suspended | Done::Deleted => What::Idle,
        }
    }

    fn of_tag(done: TagDone) -> Self {
        match done {
            TagDone::Tagged => What::NoTag,
            TagDone::Untagged | TagDone::Adopted | TagDone::Released => What::OtherTag,
        }
    }

    /// The sign of what will be done about it, and what it is.
    fn words(self) -> (char, &'static str) {
        match self {
            What::TakenOut => ('+', "was taken out by hand"),
            What::NotIn => ('+', "is not in yet"),
            What::PutIn => ('-', "was put in by hand"),
            What::Stays => ('?', "was put in by hand, and stays"),
            What::StillIn => ('-', "is still in"),
            What::NotOurs => ('=', "is in, and not ours yet"),
            What::OtherEnd => ('~', "is in with another end"),
            What::OutAlready => ('=', "was taken out by hand, and should be out"),
            What::NoAccount => ('+', "has no account yet"),
            What::Resting => ('~', "has an account that rests"),
            What::OtherName => ('~', "has an account with another name"),
            What::Idle => ('-', "has an account without access"),
            What::NoTag => ('+', "lacks a tag"),
            What::OtherTag => ('=', "has a tag that is not as our books say"),
        }
    }
}

/// What of the version in force is not so at the doors now.
///
/// # Errors
/// [`Error::Invalid`] for a site that is not here, and see [`push::diff`].
pub async fn drift(environment: &Environment, site: &str) -> Result<Drift> {
    let shown = push::drift(environment, site).await?;
    let (Some(diff), Some(version), Some(mode)) = (&shown.diff, shown.version, shown.mode) else {
        let why: Vec<String> = shown.findings.iter().map(ToString::to_string).collect();
        return Err(Error::permanent(format!("the stored site file: {}", why.join("; "))));
    };
    let people = environment.store.everybody(site).await?.known;
    let findings = shown.findings.iter().map(|finding| format!("the site file: {finding}"));
    Ok(Drift {
        site: site.to_owned(),
        version,
        mode,
        remarks: shown.remarks.clone(),
        at: diff.at,
        timezone: diff.timezone.clone(),
        found: told_apart(diff, &people),
        problems: findings.chain(diff.problems.iter().cloned()).collect(),
    })
}

/// Who, by our own id, claims which group at which doors.
type Claims<'a> = BTreeSet<(&'a str, &'a str, &'a str)>;

/// What of a diff a hand did, and what nobody did yet.
fn told_apart(diff: &Diff, people: &[Person]) -> Vec<Drifted> {
    let claims: Claims<'_> = people
        .iter()
        .flat_map(|person| person.claims.iter().map(|claim| (person.id.as_str(), &*claim.doors, &*claim.group.0)))
        .collect();
    let mut found: Vec<Drifted> = diff.groups.iter().flat_map(|group| of_group(group, &claims)).collect();
    found.extend(diff.accounts.iter().map(|one| Drifted {
        doors: one.doors.clone(),
        group: None,
        name: None,
        who: one.who.clone(),
        what: What::of_account(one.what),
        by_hand: false,
        because: String::new(),
    }));
    found.extend(diff.tags.iter().map(|one| Drifted {
        doors: one.doors.clone(),
        group: None,
        name: None,
        who: one.who.clone(),
        what: What::of_tag(one.what),
        by_hand: one.what == TagDone::Released,
        because: format!("tag {}: {}", one.tag, one.because),
    }));
    found
}

fn of_group(at: &GroupDiff, claims: &Claims<'_>) -> Vec<Drifted> {
    let GroupDiff { doors, group, name, opens, closes, extends, adopts, releases, foreign } = at;
    let ours = |who: &Who| who.person.as_deref().is_some_and(|person| claims.contains(&(person, doors, group)));
    let one = |who: &Who, what: What, by_hand: bool, because: &str| Drifted {
        doors: doors.clone(),
        group: Some(group.clone()),
        name: Some(name.clone()),
        who: who.clone(),
        what,
        by_hand,
        because: because.to_owned(),
    };
    let either = |change: &Change, hand: What, nobody: What, by_hand: bool| {
        one(&change.who, if by_hand { hand } else { nobody }, by_hand, &change.because)
    };
    let mut found = Vec::new();
    found.extend(opens.iter().map(|change| either(change, What::TakenOut, What::NotIn, ours(&change.who))));
    found.extend(closes.iter().map(|change| either(change, What::PutIn, What::StillIn, !ours(&change.who))));
    found.extend(extends.iter().map(|change| one(&change.who, What::OtherEnd, false, &change.because)));
    found.extend(adopts.iter().map(|change| one(&change.who, What::NotOurs, !ours(&change.who), &change.because)));
    found.extend(releases.iter().map(|change| one(&change.who, What::OutAlready, true, &change.because)));
    found.extend(foreign.iter().map(|who| one(who, What::Stays, true, "")));
    found
}

impl Drift {
    /// Whether anything should be otherwise. Whoever may stay is no finding.
    pub fn is_any(&self) -> bool {
        self.found.iter().any(|one| one.what != What::Stays)
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Drift { site, version, mode, remarks, at, timezone, found, problems } = self;
        let (zone, word) = (Zone::named(timezone), mode.word());
        shown_line!(
            f,
            "site {site}, version {version}, mode {word}, as of {} in the time of {timezone}",
            zone.of(*at)
        )?;
        for remark in remarks {
            shown_line!(f, "! {remark}")?;
        }
        let mut head = String::new();
        for one in found {
            let (sign, words) = one.what.words();
            let here = match (&one.name, &one.group) {
                (Some(name), Some(group)) => format!("{}: {name} ({group})", one.doors),
                _ => format!("{}: accounts and tags", one.doors),
            };
            if here != head {
                shown_line!(f, "\n{here}")?;
                head = here;
            }
            let because = if one.because.is_empty() { String::new() } else { format!(": {}", one.because) };
            shown_line!(f, "  {sign} {} {words}{because}", one.who)?;
        }
        if !problems.is_empty() {
            shown_line!(f, "\nproblems")?;
        }
        for problem in problems {
            shown_line!(f, "  ! {problem}")?;
        }
        let wrong = found.iter().filter(|one| one.what != What::Stays).count();
        let hands = found.iter().filter(|one| one.by_hand).count();
        match (wrong, hands) {
            (0, 0) if problems.is_empty() => write!(f, "\neverything is as the site file says"),
            (0, 0) => write!(f, "\nnothing is known to be otherwise than the site file says, but for these problems"),
            (0, hands) => write!(f, "\neverything is as the site file says; {hands} by hand, who may stay"),
            (wrong, hands) => write!(f, "\n{wrong} not as the site file says; {hands} by hand"),
        }
    }
}
