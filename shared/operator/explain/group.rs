//! Explains one group of one person: the actual access, the desired access, and the reason for a
//! difference.

use jiff::Timestamp;

use super::Book;
use super::by_hand::by_hand;
use super::past::{self, PastHold};
use super::person_context::PersonContext;
use super::shape::{Evidence, GroupExplained, Lack, Missing, SeenByHand, Tense};
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::{Entitlement, desired, open_at};
use doorstep_core::model::account::{GroupId, GroupRef, Standing};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::problem::DoorsProblem;
use doorstep_core::site::Mode;

mod evidence;
mod present;
mod shown;

/// Explains one group. Looks for a membership that was added by hand only if the person should be a
/// member and Doorstep has no claim.
pub(super) async fn explain_group(
    environment: &Environment,
    book: &Book,
    file: &PersonContext,
    at: &GroupRef,
) -> Result<GroupExplained> {
    let mut one = One::of(book, file, &at.doors, &at.group);
    if one.tense == Tense::Present && one.may && !one.has && one.claim.is_none() {
        one.seen = by_hand(environment, book, &file.person, at).await?;
    }
    one.judge();
    Ok(one.told())
}

/// The explanation of one group while it is built.
struct One<'a> {
    book: &'a Book,
    file: &'a PersonContext,
    doors: &'a DoorsName,
    group: &'a GroupId,
    tense: Tense,
    claim: Option<&'a Claim>,
    linked: Option<&'a Linked>,
    held: PastHold<'a>,
    entitlements: Vec<&'a Entitlement>,
    may: bool,
    has: bool,
    evidence: Evidence,
    seen: Option<SeenByHand>,
    why: Vec<String>,
    lacks: Vec<Lack>,
}

impl<'a> One<'a> {
    fn of(
        book: &'a Book,
        file: &'a PersonContext,
        doors: &'a DoorsName,
        group: &'a GroupId,
    ) -> Self {
        let claim = file.person.claim(doors, group);
        let here = |one: &&Entitlement| one.doors == *doors && one.group == *group;
        let mut entitlements: Vec<&Entitlement> = file.entitlements.iter().filter(here).collect();
        entitlements.sort_by_key(|one| (!one.window.holds(book.at), one.window));
        let may = entitlements.iter().any(|one| one.window.holds(book.at));
        let held = past::held(&file.done, claim, doors, group, book.at);
        let tense = book.tense();
        let (has, evidence) = match tense {
            Tense::Past => (held.has, held.evidence),
            // An ended claim opens nothing. The door system ended the membership by itself.
            Tense::Present => (
                claim.is_some_and(|claim| claim.until.is_none_or(|until| until > book.at)),
                Evidence::Claim,
            ),
            Tense::Future => (may, Evidence::Facts),
        };
        let linked = file.person.accounts.get(doors).map(AsRef::as_ref);
        let (seen, why, lacks) = (None, Vec::new(), Vec::new());
        One {
            book,
            file,
            doors,
            group,
            tense,
            claim,
            linked,
            held,
            entitlements,
            may,
            has,
            evidence,
            seen,
            why,
            lacks,
        }
    }

    fn local(&self, at: Timestamp) -> String {
        self.book.zone.whole(at)
    }

    fn say(&mut self, text: impl Into<String>) {
        self.why.push(text.into());
    }

    fn lacks(&mut self, what: Missing, text: impl Into<String>) {
        self.lacks.push(Lack {
            what,
            text: text.into(),
            at: None,
        });
    }

    fn lacks_at(&mut self, what: Missing, text: impl Into<String>, at: Timestamp) {
        self.lacks.push(Lack {
            what,
            text: text.into(),
            at: Some(at),
        });
    }

    fn judge(&mut self) {
        match self.tense {
            Tense::Past => self.past(),
            Tense::Present => self.present(),
            Tense::Future => self.future(),
        }
        if !self.has && self.lacks.is_empty() {
            self.lacks(Missing::Unknown, "no record says why");
        }
        let texts: Vec<String> = self.lacks.iter().map(|lack| lack.text.clone()).collect();
        self.why.extend(
            texts
                .into_iter()
                .filter(|text| !self.why.contains(text))
                .collect::<Vec<_>>(),
        );
    }

    fn past(&mut self) {
        if let Some(record) = self.held.last {
            let word = if self.has { "added" } else { "removed" };
            self.say(format!(
                "{word} at {}: {} (record {})",
                self.local(record.at),
                record.action.because,
                record.seq
            ));
        } else if self.has {
            self.say("the person was a member at Doorstep's first record of this group");
        }
        if let Some(record) =
            past::suspended(&self.file.done, self.doors, self.book.at).filter(|_| self.has)
        {
            self.has = false;
            let text = format!(
                "the account was suspended since {} (record {})",
                self.local(record.at),
                record.seq
            );
            self.lacks_at(Missing::Suspended, text, record.at);
        }
        if !self.has {
            self.refusals();
            if let Some(next) = self.held.next.filter(|_| self.may) {
                let delay = next
                    .action
                    .delay
                    .as_deref()
                    .map(|delay| format!("; before that: {delay}"))
                    .unwrap_or_default();
                let text = format!(
                    "Doorstep added the person only at {} (record {}){delay}",
                    self.local(next.at),
                    next.seq
                );
                self.lacks_at(Missing::NotSettled, text, next.at);
            } else if self.may && self.lacks.is_empty() {
                self.lacks(
                    Missing::NotSettled,
                    "by the facts known today, the person should have been a member. Doorstep did not know them then, \
                     or the site's mode did not let it act",
                );
            }
            self.windows();
        }
        let open = if self.may {
            "the person had access then"
        } else {
            "the person had no access then"
        };
        self.say(format!("by the facts and rules known today, {open}"));
    }

    fn future(&mut self) {
        if !self.may {
            self.windows();
            if self.claim.is_some() {
                self.say("the person has access today, and Doorstep will revoke it by then");
            }
            return;
        }
        self.say("by the facts and rules known today, the person will have access");
        if self.book.site.mode == Mode::Observe && self.claim.is_none() {
            (self.has, self.evidence) = (false, Evidence::Facts);
            self.mode();
        }
        if self.linked.is_some_and(|linked| {
            linked.account.standing == Standing::Suspended && !linked.suspended
        }) {
            self.suspended_now();
        }
    }

    /// Explains an account that exists and opens nothing.
    fn suspended_now(&mut self) {
        let Some(linked) = self
            .linked
            .filter(|linked| linked.account.standing == Standing::Suspended)
        else {
            return;
        };
        self.has = false;
        if linked.suspended {
            self.lacks(Missing::Seat, DoorsProblem::NoSeat.to_string());
        } else {
            self.lacks(Missing::Suspended, DoorsProblem::Suspended.to_string());
        }
    }

    fn mode(&mut self) {
        match self.book.paused {
            true => self.lacks(
                Missing::Paused,
                "the site is paused, or has only observed since its first push: see remarks",
            ),
            false => self.lacks(
                Missing::Mode,
                "the site is in mode observe: Doorstep changes nothing at the doors",
            ),
        }
    }
}

/// Describes why a group is open to a person at an instant; `None` where it is not.
pub(super) fn reason_at(
    file: &PersonContext,
    doors: &DoorsName,
    group: &GroupId,
    at: Timestamp,
) -> Option<String> {
    let at_group = GroupRef::new(doors, group);
    open_at(&desired(&file.entitlements), &at_group, at)
        .map(|interval| interval.because.to_string())
}
