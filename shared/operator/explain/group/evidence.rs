//! The evidence about one group of one person: the hold, the refusals, the windows, the facts that
//! are gone and the rules.

use jiff::Timestamp;

use super::One;
use crate::explain::past::is_about;
use crate::explain::shape::{Missing, RuleShown, Tense};
use doorstep_core::decide::entitlement::{ClosedEntitlement, Entitlement};
use doorstep_core::decide::guard::{Hold, UnconfirmedChange};
use doorstep_core::model::audit::{AuditAction, Record};
use doorstep_core::model::fact::FactId;
use doorstep_core::model::window::Window;
use doorstep_core::site::ThingSelection;

impl One<'_> {
    /// Describes the hold in which this group or account waits.
    pub(super) fn hold(&self) -> Option<String> {
        let hold = self.held_in()?;
        let (reason, checksum) = (&hold.reason, &hold.checksum);
        let since = self.local(hold.since);
        Some(format!(
            "{reason}; since {since}, until the operator approves {checksum}"
        ))
    }

    /// Returns the hold in which this group or account waits.
    pub(super) fn held_in(&self) -> Option<&Hold> {
        let here = |change: &UnconfirmedChange| match change {
            UnconfirmedChange::Leaves { doors, group, .. } => {
                doors == self.doors && group == self.group
            }
            UnconfirmedChange::Made { doors, .. } => doors == self.doors && self.linked.is_none(),
            UnconfirmedChange::Card { .. }
            | UnconfirmedChange::Rests { .. }
            | UnconfirmedChange::Moves { .. } => false,
        };
        let found = self.file.held.iter().find(|(change, _)| here(change));
        found.map(|(_, hold)| hold)
    }

    /// Adds the failures at these doors: the present problems, or the records of the time.
    pub(super) fn refusals(&mut self) {
        if self.tense == Tense::Past {
            let refused = |record: &&Record| {
                let here = record.action.doors == *self.doors
                    && record
                        .action
                        .group
                        .as_ref()
                        .is_none_or(|group| group == self.group);
                here && record.action.what == AuditAction::Refused && record.at <= self.book.at
            };
            let since = self.held.last.map_or(Timestamp::MIN, |record| record.at);
            let last = self
                .file
                .done
                .iter()
                .filter(refused)
                .rfind(|record| record.at >= since);
            if let Some(record) = last {
                let text = format!(
                    "{} (record {}, {})",
                    record.action.answer,
                    record.seq,
                    self.local(record.at)
                );
                self.lacks_at(Missing::Refused, text, record.at);
            }
            return;
        }
        let problems = self
            .file
            .person
            .problems
            .iter()
            .filter(|problem| problem.is_at(self.doors));
        let problems: Vec<String> = problems.map(ToString::to_string).collect();
        for problem in problems {
            let what = match self.linked {
                None => Missing::NotLinked,
                Some(_) => Missing::Refused,
            };
            self.lacks(what, problem);
        }
    }

    /// Explains a person without an entitlement: by the windows around the instant, or else because
    /// no rule matches.
    pub(super) fn windows(&mut self) {
        if self.may {
            return;
        }
        let at = self.book.at;
        let here = |one: &&ClosedEntitlement| {
            let Entitlement {
                doors,
                group,
                window,
                ..
            } = &one.entitlement;
            doors == self.doors && group == self.group && window.holds(at)
        };
        let closed = self.file.closed.iter().find(here).map(|one| {
            let Window { from, until } = one.entitlement.window;
            let until = until
                .map(|until| format!(" until {}", self.local(until)))
                .unwrap_or_default();
            let text = format!(
                "closed since {}{until} (line {}): otherwise open by {}",
                self.local(from),
                one.closed.line,
                one.entitlement.reason()
            );
            (text, from)
        });
        if let Some((text, from)) = closed {
            self.lacks_at(Missing::Closed, text, from);
            return;
        }
        let next = self
            .entitlements
            .iter()
            .filter(|one| one.window.from > at)
            .min_by_key(|one| one.window.from);
        let next = next.map(|one| (one.window.from, one.reason()));
        let last = self
            .entitlements
            .iter()
            .filter_map(|one| Some((one.window.until.filter(|until| *until <= at)?, one)));
        let last = last
            .max_by_key(|(until, _)| *until)
            .map(|(until, one)| (until, one.reason()));
        if let Some((until, reason)) = &last {
            self.lacks_at(
                Missing::Over,
                format!("over since {}: {reason}", self.local(*until)),
                *until,
            );
        }
        if let Some((from, reason)) = &next {
            self.lacks_at(
                Missing::NotYet,
                format!("not open until {}: {reason}", self.local(*from)),
                *from,
            );
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
                let rules: Vec<String> = rules
                    .iter()
                    .map(|rule| format!("rule {} (line {}): {}", rule.rule, rule.line, rule.of))
                    .collect();
                format!(
                    "no rule matches: none of the person's facts is one of {}",
                    rules.join("; ")
                )
            }
        };
        self.lacks(Missing::NoRule, text);
    }

    /// Returns the facts behind the person's access that the platform no longer has.
    pub(super) fn gone_facts(&self) -> Vec<(String, Timestamp)> {
        let here = self
            .file
            .done
            .iter()
            .rev()
            .filter(|record| is_about(record, self.doors, self.group));
        let mut names: Vec<FactId> = here
            .take(2)
            .flat_map(|record| record.action.facts.iter().cloned())
            .collect();
        names.extend(
            self.claim
                .into_iter()
                .flat_map(|claim| claim.basis.iter().map(|basis| basis.fact.clone())),
        );
        names.sort();
        names.dedup();
        let gone = names
            .iter()
            .filter_map(|name| self.file.facts.get(name))
            .filter(|record| record.gone);
        gone.map(|record| {
            let since = record.since.unwrap_or(record.read);
            (
                format!(
                    "{} is gone at the platform: known since {} by {}",
                    record.fact.name(),
                    self.local(since),
                    record.source
                ),
                since,
            )
        })
        .collect()
    }

    pub(super) fn rules(&self) -> Vec<RuleShown> {
        let rules = self
            .book
            .site
            .rules
            .iter()
            .zip(&self.book.rules.resolved().rules)
            .enumerate();
        let attempt = rules.filter(|(_, (rule, resolved))| {
            rule.doors == *self.doors && resolved.groups.contains(self.group)
        });
        attempt
            .map(|(place, (rule, _))| {
                let of = match &rule.wanted {
                    ThingSelection::Any => "any".to_owned(),
                    ThingSelection::Named(names) => format!("\"{}\"", names.join("\", \"")),
                };
                RuleShown {
                    rule: place + 1,
                    line: rule.line,
                    of: format!("{} {of}", rule.selector.word()),
                }
            })
            .collect()
    }
}
