//! Explains the present: by the claim, and by what is missing or not yet done.

use super::One;
use crate::explain::Reach;
use crate::explain::shape::{Evidence, Missing};
use doorstep_core::model::problem::Problem;
use doorstep_core::site::Mode;

impl One<'_> {
    pub(super) fn present(&mut self) {
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
}
