//! The part of applying that hands cards to people and takes them back.

use super::{Task, problem};
use crate::audit::{Deed, Happened};
use crate::cards::{Change, recorded, shown};
use crate::error::Error;
use crate::guard::Doubt;
use crate::settle::cards::card_deed;
use crate::settle::moves::Move;
use crate::settle::scene::Writers;

/// Makes cards theirs, or nobody's. Where one could not be taken back at some doors, none is given there.
pub async fn card_steps(site: &str, writers: &Writers, now: jiff::Timestamp, task: &mut Task, theirs: bool) {
    for (doors, step) in task.moves.clone() {
        let change = match &step {
            Move::Tag(change) if theirs => change,
            Move::Untag(change) if !theirs => change,
            _ => continue,
        };
        let Some(writer) = writers.get(&doors) else { continue };
        let Some(linked) = task.person.accounts.get(&doors) else { continue };
        let kept = |(at, number): &(String, String)| theirs && *at == doors && *number != change.number;
        if task.kept.iter().any(kept) {
            continue;
        }
        let done = match theirs {
            true => writer.tag(&linked.account, &change.card).await,
            false => writer.untag(&linked.account, &change.card).await,
        };
        match done {
            Ok(()) => {
                let account = linked.account.id.clone();
                let done = Doubt::Card { doors: doors.clone(), account, card: change.card.id.clone() };
                if !theirs {
                    task.spend(site, &done);
                }
                task.changed_hands(&doors, change, theirs, now);
            }
            Err(error) => task.card_failed(&doors, change, error),
        }
    }
}

impl Task {
    fn changed_hands(&mut self, doors: &str, change: &Change, theirs: bool, now: jiff::Timestamp) {
        let Some(linked) = self.person.accounts.get_mut(doors) else { return };
        linked.note_card(&change.number, theirs, &change.because, now);
        linked.card_done(&change.number);
        self.deeds.push(card_deed(doors, &linked.account.id, theirs, &change.because, "done"));
    }

    /// As for a group: what may have been done stays an intent, what was refused is written down once.
    fn card_failed(&mut self, doors: &str, change: &Change, why: Error) {
        let error = about_tag(why.clone(), &shown(&change.number));
        self.kept.push((doors.to_owned(), change.number.clone()));
        let Some(linked) = self.person.accounts.get_mut(doors) else { return };
        if !error.may_pass() {
            linked.card_done(&change.number);
            if !self.person.problems.contains(&problem(doors, &error)) {
                let (account, answer) = (&linked.account.id, about_tag(why, &recorded(&change.number)).to_string());
                self.deeds.push(Deed::new(doors, account, None, Happened::Refused, &change.because, &answer));
            }
        }
        self.failures.push((doors.to_owned(), error));
    }
}

/// How a card that did not change hands reads among the failures.
fn about_tag(error: Error, shown: &str) -> Error {
    let about = |why: String| format!("tag {shown}: {why}");
    match error {
        Error::Later { why, after } => Error::Later { why: about(why), after },
        Error::Report(why) => Error::Report(about(why)),
        Error::Refused(why) => Error::Refused(about(why)),
        Error::Held(why) => Error::Held(about(why)),
    }
}
