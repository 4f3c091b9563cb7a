//! One site's share of a batch of triggers.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backlog::Backlog;
use super::batch::NextStep;
use super::refetch::{has_hints, refetch, refetch_again};
use super::run::SettleRun;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::budgets::run::{FETCHING, PEOPLE_FIRST, RUN_TIME};
use doorstep_core::model::error::Result;
use doorstep_core::model::minute::Minute;
use doorstep_core::site::Site;
use doorstep_vendors::platform::PlatformVendor;
use doorstep_vendors::platform::push::outdated::drop_snapshots;

/// Serves the triggers of one site.
///
/// Due people are served first. The things that hints name are refetched next, which marks more
/// people as due. These are served earliest first, until no one is due or the time is used up. In
/// the second case settle enqueues a trigger for the rest.
pub async fn serve(
    environment: &Environment,
    stored: &SiteVersion,
    messages: &[TriggerMessage],
) -> Result<()> {
    let site = &stored.site()?;
    let mut until = environment.time.now();
    for message in messages {
        match &message.trigger {
            Trigger::Hints(_) | Trigger::Account { .. } | Trigger::Due | Trigger::Snapshot => {}
            Trigger::Schedule(minute) => until = until.max(minute.start()),
            Trigger::Unreadable => {
                environment
                    .bus
                    .want_reconcile(&site.id, AskedBy::Function)
                    .await
            }
        }
    }
    // Each part of a snapshot enqueues a trigger, and only the last part to arrive completes the
    // snapshot.
    if let Some(contract) = site.platform.kind.vendor().contract()
        && messages
            .iter()
            .any(|message| message.trigger == Trigger::Snapshot)
        && drop_snapshots(
            contract,
            &environment.store,
            &site.id,
            environment.time.now(),
        )
        .await?
    {
        environment
            .bus
            .want_reconcile(&site.id, AskedBy::Function)
            .await;
    }
    let mut run = TimedRun::begin(environment, stored, site, until);
    if has_hints(messages) {
        // People at a door must not wait for the platform.
        run.serve_people(PEOPLE_FIRST).await?;
        run.marked = refetch(environment, site, messages, run.ends(FETCHING)).await?;
    }
    loop {
        match run.serve_people(100).await? {
            ServeResult::Served { refetches } if refetches.is_empty() => return Ok(()),
            ServeResult::Served { refetches } if run.left(FETCHING) > Duration::ZERO => {
                refetch_again(environment, site, &refetches, run.ends(FETCHING)).await?;
            }
            ServeResult::Served { .. } | ServeResult::OutOfTime => {
                return run.enqueue_the_rest().await;
            }
        }
    }
}

/// The result of serving due people.
enum ServeResult {
    /// Everyone was served. These things are due to be refetched.
    Served { refetches: Vec<Due> },
    /// The time was used up first.
    OutOfTime,
}

/// One run for one site.
struct TimedRun<'a> {
    environment: &'a Environment,
    site: &'a Site,
    run: SettleRun<'a>,
    /// People whom hints marked in passing and who are not served yet.
    marked: Vec<Due>,
    /// The latest minute that counts as due.
    until: Timestamp,
    began: Timestamp,
    time: Duration,
}

impl<'a> TimedRun<'a> {
    fn begin(
        environment: &'a Environment,
        stored: &'a SiteVersion,
        site: &'a Site,
        until: Timestamp,
    ) -> Self {
        let began = environment.time.now();
        let time = environment
            .deadline
            .left(began)
            .map_or(RUN_TIME, |left| left.min(RUN_TIME));
        let run = SettleRun::new(environment, stored, site);
        TimedRun {
            environment,
            site,
            run,
            marked: Vec::new(),
            until,
            began,
            time,
        }
    }

    /// Returns the instant at which this percentage of the run's time is used up.
    fn ends(&self, percent: u32) -> Timestamp {
        let share = SignedDuration::try_from(self.time * percent / 100).unwrap_or_default();
        self.began.saturating_add(share).unwrap_or(self.began)
    }

    fn left(&self, percent: u32) -> Duration {
        Duration::try_from(
            self.environment
                .time
                .now()
                .duration_until(self.ends(percent)),
        )
        .unwrap_or_default()
    }

    /// Serves due people until this percentage of the run's time is used up.
    async fn serve_people(&mut self, percent: u32) -> Result<ServeResult> {
        let mut backlog = Backlog::default();
        loop {
            // A run takes time. People who were marked in a minute that began meanwhile are due as
            // well.
            self.until = self.until.max(self.environment.time.now());
            backlog
                .read_on(&self.environment.store, &self.site.id, self.until)
                .await?;
            let mut people = backlog.people().to_vec();
            people.extend_from_slice(&self.marked);
            self.run.get_to_know(&people).await?;
            match self.run.batcher.next(people, self.left(percent)) {
                NextStep::Done => {
                    let refetches = backlog.refetches();
                    return Ok(ServeResult::Served { refetches });
                }
                NextStep::Enqueue => return Ok(ServeResult::OutOfTime),
                NextStep::Serve(phase, batch) => {
                    let mut served: HashSet<String> =
                        batch.iter().map(|due| due.mark().to_owned()).collect();
                    for due in self.run.serve(phase, batch, self.until).await? {
                        served.remove(due.mark());
                    }
                    self.marked.retain(|due| !served.contains(due.mark()));
                    backlog.served(&served);
                }
            }
        }
    }

    /// Stores what is due for the next run, and enqueues a trigger for it.
    async fn enqueue_the_rest(&self) -> Result<()> {
        self.environment
            .store
            .put_dues(&self.site.id, &self.marked)
            .await?;
        let trigger = Trigger::Schedule(Minute::of(self.until.max(self.environment.time.now())));
        self.environment
            .triggers
            .enqueue(&TriggerMessage::new(&self.site.id, trigger), None)
            .await
    }
}
