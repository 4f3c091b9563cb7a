//! One site's turn: due people are served first, then what hints are about is fetched, then everybody whom that marked is
//! served, earliest first, until the time is used up.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::order::{Next, TURN};
use super::refetch::{has_hints, look_again, refetch};
use super::turn::SettleRun;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::error::Result;
use doorstep_core::model::subject::Subject;
use doorstep_core::site::Site;
use doorstep_vendors::platform::PlatformVendor;
use doorstep_vendors::platform::told::outdated::drop_rosters;

/// Percent of a run after which people who are due let hints be fetched.
const PEOPLE_FIRST: u32 = 50;
/// Percent of a run after which nothing more is fetched.
const FETCHING: u32 = 75;

/// Serves the bells of one site.
pub async fn serve(environment: &Environment, stored: &SiteVersion, rings: &[TriggerMessage]) -> Result<()> {
    let site = &stored.site()?;
    let mut until = environment.time.now();
    for ring in rings {
        match &ring.bell {
            Trigger::Things(_) | Trigger::Account { .. } | Trigger::Due | Trigger::Roster => {}
            Trigger::Alarm(minute) => until = until.max(*minute),
            Trigger::Unread => environment.bus.want_reconcile(&site.id, AskedBy::Function).await,
        }
    }
    // Each part of a roster rings, and only the last one to come makes it whole.
    if let Some(contract) = site.platform.kind.vendor().contract()
        && rings.iter().any(|ring| ring.bell == Trigger::Roster)
        && drop_rosters(contract, &environment.store, &site.id, environment.time.now()).await?
    {
        environment.bus.want_reconcile(&site.id, AskedBy::Function).await;
    }
    let mut run = Run::begin(environment, stored, site, until);
    if has_hints(rings) {
        // Nobody who stands at a door waits for the platform.
        run.serve_people(PEOPLE_FIRST).await?;
        run.marked = refetch(environment, site, rings, run.ends(FETCHING)).await?;
    }
    loop {
        match run.serve_people(100).await? {
            People::Served { looks } if looks.is_empty() => return Ok(()),
            People::Served { looks } if run.left(FETCHING) > Duration::ZERO => {
                look_again(environment, site, &looks, run.ends(FETCHING)).await?;
            }
            People::Served { .. } | People::OutOfTime => return run.ring_for_the_rest().await,
        }
    }
}

/// What became of the people who are due.
enum People {
    /// Everybody was served. These things are due to be looked at.
    Served { looks: Vec<Due> },
    /// The time was used up before.
    OutOfTime,
}

/// One run for one site.
struct Run<'a> {
    environment: &'a Environment,
    site: &'a Site,
    turn: SettleRun<'a>,
    /// Whom hints marked in passing and who were not served yet.
    marked: Vec<Due>,
    /// Until when somebody is due.
    until: Timestamp,
    began: Timestamp,
    time: Duration,
}

impl<'a> Run<'a> {
    fn begin(environment: &'a Environment, stored: &'a SiteVersion, site: &'a Site, until: Timestamp) -> Self {
        let began = environment.time.now();
        let time = environment.deadline.left(began).map_or(TURN, |left| left.min(TURN));
        let turn = SettleRun::new(environment, stored, site);
        Run { environment, site, turn, marked: Vec::new(), until, began, time }
    }

    /// The instant at which so many percent of the run's time are used up.
    fn ends(&self, percent: u32) -> Timestamp {
        let share = SignedDuration::try_from(self.time * percent / 100).unwrap_or_default();
        self.began.saturating_add(share).unwrap_or(self.began)
    }

    fn left(&self, percent: u32) -> Duration {
        Duration::try_from(self.environment.time.now().duration_until(self.ends(percent))).unwrap_or_default()
    }

    /// Serves whoever is due until `percent` of the run's time are used up.
    async fn serve_people(&mut self, percent: u32) -> Result<People> {
        loop {
            // A run takes its time: whoever was marked in a minute that had not begun yet is due as well.
            self.until = self.until.max(self.environment.time.now());
            let (looks, people) = self.all_due().await?;
            self.turn.get_to_know(&people).await?;
            match self.turn.order.next(people, self.left(percent)) {
                Next::Done => return Ok(People::Served { looks }),
                Next::TriggerMessage => return Ok(People::OutOfTime),
                Next::Serve(portion, slice) => {
                    let mut served: HashSet<String> = slice.iter().map(|due| due.mark().to_owned()).collect();
                    for due in self.turn.serve(portion, slice, self.until).await? {
                        served.remove(due.mark());
                    }
                    self.marked.retain(|due| !served.contains(due.mark()));
                }
            }
        }
    }

    /// Everything due, earliest first, and then whoever was marked in passing: things to look at, and people.
    async fn all_due(&self) -> Result<(Vec<Due>, Vec<Due>)> {
        let mut dues = self.environment.store.due_until(&self.site.id, self.until).await?;
        dues.extend_from_slice(&self.marked);
        Ok(dues.into_iter().partition(|due| matches!(due.subject, Subject::Look { .. })))
    }

    /// Leaves what is due to the next run, and asks for that.
    async fn ring_for_the_rest(&self) -> Result<()> {
        self.environment.store.put_dues(&self.site.id, &self.marked).await?;
        let bell = Trigger::Alarm(self.until.max(self.environment.time.now()));
        self.environment.triggers.enqueue(&TriggerMessage::new(&self.site.id, bell), None).await
    }
}
