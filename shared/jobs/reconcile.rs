//! The reconcile job. It compares the whole platform with the whole door system of one site. It
//! finds lost deliveries and changes by hand, marks the people concerned as due and enqueues a
//! trigger. It never writes to a door.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::Serialize;

use crate::compare::doors::{self, DoorsSnapshot};
use crate::compare::unconfirmed::if_confirmed;
use crate::compare::{CompareContext, SourceRead, baseline, people_to_decide};
use crate::reconcile::moved::carry_over;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::register::RuledDoors;
use doorstep_cloud::schedules::Unset;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::decide::guard::baseline::OlderFiles;
use doorstep_core::model::cause::Cause;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::log_event;
use doorstep_core::model::minute::Minute;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::site::route::SiteRoute;
use doorstep_core::site::{Mode, Site};

mod attempts;
mod dispatch;
mod holding;
pub mod moved;
mod observe;
mod people;
mod platform;
mod serve;

pub use dispatch::{DispatchInput, dispatch};
use holding::{Holding, Ruling};
use observe::Reading;
use platform::PlatformState;
pub use serve::serve;

/// How far ahead schedules are set again, in case setting one failed.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The problem text for a snapshot that is rejected and that contains no change that the operator
/// could approve.
const HELD_BACK: &str = "the last roster is rejected, although three deliveries contained it: it would change no access now. \
    If it is correct, send its changes as single updates";

/// The result of one reconcile.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Number of missing grants.
    pub granted: usize,
    /// Number of missing revokes. Unconfirmed revokes count after their release.
    pub revoked: usize,
    /// Number of foreign members of ruled groups.
    pub foreign: usize,
    /// Number of cards that are to be assigned.
    pub tagged: usize,
    /// Number of cards that are to be taken back. Unconfirmed ones count after their release.
    pub untagged: usize,
    /// Number of held changes. They wait for an approval.
    pub held: usize,
    /// Problems that the operator should look at.
    pub problems: Vec<String>,
    /// How each source was read, by its name.
    pub reads: BTreeMap<DoorsName, SourceRead>,
    /// Notices to publish on the event bus.
    #[serde(skip)]
    pub notices: Vec<Notice>,
}

/// Compares everything of one site, stores what was read, marks people as due and enqueues a
/// trigger for them.
///
/// # Errors
/// [`Invalid`](doorstep_core::model::error::Error::Invalid) for a site that this stack does not
/// have. [`Retry`](doorstep_core::model::error::Error::Retry) if our table or trigger queue is
/// unavailable. A vendor that cannot be read is a problem in the report, not an error.
pub async fn reconcile(environment: &Environment, site: &SiteId) -> Result<Report> {
    let environment = &Environment {
        store: environment.store.with_own_unreadable(),
        ..environment.clone()
    };
    let stored = environment.store.in_force(site).await?;
    let site = stored.site()?;
    let mut report = Report {
        problems: stored.remarks(&site.id),
        ..Report::default()
    };
    // A route that an older version of Doorstep wrote may lack fields. This write completes it.
    environment
        .store
        .keep_route(&SiteRoute::of(&site), &stored)
        .await?;
    carry_over(environment, &site, &BTreeSet::new()).await?;
    let overdue = set_schedules(environment, &site.id, &mut report).await?;
    let PlatformState {
        mut known,
        mut mark,
        sound,
        held_back,
        webhooks,
    } = platform::read(environment, &site, &mut report).await?;
    let all_people = people_to_decide(&environment.store, &site, &mut known).await?;
    let mut snapshot = doors::read(environment, &site, &known, &all_people).await?;
    report.reads.append(&mut snapshot.reads);
    report.problems.append(&mut snapshot.problems);
    report.problems.append(&mut snapshot.remarks);
    report.notices.append(&mut snapshot.notices);
    report
        .problems
        .extend(snapshot.resolved.problems.iter().map(ToString::to_string));
    keep(environment, &site, &snapshot).await?;
    register(environment, &site, &mut snapshot).await?;
    let now = environment.time.now();
    let files = environment
        .store
        .files(&site.id, mark.unfinished_from(stored.n)..stored.n)
        .await?;
    let older = OlderFiles {
        files,
        replaced: stored.replaced(),
    };
    let people = all_people.known.as_slice();
    let context = CompareContext {
        baseline: &baseline(&stored.file()?, older, &known, &snapshot),
        site: &site,
        facts: &known,
        doors: &snapshot,
        people,
        mode: site.mode,
        stale: mark.is_stale(now),
        now,
    };
    let mut marked = people::due(context, &mut report);
    if let Some(facts) = held_back.filter(|_| site.mode != Mode::Observe) {
        let then = known.replaced_by(facts, now);
        let more = if_confirmed(
            CompareContext {
                facts: &then,
                ..context
            },
            &marked.waiting,
        );
        report
            .problems
            .extend(more.is_empty().then(|| HELD_BACK.to_owned()));
        marked.waiting.extend(more);
    }
    let foreign = std::mem::take(&mut marked.foreign);
    let holding = Holding {
        environment,
        site: &site,
        snapshot: &snapshot,
        known: &known,
        people,
        sound,
        now,
    };
    let Ruling {
        dues,
        compared,
        done,
    } = holding.judge(marked, &mut report).await?;
    let dues: Vec<Due> = dues
        .into_iter()
        .map(|due| due.because_of(Cause::Comparison))
        .collect();
    let n = Some(stored.n);
    let was = (mark.compared, mark.judged);
    (mark.compared, mark.judged) = (
        if compared { n } else { was.0 },
        if done { n } else { was.1 },
    );
    if (mark.compared, mark.judged) != was {
        environment
            .store
            .keep_platform_read(&site.id, &mark)
            .await?;
    }
    environment.store.put_dues(&site.id, &dues).await?;
    take_over(environment, &site, &snapshot).await?;
    if !dues.is_empty() || overdue {
        enqueue(environment, &site).await?;
    }
    // Access attempts come last, so that neither their duration nor their failure affects access.
    let collected = attempts::collect(environment, &site, &snapshot, &mut report).await;
    if collected.is_due {
        enqueue(environment, &site).await?;
    }
    let reading = Reading {
        environment,
        site: &site,
        snapshot: &snapshot,
        people,
        now,
        foreign,
        webhooks,
        doors_webhooks: collected.webhooks,
    };
    reading.keep().await;
    let unread = environment
        .store
        .unreadable_deliveries(&site.id)
        .await?
        .len();
    if unread > 0 {
        report.problems.push(format!(
            "{unread} verified deliveries could not be read; their senders' formats changed"
        ));
    }
    if let Err(error) = environment.bus.publish(&site.id, &report.notices).await {
        tracing::warn!(site = site.id.as_str(), %error, "the findings could not be published");
    }
    report
        .problems
        .extend(environment.store.unreadable().problems());
    report.problems.sort();
    report.problems.dedup();
    tracing::info!(
        event = log_event::RECONCILED,
        site = site.id.as_str(),
        granted = report.granted,
        revoked = report.revoked,
        foreign = report.foreign,
        held = report.held,
        problems = report.problems.len(),
        "reconciled"
    );
    Ok(report)
}

