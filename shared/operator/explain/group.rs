//! Explains one group of one person: the actual access, the desired access, and the reason for a
//! difference.

use jiff::Timestamp;

use super::past::{self, PastHold};
use super::shape::{Evidence, GroupExplained, Lack, Missing, SeenByHand, Tense};
use super::{Book, PersonContext, Reach, by_hand};
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::{Entitlement, desired, open_at};
use doorstep_core::model::account::{GroupId, GroupRef, Standing};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::problem::{DoorsProblem, Problem};
use doorstep_core::site::Mode;

mod evidence;
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
        self.book.zone.text(at)
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

    fn present(&mut self) {
        if let Some(claim) = self.claim {
            let end = claim
                .until
                .map(|until| format!("; the door system ends it at {}", self.local(until)))
                .unwrap_or_default();
            self.say(format!(
                "Doorstep's claim since {}: {}{end}",
                self.local(claim.since),
                claim.because
            ));
        }
        if self.has {
            self.suspended_now();
        } else if let Some(until) = self.claim.and_then(|claim| claim.until) {
            self.lacks_at(
                Missing::Ended,
                format!(
                    "the door system ended the membership at {}",
                    self.local(until)
                ),
                until,
            );
        }
        match (self.has, self.may) {
            (true, false) => self.still_in(),
            (true, true) | (false, _) if self.claim.is_some() => {}
            (_, true) if self.seen.is_some_and(|seen| seen.inside) => self.by_hand(),
            (_, true) => self.not_in_yet(),
            (..) => self.windows(),
        }
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

    /// Explains a member without an entitlement.
    fn still_in(&mut self) {
        self.say("the facts and rules no longer give this access");
        match self.book.site.mode {
            Mode::Observe => {
                self.say("Doorstep revokes nothing while the site is in mode observe or paused")
            }
            Mode::GrantOnly => self.say("Doorstep revokes nothing in mode grant-only"),
            Mode::Full if self.hold().is_some() => {
                let text = self.hold().unwrap_or_default();
                self.say(format!("the guard holds the removal: {text}"));
            }
            Mode::Full => {
                let text = match self.file.person.next {
                    Some(next) => {
                        format!(
                            "settle revokes it at the person's next evaluation, by {}",
                            self.local(next)
                        )
                    }
                    None => "settle revokes it at the person's next evaluation".to_owned(),
                };
                self.say(text);
                self.say(
                    "a removal that follows only from a full read or a new site file first passes the guard at the next reconcile",
                );
            }
        }
        let gone = self.gone_facts();
        gone.into_iter().for_each(|(text, _)| self.say(text));
    }

    /// Explains a member whom another person added by hand.
    fn by_hand(&mut self) {
        let evidence = match self.book.reach {
            Reach::Doors => Evidence::Doors,
            Reach::Table => Evidence::Observed,
        };
        (self.has, self.evidence) = (true, evidence);
        self.say("another person added this membership by hand: Doorstep does not manage it, and it stays when the window ends");
        self.suspended_now();
    }

    /// Says what is known of a membership that was added by hand, where no door system is read.
    fn unread(&mut self) {
        if self.book.reach == Reach::Doors {
            return;
        }
        let text = match self.seen {
            Some(seen) => format!(
                "the last reconcile, at {}, saw no membership that was added by hand",
                self.local(seen.at)
            ),
            None => {
                "the door system was not asked whether the membership was added by hand".to_owned()
            }
        };
        self.say(text);
    }

    /// Explains an entitled person who is no member.
    fn not_in_yet(&mut self) {
        self.unread();
        if self.book.site.mode == Mode::Observe {
            self.mode();
        }
        if self.book.stale {
            self.lacks(Missing::Unread, Problem::PlatformUnread.to_string());
        }
        self.refusals();
        if let Some(text) = self.hold() {
            self.lacks(
                Missing::Held,
                format!("the guard holds the new account: {text}"),
            );
        }
        if self.linked.is_none() {
            self.lacks(
                Missing::NotLinked,
                format!("the person has no account at {} yet", self.doors),
            );
        }
        if self
            .lacks
            .iter()
            .all(|lack| lack.what == Missing::NotLinked)
        {
            let text = match self.file.person.next {
                Some(next) if next > self.book.now => format!("settle has not evaluated the person since the window opened; the next evaluation is at {}", self.local(next)),
                _ => "settle has not evaluated the person since the window opened: the next reconcile marks the person as due".to_owned(),
            };
            self.lacks(Missing::NotSettled, text);
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
