//! Explains one group of one person: the actual access, the desired access, and the reason for a difference.

use jiff::Timestamp;

use super::past::{self, PastHold, is_about};
use super::shape::{
    AccountShown, Because, ClaimShown, DoneShown, Evidence, FactShown, GroupExplained, Lack, Missing, RuleShown, Tense,
};
use super::{Book, PersonContext, by_hand};
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::{Entitlement, desired, open_at};
use doorstep_core::decide::guard::{Hold, UnconfirmedChange};
use doorstep_core::model::account::{GroupId, GroupRef, Standing};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::{Claim, Linked};
use doorstep_core::model::problem::Problem;
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::{Mode, ThingSelection};

/// The most windows that are shown of one group.
const MOST_WINDOWS: usize = 20;
/// The most records that are shown of one group.
const MOST_DONE: usize = 50;

/// Explains one group. Reads the door system only if the person should be a member and Doorstep has no claim.
pub(super) async fn explain_group(
    environment: &Environment,
    book: &Book,
    file: &PersonContext,
    doors: &DoorsName,
    group: &GroupId,
) -> Result<GroupExplained> {
    let mut one = One::of(book, file, doors, group);
    if one.tense == Tense::Present && one.may && !one.has && one.claim.is_none() {
        one.by_hand = by_hand(environment, book, &file.person, doors, group).await;
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
    by_hand: Option<bool>,
    why: Vec<String>,
    lacks: Vec<Lack>,
}

impl<'a> One<'a> {
    fn of(book: &'a Book, file: &'a PersonContext, doors: &'a DoorsName, group: &'a GroupId) -> Self {
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
            Tense::Present => {
                (claim.is_some_and(|claim| claim.until.is_none_or(|until| until > book.at)), Evidence::Claim)
            }
            Tense::Future => (may, Evidence::Facts),
        };
        let linked = file.person.accounts.get(doors).map(AsRef::as_ref);
        let (by_hand, why, lacks) = (None, Vec::new(), Vec::new());
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
            by_hand,
            why,
            lacks,
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.why.push(text.into());
    }

    fn lacks(&mut self, what: Missing, text: impl Into<String>) {
        self.lacks.push(Lack { what, text: text.into(), at: None });
    }

    fn lacks_at(&mut self, what: Missing, text: impl Into<String>, at: Timestamp) {
        self.lacks.push(Lack { what, text: text.into(), at: Some(at) });
    }

    fn judge(&mut self) {
        match self.tense {
            Tense::Past => self.past(),
            Tense::Present => self.present(),
            Tense::Future => self.future(),
        }
        if !self.has && self.lacks.is_empty() {
            self.lacks(Missing::Unknown, "nothing was written down that tells why");
        }
        let texts: Vec<String> = self.lacks.iter().map(|lack| lack.text.clone()).collect();
        self.why.extend(texts.into_iter().filter(|text| !self.why.contains(text)).collect::<Vec<_>>());
    }

    fn past(&mut self) {
        if let Some(record) = self.held.last {
            let word = if self.has { "let in" } else { "taken out" };
            self.say(format!("{word} at {}: {} (record {})", record.at, record.action.because, record.seq));
        } else if self.has {
            self.say("they were in when Doorstep first wrote anything down of it");
        }
        if let Some(record) = past::suspended(&self.file.done, self.doors, self.book.at).filter(|_| self.has) {
            self.has = false;
            let text = format!("the account was suspended since {} (record {})", record.at, record.seq);
            self.lacks_at(Missing::Suspended, text, record.at);
        }
        if !self.has {
            self.refusals();
            if let Some(next) = self.held.next.filter(|_| self.may) {
                let delay =
                    next.action.delay.as_deref().map(|delay| format!("; in between: {delay}")).unwrap_or_default();
                let text = format!("they came in only at {} (record {}){delay}", next.at, next.seq);
                self.lacks_at(Missing::NotSettled, text, next.at);
            } else if self.may && self.lacks.is_empty() {
                self.lacks(
                    Missing::NotSettled,
                    "from the facts known today they should have been in, and were not: it was not known then, or the \
                     mode did not let Doorstep act",
                );
            }
            self.windows();
        }
        let open = if self.may { "it was open to them" } else { "it was not open to them" };
        self.say(format!("by facts and rules as they are known today {open}"));
    }

    fn present(&mut self) {
        if let Some(claim) = self.claim {
            let end = claim.until.map(|until| format!(", and ends by itself at {until}")).unwrap_or_default();
            self.say(format!("ours since {}: {}{end}", claim.since, claim.because));
        }
        if self.has {
            self.suspended_now();
        } else if let Some(until) = self.claim.and_then(|claim| claim.until) {
            self.lacks_at(Missing::Ended, format!("the door system ended it by itself at {until}"), until);
        }
        match (self.has, self.may) {
            (true, false) => self.still_in(),
            (true, true) | (false, _) if self.claim.is_some() => {}
            (_, true) if self.by_hand == Some(true) => {
                (self.has, self.evidence) = (true, Evidence::Doors);
                self.say("somebody put them there by hand, so it is not ours and stays when their time ends");
                self.suspended_now();
            }
            (_, true) => self.not_in_yet(),
            (..) => self.windows(),
        }
    }

    fn future(&mut self) {
        if !self.may {
            self.windows();
            if self.claim.is_some() {
                self.say("they have it today, and it will be closed by then");
            }
            return;
        }
        self.say("facts and rules, as they are known today, will open it");
        if self.book.site.mode == Mode::Observe && self.claim.is_none() {
            (self.has, self.evidence) = (false, Evidence::Facts);
            self.mode();
        }
        if self.linked.is_some_and(|linked| linked.account.standing == Standing::Suspended && !linked.suspended) {
            self.suspended_now();
        }
    }

    /// Explains an account that exists and opens nothing.
    fn suspended_now(&mut self) {
        let Some(linked) = self.linked.filter(|linked| linked.account.standing == Standing::Suspended) else { return };
        self.has = false;
        if linked.suspended {
            self.lacks(Missing::Seat, "the account has no seat, and opens nothing: buy or free a seat");
        } else {
            self.lacks(Missing::Suspended, "the account is suspended, and opens nothing: resume it at the door system");
        }
    }

    /// Explains a member without an entitlement.
    fn still_in(&mut self) {
        self.say("facts and rules do not open it any more");
        match self.book.site.mode {
            Mode::Observe => self.say("nothing is taken from anybody while the site only observes or is paused"),
            Mode::GrantOnly => self.say("mode grant-only takes nothing from anybody"),
            Mode::Full if self.hold().is_some() => {
                let text = self.hold().unwrap_or_default();
                self.say(format!("the guard holds that it is closed: {text}"));
            }
            Mode::Full => {
                let text = match self.file.person.next {
                    Some(next) => format!("it is closed when they are settled next, by {next}"),
                    None => "it is closed when they are settled next".to_owned(),
                };
                self.say(text);
                self.say(
                    "what a full read or a new site file alone tells of waits for the guard, at the next comparison",
                );
            }
        }
        let gone = self.gone_facts();
        gone.into_iter().for_each(|(text, _)| self.say(text));
    }

    /// Explains an entitled person who is no member.
    fn not_in_yet(&mut self) {
        if self.book.site.mode == Mode::Observe {
            self.mode();
        }
        if self.book.stale {
            self.lacks(Missing::Unread, Problem::PlatformUnread.to_string());
        }
        self.refusals();
        if let Some(text) = self.hold() {
            self.lacks(Missing::Held, format!("the guard holds that an account is made: {text}"));
        }
        if self.linked.is_none() {
            self.lacks(Missing::NotLinked, format!("they have no account at {} yet", self.doors));
        }
        if self.lacks.iter().all(|lack| lack.what == Missing::NotLinked) {
            let text = match self.file.person.next {
                Some(next) if next > self.book.now => format!("they were not settled since it opened; next at {next}"),
                _ => "they were not settled since it opened: the next comparison does it".to_owned(),
            };
            self.lacks(Missing::NotSettled, text);
        }
    }

    /// Describes the hold in which this group or account waits.
    fn hold(&self) -> Option<String> {
        let here = |change: &UnconfirmedChange| match change {
            UnconfirmedChange::Leaves { doors, group, .. } => doors == self.doors && group == self.group,
            UnconfirmedChange::Made { doors, .. } => doors == self.doors && self.linked.is_none(),
            UnconfirmedChange::Card { .. } | UnconfirmedChange::Rests { .. } | UnconfirmedChange::Moves { .. } => false,
        };
        let (_, hold) = self.file.held.iter().find(|(change, _)| here(change))?;
        let Hold { reason, checksum, since, .. } = hold;
        Some(format!("{reason}; since {since}, until somebody approves {checksum}"))
    }

    fn mode(&mut self) {
        match self.book.paused {
            true => {
                self.lacks(Missing::Paused, "the site is paused, or only observes since its first push: see remarks")
            }
            false => self.lacks(Missing::Mode, "the site is in mode observe: nothing is changed at the doors"),
        }
    }

    /// Adds the failures at these doors: the present problems, or the records of the time.
    fn refusals(&mut self) {
        if self.tense == Tense::Past {
            let refused = |record: &&doorstep_core::model::audit::Record| {
                let here = record.action.doors == *self.doors
                    && record.action.group.as_ref().is_none_or(|group| group == self.group);
                here && record.action.what == doorstep_core::model::audit::AuditAction::Refused
                    && record.at <= self.book.at
            };
            let since = self.held.last.map_or(Timestamp::MIN, |record| record.at);
            let last = self.file.done.iter().filter(refused).rfind(|record| record.at >= since);
            if let Some(record) = last {
                let text = format!("{} (record {}, {})", record.action.answer, record.seq, record.at);
                self.lacks_at(Missing::Refused, text, record.at);
            }
            return;
        }
        let problems = self.file.person.problems.iter().filter(|problem| problem.is_at(self.doors));
        let problems: Vec<String> = problems.map(ToString::to_string).collect();
        for problem in problems {
            let what = match self.linked {
                None => Missing::NotLinked,
                Some(_) => Missing::Refused,
            };
            self.lacks(what, problem);
        }
    }

    /// Explains a person without an entitlement: by the windows around the instant, or else because no rule matches.
    fn windows(&mut self) {
        if self.may {
            return;
        }
        let at = self.book.at;
        let next = self.entitlements.iter().filter(|one| one.window.from > at).min_by_key(|one| one.window.from);
        let next = next.map(|one| (one.window.from, one.reason()));
        let last =
            self.entitlements.iter().filter_map(|one| Some((one.window.until.filter(|until| *until <= at)?, one)));
        let last = last.max_by_key(|(until, _)| *until).map(|(until, one)| (until, one.reason()));
        if let Some((until, reason)) = &last {
            self.lacks_at(Missing::Over, format!("over since {until}: {reason}"), *until);
        }
        if let Some((from, reason)) = &next {
            self.lacks_at(Missing::NotYet, format!("not open until {from}: {reason}"), *from);
        }
        if last.is_some() || next.is_some() {
            return;
        }
        for (text, since) in self.gone_facts() {
            self.lacks_at(Missing::Gone, text, since);
        }
        let rules = self.rules();
        let text = match rules.len() {
            0 => "no rule of the site file opens it".to_owned(),
            _ => {
                let rules: Vec<String> =
                    rules.iter().map(|rule| format!("rule {} (line {}): {}", rule.rule, rule.line, rule.of)).collect();
                format!("no rule matches: nothing that the platform says of them is one of {}", rules.join("; "))
            }
        };
        self.lacks(Missing::NoRule, text);
    }

    /// Returns the facts behind the person's access that the platform no longer has.
    fn gone_facts(&self) -> Vec<(String, Timestamp)> {
        let here = self.file.done.iter().rev().filter(|record| is_about(record, self.doors, self.group));
        let mut names: Vec<FactId> = here.take(2).flat_map(|record| record.action.facts.iter().cloned()).collect();
        names.extend(self.claim.into_iter().flat_map(|claim| claim.basis.iter().map(|basis| basis.fact.clone())));
        names.sort();
        names.dedup();
        let gone = names.iter().filter_map(|name| self.file.facts.get(name)).filter(|record| record.gone);
        gone.map(|record| {
            let since = record.since.unwrap_or(record.read);
            (
                format!(
                    "{} is gone at the platform, as is known since {since} by {}",
                    record.fact.name(),
                    record.source
                ),
                since,
            )
        })
        .collect()
    }

    fn rules(&self) -> Vec<RuleShown> {
        let rules = self.book.site.rules.iter().zip(&self.book.rules.resolved().rules).enumerate();
        let attempt =
            rules.filter(|(_, (rule, resolved))| rule.doors == *self.doors && resolved.groups.contains(self.group));
        attempt
            .map(|(place, (rule, _))| {
                let of = match &rule.wanted {
                    ThingSelection::Any => "any".to_owned(),
                    ThingSelection::Named(names) => format!("\"{}\"", names.join("\", \"")),
                };
                RuleShown { rule: place + 1, line: rule.line, of: format!("{} {of}", rule.selector.word()) }
            })
            .collect()
    }

    fn told(self) -> GroupExplained {
        let names = &self.book.names;
        let because = self.entitlements.iter().take(MOST_WINDOWS).map(|one| Because {
            window: one.window,
            open: one.window.holds(self.book.at),
            rule: one.rule,
            line: one.line,
            facts: one.because.iter().map(|name| self.fact(name)).collect(),
        });
        let done = self.file.done.iter().filter(|record| is_about(record, self.doors, self.group));
        let mut done: Vec<DoneShown> = done.filter(|record| record.at <= self.book.at).map(DoneShown::of).collect();
        done.drain(..done.len().saturating_sub(MOST_DONE));
        GroupExplained {
            doors: self.doors.to_owned(),
            group: self.group.clone(),
            name: names.get(&GroupRef::new(self.doors, self.group)).cloned(),
            has: self.has,
            evidence: self.evidence,
            may: self.may,
            claim: self.claim.map(ClaimShown::of),
            because: because.collect(),
            rules: self.rules(),
            done,
            why: self.why,
            lacks: self.lacks,
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

/// Describes why a group is open to a person at an instant; `None` where it is not.
pub(super) fn reason_at(file: &PersonContext, doors: &DoorsName, group: &GroupId, at: Timestamp) -> Option<String> {
    let at_group = GroupRef::new(doors, group);
    open_at(&desired(&file.entitlements), &at_group, at).map(|interval| interval.because.to_string())
}

impl AccountShown {
    /// Returns the account in its last known state.
    pub(super) fn of(doors: &DoorsName, linked: &Linked) -> Self {
        let account = linked.account.id.clone();
        AccountShown { doors: doors.to_owned(), account, active: linked.account.standing == Standing::Active }
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
    fn of(record: &doorstep_core::model::audit::Record) -> Self {
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
