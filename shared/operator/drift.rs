//! Drift: the differences between the version in force and the doors, and which of them were made
//! by hand. It reads and changes nothing. The classification is pure.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::preview::diff::{
    AccessChange, AccountChangeKind, GroupDiff, ShownPerson, SiteDiff, TagDone,
};
use crate::push;
use crate::zone::Zone;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::shown_line;
use doorstep_core::site::Mode;

/// The differences at one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The site.
    pub site: SiteId,
    /// The version in force.
    pub version: u64,
    /// The mode in force. In `observe` Doorstep corrects none of them.
    pub mode: Mode,
    /// Why the version in force may not act, and what to do about it.
    pub remarks: Vec<String>,
    /// The instant of the comparison.
    pub at: Timestamp,
    /// The site's time zone, in which times are printed.
    pub timezone: String,
    /// The differences.
    pub found: Vec<Drifted>,
    /// Problems that the operator should examine.
    pub problems: Vec<String>,
    /// How many due items wait to be served now, for example after a push. The differences that were
    /// not made by hand then end by themselves.
    #[serde(default)]
    pub under_way: usize,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drifted {
    /// The door system.
    pub doors: DoorsName,
    /// The group; `None` for a difference of the account itself or of a tag.
    pub group: Option<String>,
    /// The name of the group.
    pub name: Option<String>,
    /// The person.
    pub who: ShownPerson,
    /// The kind of difference.
    pub what: DriftKind,
    /// Whether it was made by hand.
    pub by_hand: bool,
    /// Why it should be different.
    pub because: String,
}

/// The kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// Doorstep added the person, who is no longer a member. Doorstep adds the person again.
    TakenOut,
    /// The person should be a member and was not added yet.
    NotIn,
    /// The person was added by hand to a group that only Doorstep may fill. Doorstep removes the
    /// person.
    PutIn,
    /// The person was added by hand, and the site file allows it. This is no finding.
    Stays,
    /// The person's time is over, and the person is still a member.
    StillIn,
    /// The person is a member and entitled, and Doorstep has no claim yet.
    NotOurs,
    /// The person is a member with another end than the right one.
    OtherEnd,
    /// The person left before Doorstep removed the membership. Only Doorstep's claim remains.
    OutAlready,
    /// The person should have an account and has none.
    NoAccount,
    /// Doorstep suspended the account, and it should be active.
    Resting,
    /// The account has another name than the platform's.
    OtherName,
    /// The account should be suspended or deleted.
    Idle,
    /// The person should have a tag and does not have it.
    NoTag,
    /// The person should not have a tag, or Doorstep's claim on it is wrong.
    OtherTag,
}

impl DriftKind {
    fn of_account(done: AccountChangeKind) -> Self {
        match done {
            AccountChangeKind::Made => DriftKind::NoAccount,
            AccountChangeKind::Resumed => DriftKind::Resting,
            AccountChangeKind::Renamed => DriftKind::OtherName,
            AccountChangeKind::Suspended | AccountChangeKind::Deleted => DriftKind::Idle,
        }
    }

    fn of_tag(done: TagDone) -> Self {
        match done {
            TagDone::Tagged => DriftKind::NoTag,
            TagDone::Untagged | TagDone::Adopted | TagDone::Released => DriftKind::OtherTag,
        }
    }

    /// Returns the sign of the correction, and the words for the difference.
    fn words(self) -> (char, &'static str) {
        match self {
            DriftKind::TakenOut => ('+', "was removed by hand"),
            DriftKind::NotIn => ('+', "is not in yet"),
            DriftKind::PutIn => ('-', "was added by hand"),
            DriftKind::Stays => ('?', "was added by hand, and stays"),
            DriftKind::StillIn => ('-', "is still in"),
            DriftKind::NotOurs => ('=', "is a member, but not ours yet"),
            DriftKind::OtherEnd => ('~', "is a member with another end"),
            DriftKind::OutAlready => ('=', "was removed by hand, and should not be a member"),
            DriftKind::NoAccount => ('+', "has no account yet"),
            DriftKind::Resting => ('~', "has a suspended account"),
            DriftKind::OtherName => ('~', "has an account with another name"),
            DriftKind::Idle => ('-', "has an account without access"),
            DriftKind::NoTag => ('+', "lacks a tag"),
            DriftKind::OtherTag => ('=', "has a tag that differs from Doorstep's records"),
        }
    }
}

/// Compares the version in force with the doors.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, and the errors of [`push::diff`].
pub async fn drift(environment: &Environment, site: &SiteId) -> Result<Drift> {
    let shown = push::drift(environment, site).await?;
    let (Some(diff), Some(version), Some(mode)) = (&shown.diff, shown.version, shown.mode) else {
        let why: Vec<String> = shown.findings.iter().map(ToString::to_string).collect();
        return Err(Error::permanent(format!(
            "the stored site file: {}",
            why.join("; ")
        )));
    };
    let people = environment.store.all_people(site).await?.known;
    let due = environment.store.due_until(site, environment.time.now());
    let under_way = due.await?.len();
    let findings = shown
        .findings
        .iter()
        .map(|finding| format!("the site file: {finding}"));
    Ok(Drift {
        site: site.to_owned(),
        version,
        mode,
        remarks: shown.remarks.clone(),
        at: diff.at,
        timezone: diff.timezone.clone(),
        found: told_apart(diff, &people),
        problems: findings.chain(diff.problems.iter().cloned()).collect(),
        under_way,
    })
}