/// Enqueues a trigger that carries our clock. The clock of the function that serves it may be some
/// seconds behind the clock by which people were marked as due.
async fn enqueue(environment: &Environment, site: &Site) -> Result<()> {
    let trigger = Trigger::Schedule(Minute::of(environment.time.now()));
    environment
        .triggers
        .enqueue(&TriggerMessage::new(&site.id, trigger), None)
        .await
}

/// Sets schedules for the people who are due soon, so that a failed schedule heals even while the
/// platform is down. If Scheduler rejects a schedule, the report says so and the next reconcile
/// sets it. Returns whether a person is overdue.
async fn set_schedules(
    environment: &Environment,
    site: &SiteId,
    report: &mut Report,
) -> Result<bool> {
    let now = environment.time.now();
    let soon = now.checked_add(AHEAD).unwrap_or(now);
    let mut minutes: Vec<_> = environment
        .store
        .due_until(site, soon)
        .await?
        .into_iter()
        .map(|due| due.minute)
        .collect();
    minutes.dedup();
    let this_minute = Minute::of(now);
    for minute in minutes.iter().filter(|&&minute| minute > this_minute) {
        match environment.schedules.try_set(site, *minute).await {
            Ok(()) => {}
            Err(Unset::Queue(error)) => return Err(error),
            Err(Unset::Schedule(error)) => {
                tracing::warn!(site = site.as_str(), %error, "schedules could not be set; the next reconcile sets them");
                report.problems.push(format!(
                    "schedules could not be set, and people may be late: {error}"
                ));
                break;
            }
        }
    }
    Ok(minutes.iter().any(|minute| *minute <= this_minute))
}

/// Stores the state of the door systems and the resolved names. Settle uses both.
async fn keep(environment: &Environment, site: &Site, snapshot: &DoorsSnapshot) -> Result<()> {
    for name in snapshot.accounts.keys() {
        if let Some(doors_context) = snapshot.contexts.get(name) {
            environment
                .store
                .keep_doors_read(&site.id, name, &doors_context.doors_read)
                .await?;
        }
    }
    environment
        .store
        .keep_resolved(&site.id, &snapshot.resolved)
        .await
}

/// Registers the groups that this site rules, so that other sites that rule them know.
async fn register(
    environment: &Environment,
    site: &Site,
    snapshot: &mut DoorsSnapshot,
) -> Result<()> {
    for (name, doors_context) in snapshot
        .contexts
        .iter_mut()
        .filter(|(name, _)| snapshot.accounts.contains_key(*name))
    {
        let at = Neighbour {
            site: site.id.clone(),
            doors: name.clone(),
        };
        let ruled = RuledDoors {
            at,
            config: &doors_context.config,
            groups: &doors_context.ruled,
        };
        ruled
            .register(&environment.store, &mut doors_context.doors_read)
            .await?;
    }
    Ok(())
}

/// Marks the groups that were read as taken over. An account that is later added to one by hand
/// stays foreign. In observe mode Doorstep claims no one, so it takes over no group until the site
/// begins to act.
async fn take_over(environment: &Environment, site: &Site, snapshot: &DoorsSnapshot) -> Result<()> {
    if site.mode == Mode::Observe {
        return Ok(());
    }
    for (name, doors_context) in &snapshot.contexts {
        let new = snapshot
            .new_groups
            .iter()
            .filter(|at| at.doors == *name)
            .map(|at| at.group.clone());
        let mut now = doors_context.doors_read.clone();
        now.taken.extend(new);
        now.cards_taken |= snapshot.cards.contains_key(name);
        if now != doors_context.doors_read {
            environment
                .store
                .keep_doors_read(&site.id, name, &now)
                .await?;
        }
    }
    Ok(())
}
