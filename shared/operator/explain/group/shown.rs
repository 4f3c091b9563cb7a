//! The explanation of one group, as it is shown.

use super::One;
use crate::explain::past::is_about;
use crate::explain::shape::{
    AccountShown, Answer, Because, ClaimShown, DoneShown, FactShown, GroupExplained, Missing,
    Verdict,
};
use doorstep_core::decide::entitlement::{Entitlement, OpenInterval, desired};
use doorstep_core::model::account::{GroupRef, Standing};
use doorstep_core::model::audit::Record;
use doorstep_core::model::claim::Claim;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::record::FactRecord;

/// The most windows that are shown of one group.
const MOST_WINDOWS: usize = 20;
/// The most records that are shown of one group.
const MOST_DONE: usize = 50;

impl One<'_> {
    /// Returns what is shown.
    pub(super) fn told(self) -> GroupExplained {
        let names = &self.book.names;
        let because = self
            .entitlements
            .iter()
            .take(MOST_WINDOWS)
            .map(|one| Because {
                window: one.window,
                open: one.window.holds(self.book.at),
                rule: one.rule,
                line: one.line,
                facts: one.because.iter().map(|name| self.fact(name)).collect(),
            });
        let done = self
            .file
            .done
            .iter()
            .filter(|record| is_about(record, self.doors, self.group));
        let mut done: Vec<DoneShown> = done
            .filter(|record| record.at <= self.book.at)
            .map(DoneShown::of)
            .collect();
        done.drain(..done.len().saturating_sub(MOST_DONE));
        let (rules, verdict) = (self.rules(), self.verdict());
        GroupExplained {
            managed: !rules.is_empty(),
            verdict,
            seen: self.seen,
            hold: self.held_in().map(|hold| hold.checksum.clone()),
            doors: self.doors.to_owned(),
            group: self.group.clone(),
            name: names.get(&GroupRef::new(self.doors, self.group)).cloned(),
            has: self.has,
            evidence: self.evidence,
            may: self.may,
            claim: self.claim.map(ClaimShown::of),
            because: because.collect(),
            rules,
            done,
            why: self.why,
            lacks: self.lacks,
        }
    }

    /// Returns the answer as a value.
    fn verdict(&self) -> Verdict {
        let at = self.book.at;
        let here: Vec<Entitlement> = self.entitlements.iter().copied().cloned().collect();
        let intervals: Vec<OpenInterval> = desired(&here).into_values().flatten().collect();
        let open = intervals.iter().find(|interval| interval.window.holds(at));
        let next = || intervals.iter().find(|interval| interval.window.from > at);
        let told = |what: &Missing| self.lacks.iter().find(|lack| lack.what == *what);
        let lack = told(&Missing::NotYet).or(self.lacks.first());
        let around = match lack.map(|lack| lack.what) {
            Some(Missing::NotYet) => next(),
            Some(Missing::Over) => intervals
                .iter()
                .rfind(|interval| interval.window.from <= at),
            _ => None,
        };
        let reasons = open.or(around).map(|interval| interval.because.named());
        Verdict {
            answer: match (self.has, self.may) {
                (true, true) => Answer::Opens,
                (true, false) => Answer::StillOpens,
                (false, true) => Answer::Fails,
                (false, false) => Answer::Shut,
            },
            until: open.and_then(|interval| interval.window.until),
            reasons: reasons.into_iter().flatten().cloned().collect(),
            missing: lack.map(|lack| lack.what),
            at: lack.and_then(|lack| lack.at),
        }
    }

    fn fact(&self, name: &FactId) -> FactShown {
        let record: Option<&FactRecord> = self.file.facts.get(name);
        FactShown {
            fact: name.to_string(),
            version: record.and_then(|record| record.fact.changed),
            read: record.map(|record| record.read),
            known: record.map(|record| record.since.unwrap_or(record.read)),
            source: record.map(|record| record.source.clone()),
        }
    }
}

impl AccountShown {
    /// Returns the account in its last known state.
    pub(in crate::explain) fn of(doors: &DoorsName, linked: &Linked) -> Self {
        let account = linked.account.id.clone();
        AccountShown {
            doors: doors.to_owned(),
            account,
            active: linked.account.standing == Standing::Active,
        }
    }
}

impl ClaimShown {
    fn of(claim: &Claim) -> Self {
        let facts = claim.basis.iter().map(|basis| FactShown {
            fact: basis.fact.to_string(),
            version: basis.version,
            read: None,
            known: None,
            source: None,
        });
        ClaimShown {
            account: claim.account.clone(),
            since: claim.since,
            until: claim.until,
            because: claim.because.clone(),
            cause: claim.cause.as_ref().map(ToString::to_string),
            facts: facts.collect(),
        }
    }
}

impl DoneShown {
    fn of(record: &Record) -> Self {
        DoneShown {
            seq: record.seq,
            at: record.at,
            what: record.action.what,
            because: record.action.because.clone(),
            answer: record.action.answer.clone(),
            due: record.action.due,
        }
    }
}
