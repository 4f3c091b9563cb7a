//! The decisions of one round: the members of the groups, the result of an interrupted run, each
//! person's account and cards, and then the actions. This module reads door systems and writes to
//! none.

use std::collections::BTreeSet;

use super::account_needs::{AccountNeed, expected, seek};
use super::accounts::link;
use super::cards::{doors_to_refetch, finish_cards};
use super::directory::AccountDirectory;
use super::doors_cache::DoorsCache;
use super::evaluate::Evaluation;
use super::failure::Failure;
use super::interrupted::finish;
use super::other_sites::read_again;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_core::decide::action::Action;
use doorstep_core::decide::person::{
    ActualCards, ActualState, CompareScope, DecisionContext, DesiredState, PersonDecision,
    PersonView, decide_person,
};
use doorstep_core::model::account::Standing;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Mode;

/// One person's decision in a round, before anything is withheld.
pub struct DecidedWork {
    /// The person's work, without any action yet.
    pub work: PersonWork,
    /// The actions.
    pub decision: PersonDecision,
}

/// Decides the actions of everyone in a round.
pub async fn decide(
    context: &SiteContext,
    evaluations: &[Evaluation],
    cache: &mut DoorsCache,
) -> Vec<DecidedWork> {
    cache.begin_round(context);
    let sought = seek(context, cache, &expected(context, evaluations));
    cache.read(context, evaluations, sought).await;
    let started: Vec<StartedWork> = evaluations
        .iter()
        .map(|evaluation| start(context, evaluation, cache))
        .collect();
    let needs: Vec<AccountNeed<'_>> = started
        .iter()
        .map(|one| (&one.work.person, one.in_need.clone()))
        .collect();
    let sought = seek(context, cache, &needs);
    cache.directory.fetch_ahead(context, sought).await;
    let mut decided = Vec::with_capacity(started.len());
    for (evaluation, started) in evaluations.iter().zip(started) {
        decided.push(decide_one(context, evaluation, started, cache).await);
    }
    decided
}

/// One person before accounts and cards are fetched.
struct StartedWork {
    work: PersonWork,
    /// The decision on what is known so far. It stands if nothing must be fetched. Otherwise it
    /// only says what must be fetched, and the person is decided once all of it is known.
    draft: PersonDecision,
    /// Door systems where the account must be fetched.
    in_need: BTreeSet<DoorsName>,
}

/// Resolves what an interrupted run left, decides as much as is known, and lists what must be
/// fetched.
fn start(context: &SiteContext, evaluation: &Evaluation, cache: &DoorsCache) -> StartedWork {
    let mut work = PersonWork::of(
        evaluation.state.person.clone(),
        evaluation.state.facts.name().unwrap_or("Guest"),
    );
    if context.site.mode == Mode::Observe {
        return StartedWork {
            work,
            draft: PersonDecision::default(),
            in_need: BTreeSet::new(),
        };
    }
    match cache.others.get(&work.person.id) {
        Some(Ok(others)) => work.others = others.clone(),
        // Another site may need what would be removed here. Nothing is done until its items can be
        // read.
        Some(Err(error)) => {
            work.store_failed(error.clone());
            return StartedWork {
                work,
                draft: PersonDecision::default(),
                in_need: BTreeSet::new(),
            };
        }
        None => {}
    }
    for group in &evaluation.groups {
        let failure = cache
            .unread
            .get(group)
            .map(|error| Failure::at(&group.doors, error.clone()));
        work.failures
            .extend(failure.filter(|failure| !work.failures.contains(failure)));
    }
    work.actions = finish(
        &mut work.person,
        &cache.groups,
        &context.systems,
        context.now,
    );
    let draft = judge(context, evaluation, &work, cache, &BTreeSet::new());
    let mut in_need = in_need_of_an_account(context, evaluation, &work, &draft);
    let cards = doors_to_refetch(context, evaluation, &work.person);
    if context.phase.has_cards() {
        in_need.extend(cards);
    } else {
        work.left |= !cards.is_empty();
    }
    StartedWork {
        work,
        draft,
        in_need,
    }
}