/// The claims: person id, door system, group.
type ClaimKeys<'a> = BTreeSet<(&'a str, &'a str, &'a str)>;

/// Classifies a diff: changes made by hand, and changes that Doorstep has not made yet.
fn told_apart(diff: &SiteDiff, people: &[Person]) -> Vec<Drifted> {
    let claims: ClaimKeys<'_> = people
        .iter()
        .flat_map(|person| {
            person
                .claims
                .iter()
                .map(|claim| (person.id.as_str(), &*claim.doors, &*claim.group.0))
        })
        .collect();
    let mut found: Vec<Drifted> = diff
        .groups
        .iter()
        .flat_map(|group| of_group(group, &claims))
        .collect();
    found.extend(diff.accounts.iter().map(|one| Drifted {
        doors: one.doors.clone(),
        group: None,
        name: None,
        who: one.who.clone(),
        what: DriftKind::of_account(one.what),
        by_hand: false,
        because: String::new(),
    }));
    found.extend(diff.tags.iter().map(|one| Drifted {
        doors: one.doors.clone(),
        group: None,
        name: None,
        who: one.who.clone(),
        what: DriftKind::of_tag(one.what),
        by_hand: one.what == TagDone::Released,
        because: format!("tag {}: {}", one.tag, one.because),
    }));
    found
}

fn of_group(at: &GroupDiff, claims: &ClaimKeys<'_>) -> Vec<Drifted> {
    let GroupDiff {
        doors,
        group,
        name,
        opens,
        closes,
        extends,
        adopts,
        releases,
        foreign,
    } = at;
    let ours = |who: &ShownPerson| {
        who.person
            .as_deref()
            .is_some_and(|person| claims.contains(&(person, doors, group)))
    };
    let one = |who: &ShownPerson, what: DriftKind, by_hand: bool, because: &str| Drifted {
        doors: doors.clone(),
        group: Some(group.clone()),
        name: Some(name.clone()),
        who: who.clone(),
        what,
        by_hand,
        because: because.to_owned(),
    };
    let either = |change: &AccessChange, hand: DriftKind, neither: DriftKind, by_hand: bool| {
        one(
            &change.who,
            if by_hand { hand } else { neither },
            by_hand,
            &change.because,
        )
    };
    let mut found = Vec::new();
    found.extend(opens.iter().map(|change| {
        either(
            change,
            DriftKind::TakenOut,
            DriftKind::NotIn,
            ours(&change.who),
        )
    }));
    found.extend(closes.iter().map(|change| {
        either(
            change,
            DriftKind::PutIn,
            DriftKind::StillIn,
            !ours(&change.who),
        )
    }));
    found.extend(
        extends
            .iter()
            .map(|change| one(&change.who, DriftKind::OtherEnd, false, &change.because)),
    );
    found.extend(adopts.iter().map(|change| {
        one(
            &change.who,
            DriftKind::NotOurs,
            !ours(&change.who),
            &change.because,
        )
    }));
    found.extend(
        releases
            .iter()
            .map(|change| one(&change.who, DriftKind::OutAlready, true, &change.because)),
    );
    found.extend(
        foreign
            .iter()
            .map(|who| one(who, DriftKind::Stays, true, "")),
    );
    found
}

impl Drift {
    /// Returns whether there is a difference to correct. A person who may stay is none.
    pub fn is_any(&self) -> bool {
        self.found.iter().any(|one| one.what != DriftKind::Stays)
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Drift {
            site,
            version,
            mode,
            remarks,
            at,
            timezone,
            found,
            problems,
            under_way,
        } = self;
        let (zone, word) = (Zone::named(timezone), mode.word());
        shown_line!(
            f,
            "site {site}, version {version}, mode {word}, as of {} in the time zone {timezone}",
            zone.minute(*at)
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
            let because = if one.because.is_empty() {
                String::new()
            } else {
                format!(": {}", one.because)
            };
            shown_line!(f, "  {sign} {} {words}{because}", one.who)?;
        }
        if !problems.is_empty() {
            shown_line!(f, "\nproblems")?;
        }
        for problem in problems {
            shown_line!(f, "  ! {problem}")?;
        }
        if *under_way > 0 {
            shown_line!(
                f,
                "\nDoorstep is at work, {under_way} to serve: look again in a minute"
            )?;
        }
        let wrong = found
            .iter()
            .filter(|one| one.what != DriftKind::Stays)
            .count();
        let hands = found.iter().filter(|one| one.by_hand).count();
        match (wrong, hands) {
            (0, 0) if problems.is_empty() => write!(f, "\nthe doors match the site file"),
            (0, 0) => write!(
                f,
                "\nno difference from the site file was found, except for these problems"
            ),
            (0, hands) => write!(
                f,
                "\nthe doors match the site file; {hands} added by hand, who may stay"
            ),
            (wrong, hands) => write!(f, "\n{wrong} differ from the site file; {hands} by hand"),
        }
    }
}
