//! Changes of membership in SALTO KS groups, in one call where that works.
//!
//! The answer to adding a member twice, or to removing a person who is no member, is unknown `[?]`.
//! A refusal may come with any status, 200 included `[M]`. A refusal about one person is therefore
//! judged by the group's list afterwards. Its code only provides the error if the list does not
//! show the change.

use std::collections::HashSet;
use std::ops::Range;

use http::Method;
use serde_json::json;

use super::SaltoKs;
use super::client::V1_1;
use super::refusal::SaltoAnswer;
use crate::doors::{GroupAddition, ReadDoors};
use doorstep_core::model::account::{GroupId, GroupMember};
use doorstep_core::model::error::{Error, Result};

/// The number of calls failed through the vendor's own trouble after which the rest is given up.
const MOST_TROUBLES: usize = 3;

/// One person's part of a change, by platform id.
#[derive(Clone, Copy)]
enum MemberStep<'a> {
    Add(&'a str),
    Remove(&'a str),
}

/// The outcome of one part.
#[derive(Clone)]
enum PartOutcome {
    Done,
    Failed(Error),
    /// Refused, which may mean "already so". The error applies if the group's list does not show
    /// the change.
    Unsure(Error),
}

/// The outcome of one call.
enum CallOutcome {
    Done,
    /// A refusal, perhaps because of a single person.
    Refused(SaltoAnswer),
    /// A failure that concerns no single person. Without a requested pause, it is unknown what was
    /// done.
    Failed(Error),
}

impl SaltoKs {
    /// Sends all changes at once. If that is refused, it sends ever smaller parts down to one
    /// person, so that a problem with one person does not stop the others. A failure that concerns
    /// no single person (no subscription, vendor not available) ends it.
    pub(super) async fn change_together(
        &self,
        group: &GroupId,
        add: &[GroupAddition],
        remove: &[GroupMember],
    ) -> Vec<Result<()>> {
        let added = add.iter().map(|entry| MemberStep::Add(&entry.account.id.0));
        let steps: Vec<MemberStep> = added
            .chain(remove.iter().map(|row| MemberStep::Remove(&row.account.0)))
            .collect();
        let mut outcomes = vec![PartOutcome::Failed(Error::retry("not tried yet")); steps.len()];
        let mut parts: Vec<Range<usize>> = Some(0..steps.len())
            .into_iter()
            .filter(|all| !all.is_empty())
            .collect();
        let mut troubles = 0;
        while let Some(part) = parts.pop() {
            let Some(some) = steps.get(part.clone()) else {
                continue;
            };
            let outcome = match (
                self.send(group, some, part.len() == steps.len()).await,
                some,
            ) {
                (CallOutcome::Done, _) => PartOutcome::Done,
                (CallOutcome::Refused(answer), [step]) => judge(*step, answer),
                (CallOutcome::Refused(_), _) => {
                    parts.extend(halves(part));
                    continue;
                }
                (CallOutcome::Failed(error), [_, _, ..]) if asks_no_pause(&error) => {
                    parts.extend(part.rev().map(|one| one..one + 1));
                    continue;
                }
                (CallOutcome::Failed(error), _) => {
                    troubles += 1;
                    if troubles >= MOST_TROUBLES || !asks_no_pause(&error) {
                        parts.drain(..).for_each(|left| {
                            fill(&mut outcomes, left, &PartOutcome::Failed(error.clone()))
                        });
                    }
                    PartOutcome::Failed(error)
                }
            };
            fill(&mut outcomes, part, &outcome);
        }
        self.settled(group, &steps, outcomes).await
    }

    /// Sends one part. With `whole` and a 404, checks first whether the group exists, before the
    /// 404 counts as one person's. A single removal is checked in the group's list anyway.
    async fn send(&self, group: &GroupId, steps: &[MemberStep<'_>], whole: bool) -> CallOutcome {
        match self.send_part(group, steps).await {
            Ok(answer) if answer.is_yes() => CallOutcome::Done,
            Ok(answer)
                if whole && answer.is_missing() && !matches!(steps, [MemberStep::Remove(_)]) =>
            {
                self.rows(group)
                    .await
                    .map_or_else(CallOutcome::Failed, |_| CallOutcome::Refused(answer))
            }
            Ok(answer) if answer.is_about_one() => CallOutcome::Refused(answer),
            Ok(answer) => answer
                .done()
                .map_or_else(CallOutcome::Failed, |_| CallOutcome::Done),
            Err(error) => CallOutcome::Failed(error),
        }
    }

    async fn send_part(&self, group: &GroupId, steps: &[MemberStep<'_>]) -> Result<SaltoAnswer> {
        let path = ["access_groups", group.0.as_str(), "users"];
        match steps {
            [MemberStep::Add(user)] => {
                self.0
                    .write(Method::POST, V1_1, &path, Some(&json!({ "user_id": user })))
                    .await
            }
            [MemberStep::Remove(user)] => {
                self.0
                    .write(
                        Method::DELETE,
                        V1_1,
                        &[path.as_slice(), &[*user]].concat(),
                        None,
                    )
                    .await
            }
            _ => {
                self.0
                    .write(Method::PATCH, V1_1, &path, Some(&bulk(steps)))
                    .await
            }
        }
    }

    /// Reads the group's list once if an outcome depends on it, and returns the results.
    async fn settled(
        &self,
        group: &GroupId,
        steps: &[MemberStep<'_>],
        outcomes: Vec<PartOutcome>,
    ) -> Vec<Result<()>> {
        let mut members: Result<HashSet<String>> = Ok(HashSet::new());
        if outcomes
            .iter()
            .any(|outcome| matches!(outcome, PartOutcome::Unsure(_)))
        {
            members = self
                .rows(group)
                .await
                .map(|rows| rows.into_iter().map(|row| row.account.0).collect());
        }
        let judged = steps
            .iter()
            .zip(outcomes)
            .map(|(step, outcome)| match (outcome, &members) {
                (PartOutcome::Done, _) => Ok(()),
                (PartOutcome::Failed(error), _) => Err(error),
                (PartOutcome::Unsure(_), Err(error)) => Err(error.clone()),
                (PartOutcome::Unsure(_), Ok(members)) if step.is_so(members) => Ok(()),
                (PartOutcome::Unsure(error), Ok(_)) => Err(error),
            });
        judged.collect()
    }
}

impl MemberStep<'_> {
    fn is_so(self, members: &HashSet<String>) -> bool {
        match self {
            MemberStep::Add(user) => members.contains(user),
            MemberStep::Remove(user) => !members.contains(user),
        }
    }
}

/// Translates a refusal that concerns one person. If it may mean "already so", the group's list
/// decides.
fn judge(step: MemberStep<'_>, answer: SaltoAnswer) -> PartOutcome {
    match step {
        MemberStep::Add(_) if answer.is_not_yet() => PartOutcome::Failed(Error::retry(
            "SALTO KS does not know this new account everywhere yet",
        )),
        MemberStep::Add(_) if answer.may_be_so_already() => PartOutcome::Unsure(Error::retry(
            "SALTO KS did not add this person to the group",
        )),
        MemberStep::Remove(_) if answer.is_missing() => PartOutcome::Unsure(Error::retry(
            "SALTO KS does not find this person, but lists them in the group",
        )),
        MemberStep::Remove(_) if answer.may_be_so_already() => PartOutcome::Unsure(Error::retry(
            "SALTO KS did not remove this person from the group",
        )),
        _ => answer
            .done()
            .map_or_else(PartOutcome::Failed, |_| PartOutcome::Done),
    }
}

/// Returns whether a smaller call may succeed at once.
fn asks_no_pause(error: &Error) -> bool {
    matches!(error, Error::Retry { after: None, .. })
}

fn fill(outcomes: &mut [PartOutcome], part: Range<usize>, outcome: &PartOutcome) {
    outcomes
        .get_mut(part)
        .unwrap_or_default()
        .fill(outcome.clone());
}

fn bulk(steps: &[MemberStep<'_>]) -> serde_json::Value {
    let mut add = Vec::new();
    let mut remove = Vec::new();
    for step in steps {
        match step {
            MemberStep::Add(user) => add.push(*user),
            MemberStep::Remove(user) => remove.push(*user),
        }
    }
    json!({ "add_ids": add, "remove_ids": remove })
}

/// Splits a part. The second half comes first, so that the first one is popped next.
fn halves(part: Range<usize>) -> [Range<usize>; 2] {
    let middle = part.start + part.len() / 2;
    [middle..part.end, part.start..middle]
}