/// Decides the actions for one person: first the account, then the cards, then the actions.
async fn decide_one(
    context: &SiteContext,
    evaluation: &Evaluation,
    started: StartedWork,
    cache: &mut DoorsCache,
) -> DecidedWork {
    let StartedWork {
        mut work,
        draft,
        in_need,
    } = started;
    if in_need.is_empty() {
        return DecidedWork {
            work,
            decision: draft,
        };
    }
    let barred = link_all(context, &mut work, &in_need, &mut cache.directory).await;
    if let Err(error) = read_again(context, &mut work).await {
        work.store_failed(error);
        return DecidedWork {
            work,
            decision: PersonDecision::default(),
        };
    }
    let found = finish(
        &mut work.person,
        &cache.groups,
        &context.systems,
        context.now,
    );
    work.actions.extend(found);
    let mut read_at = BTreeSet::new();
    if context.phase.has_cards() {
        let doors = doors_to_refetch(context, evaluation, &work.person);
        read_at = cache
            .books
            .fetch_cards(context, &mut work, &evaluation.numbers, doors)
            .await;
        let found = finish_cards(&mut work.person, &read_at, &cache.books, context.now);
        work.actions.extend(found);
    }
    let mut decision = judge(context, evaluation, &work, cache, &read_at);
    cache.books.note(&work.person, &decision);
    decision.retain_actions(|at, step| !barred.contains(at) || step.takes_out());
    DecidedWork { work, decision }
}

/// Links the person's account at each of these door systems. Returns the door systems where the
/// account is ambiguous or could not be fetched.
async fn link_all(
    context: &SiteContext,
    work: &mut PersonWork,
    doors: &BTreeSet<DoorsName>,
    directory: &mut AccountDirectory,
) -> BTreeSet<DoorsName> {
    let mut barred = BTreeSet::new();
    for doors in doors {
        match link(context, &mut work.person, doors, &work.name, directory).await {
            Ok(found) => {
                work.writes.extend(found.writes);
                work.actions.extend(found.actions);
                work.tried.extend(found.tried.then(|| doors.clone()));
            }
            Err(error) => {
                barred.insert(doors.clone());
                work.failures.push(Failure::at(doors, error));
            }
        }
    }
    barred
}

/// Decides as much as is known of one person.
fn judge(
    context: &SiteContext,
    evaluation: &Evaluation,
    work: &PersonWork,
    cache: &DoorsCache,
    read_at: &BTreeSet<DoorsName>,
) -> PersonDecision {
    let cards = ActualCards {
        books: &cache.books.by_doors,
        read: read_at,
    };
    decide_person(PersonView {
        person: &work.person,
        desired: DesiredState {
            access: &evaluation.desired,
            name: evaluation.state.facts.name(),
            cards: &evaluation.numbers,
        },
        actual: ActualState {
            groups: &cache.groups,
            cards,
            others: &work.others,
        },
        scope: CompareScope {
            groups: &evaluation.groups,
            adopt: &evaluation.adopt,
            adopt_cards: &evaluation.adopt_cards,
        },
        context: DecisionContext {
            doors: &context.systems,
            mode: context.site.mode,
            stale: context.stale,
            now: context.now,
        },
    })
}

/// Returns the door systems where the account must be fetched. Reasons are an action that grants
/// access or changes the account, an intent on the account, a problem with the account that may be
/// solved by now, and a due item that asks for it.
fn in_need_of_an_account(
    context: &SiteContext,
    evaluation: &Evaluation,
    work: &PersonWork,
    draft: &PersonDecision,
) -> BTreeSet<DoorsName> {
    let person = &work.person;
    let touched = draft
        .actions()
        .filter(|(_, step)| !step.takes_out() && !matches!(step, Action::Rename(_)));
    let started = person
        .intents
        .iter()
        .filter(|intent| intent.group.is_none());
    let wrong = person.accounts.iter().filter(|(doors, linked)| {
        let rests = linked.account.standing == Standing::Suspended && person.claims_at(doors);
        let wrong = person.has_moved_on_from(linked) || rests || linked.refused_name.is_some();
        wrong && context.systems.contains_key(*doors)
    });
    let doors = touched
        .map(|(doors, _)| doors)
        .chain(started.map(|intent| &intent.doors));
    doors
        .chain(wrong.map(|(doors, _)| doors))
        .chain(&evaluation.refetch_at)
        .cloned()
        .collect()
}
