//! Plays a day on one machine, second by second, and checks every invariant after each step.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use http::Method;
use jiff::{SignedDuration, Timestamp};

use super::condition::{LIE, REGION};
use super::counts::Counts;
use super::day::{Day, Event, Vendor, Way};
use super::doors_record::{By, DoorsRecord, Key};
use super::invariants::{Observation, is_ours_alone, is_ruled};
use super::known::Known;
use super::trouble::Troubles;
use crate::property::dice::Dice;
use crate::property::next_site::{NEXT, NextSite};
use crate::property::platform::{self, SignedWebhook};
use crate::property::play::{Play, inside};
use crate::property::scenario::{Doors, GeneratedScenario, PROTECTED, SITE};
use crate::property::{judge, things, times};
use crate::reference_model::{self, Entry, Minute};
use doorstep_core::model::ids::SiteId;
use doorstep_local::run::crash::CrashStep;
use doorstep_local::run::faults::{Skew, Slowness};
use doorstep_local::spent::{Part, counted};

/// The interval of the reconciles.
const RECONCILE: Minute = 15 * 60;
/// The interval of a push platform's snapshots.
const ROSTER: Minute = 60 * 60;
/// The seconds after an event within which everything must be correct: usually, and if something is
/// slow.
const LOOKS: [Minute; 2] = [125, 410];
/// An instant within this time is near.
const NEAR: Minute = 40 * 60;

/// The least time that a function must have left.
const NEAREST: SignedDuration = SignedDuration::from_secs(5);
/// The time within a run in which a door of another vendor at the site must open.
const SAME_SITE: SignedDuration = SignedDuration::from_secs(30);

/// A planned event and its time.
pub enum Task {
    Event(usize),
    Deliver(usize, Vec<SignedWebhook>),
    Hear(usize),
    Back(serde_json::Value),
    Heals(String, u64),
    Quickens(String, u64),
    Recovers,
    TellsTheTruth,
    RollsForward,
    Reconcile,
    Roster,
    WorldAt,
}

pub struct Stage<'d> {
    pub day: &'d Day,
    pub play: Play,
    pub record: DoorsRecord,
    pub known: Known,
    pub troubles: Troubles,
    /// Door systems that have answered with success and done nothing.
    pub forgetful: BTreeSet<&'static str>,
    /// The dead letters that a condition excuses.
    pub excused: usize,
    queue: BTreeMap<(Minute, u64), Task>,
    queued: u64,
    /// The latest fault of each vendor.
    faults: BTreeMap<String, u64>,
    /// The latest slowness of each vendor that is slow.
    pub slow: BTreeMap<String, u64>,
    pub changes: usize,
    /// The held changes, each with the state that Doorstep acted on before.
    held: BTreeMap<Key, Rc<serde_json::Value>>,
    /// A delivery arrived or the operator approved since the members were last compared.
    confirmed: bool,
    /// The most seconds by which clocks may differ.
    pub skewed: Minute,
    pub counts: Counts,
    /// The working time of a function for which the clock was not moved yet.
    worked: SignedDuration,
    /// Whether access changed since the audit chain was last checked.
    pub unaudited: bool,
}

/// The course of a day.
pub struct Played {
    /// What is wrong; `None` if nothing is.
    pub kept: Result<(), String>,
    /// The events, as lines of text.
    pub trace: Vec<String>,
    /// The site file.
    pub file: String,
    /// Seconds from the start of the day until it ended or went wrong.
    pub lasted: Minute,
    /// Equal for two equal days.
    pub digest: u64,
    pub counts: Counts,
}

/// Plays a day.
pub fn play(day: &Day) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut stage = Stage::set(day).await;
        let kept = stage.through().await;
        let mut digest = DefaultHasher::new();
        let called = stage.play.machine.called();
        let audit = stage
            .play
            .machine
            .audit(&SiteId::from(SITE))
            .await
            .unwrap_or_default();
        (
            called.calls,
            called.digest,
            &stage.play.trace,
            audit.to_string(),
        )
            .hash(&mut digest);
        Played {
            kept,
            lasted: stage.play.now() - stage.play.scenario.start,
            file: stage.play.scenario.files().join("\n"),
            trace: std::mem::take(&mut stage.play.trace),
            digest: digest.finish(),
            counts: stage.counts,
        }
    })
}

impl<'d> Stage<'d> {
    async fn set(day: &'d Day) -> Stage<'d> {
        let dice = Dice(day.story.scenario);
        let mut scenario =
            GeneratedScenario::at(&["front", "back"], dice, &day.story, day.platform);
        scenario.next = day
            .next
            .as_ref()
            .map(|story| Box::new(NextSite::beside(&scenario, story)));
        let mut world = things::world(&day.story, scenario.start, &scenario.platform_quirks);
        if day.story.scenario.is_multiple_of(3)
            && let Some(member) = world["members"]
                .as_array_mut()
                .and_then(|members| members.first_mut())
        {
            member["email"] = serde_json::json!(PROTECTED[0]);
        }
        platform::add(day.platform, &day.story, &mut world, scenario.start);
        platform::fit(day.platform, &mut world);
        let inside = inside(&day.story, &world);
        let play = Play::begin(scenario, &world, &inside, false).await;
        play.machine.count_ids();
        play.machine.pace(SignedDuration::from_millis(day.pace));
        play.machine
            .late_schedules(Some(day.seed).filter(|_| day.late));
        let known = Known::new(
            play.scenario.clone(),
            world,
            !platform::can_be_asked(day.platform),
        );
        let mut stage = Stage {
            day,
            play,
            record: DoorsRecord::default(),
            known,
            troubles: Troubles::default(),
            forgetful: BTreeSet::new(),
            excused: 0,
            queue: BTreeMap::new(),
            queued: 0,
            faults: BTreeMap::new(),
            slow: BTreeMap::new(),
            changes: 0,
            held: BTreeMap::new(),
            confirmed: false,
            skewed: day.skewed(),
            counts: Counts::default(),
            worked: SignedDuration::ZERO,
            unaudited: false,
        };
        let start = stage.play.scenario.start;
        stage.put_off(start + RECONCILE, Task::Reconcile);
        if !platform::can_be_asked(day.platform) {
            stage.put_off(start + ROSTER - 420, Task::Roster);
        }
        for (place, event) in day.events.iter().enumerate() {
            stage.put_off(start + event.at, Task::Event(place));
        }
        stage
    }

    pub fn put_off(&mut self, at: Minute, task: Task) {
        self.queued += 1;
        self.queue.insert((at, self.queued), task);
    }

    async fn through(&mut self) -> Result<(), String> {
        self.take_over().await?;
        let ends = self.play.scenario.start + self.day.ends;
        while let Some(((at, _), task)) = self.queue.pop_first() {
            if at > ends {
                break;
            }
            self.walk_to(at).await?;
            self.act(at, task).await?;
            self.play.machine.quiet().await;
            self.check().await?;
            self.let_it_take_time().await?;
        }
        self.walk_to(ends).await?;
        self.end().await
    }

    /// Plays the first reconcile. It adopts the memberships of entitled people.
    async fn take_over(&mut self) -> Result<(), String> {
        self.see().await;
        if !platform::can_be_asked(self.day.platform) {
            self.play.deliver_snapshot().await?;
        }
        self.play
            .machine
            .reconcile(&SiteId::from(SITE))
            .await
            .map_err(|wrong| format!("the first reconcile: {wrong}"))?;
        self.reconcile_next().await;
        let open = self.known.open(&self.known.truth, self.play.now());
        let scenario = self.play.scenario.clone();
        self.record
            .taken_over(|line| is_ruled(&scenario, line) && open.contains(&line.entry));
        self.check().await
    }

    /// Moves the clock to `to`. Every schedule on the way is a step of its own.
    pub async fn walk_to(&mut self, to: Minute) -> Result<(), String> {
        while let Some(at) = self
            .play
            .machine
            .cloud()
            .schedules
            .next()
            .filter(|at| at.as_second() <= to)
        {
            let at = at.as_second().max(self.play.now());
            self.move_clock(at).await?;
            self.play.note("an alarm rings");
            self.counts.boundaries += 1;
            self.check().await?;
            self.let_it_take_time().await?;
            self.refetch_later();
        }
        self.move_clock(to).await
    }

    /// Moves the clock by the working time of the functions.
    async fn let_it_take_time(&mut self) -> Result<(), String> {
        let took = std::mem::take(&mut self.worked);
        if took.is_zero() {
            return Ok(());
        }
        let to = self
            .play
            .machine
            .now()
            .checked_add(took)
            .map_err(|wrong| wrong.to_string())?;
        self.play
            .machine
            .move_clock(to)
            .await
            .map(drop)
            .map_err(|wrong| wrong.to_string())?;
        self.check().await
    }

    async fn move_clock(&mut self, to: Minute) -> Result<(), String> {
        let to = Timestamp::from_second(to)
            .map_err(|wrong| wrong.to_string())?
            .max(self.play.machine.now());
        self.play
            .machine
            .move_clock(to)
            .await
            .map(drop)
            .map_err(|wrong| wrong.to_string())
    }

    pub fn refetch_later(&mut self) {
        let now = self.play.now();
        for after in LOOKS {
            if !self
                .queue
                .range((now + after, 0)..(now + after + 60, 0))
                .any(|(_, task)| matches!(task, Task::WorldAt))
            {
                self.put_off(now + after, Task::WorldAt);
            }
        }
    }

    async fn act(&mut self, at: Minute, task: Task) -> Result<(), String> {
        match task {
            Task::Event(place) => {
                let event = self.day.events[place].clone();
                self.come_near(&event).await?;
                self.counts.event(&event.what);
                self.apply_event(place, &event.what).await?;
                self.refetch_later();
            }
            Task::Deliver(number, webhooks) => self.deliver(number, webhooks).await?,
            Task::Hear(number) => self.known.hear(number, self.play.now()),
            Task::Back(body) => self.change_and_deliver(body, Way::Lost).await?,
            Task::Heals(vendor, fault) if self.faults.get(&vendor) == Some(&fault) => {
                self.play
                    .put(&vendor, "/_faults", &serde_json::json!([]))
                    .await;
                self.play.note(format!("{vendor} answers again"));
            }
            Task::Quickens(vendor, slowness) if self.slow.get(&vendor) == Some(&slowness) => {
                self.quicken(&vendor)
            }
            Task::Recovers => self.recover(),
            Task::TellsTheTruth => self.tell_the_truth(),
            Task::RollsForward => self.write_earlier_forms().await,
            Task::Heals(..) | Task::Quickens(..) | Task::WorldAt => {}
            Task::Reconcile => {
                self.put_off(at + RECONCILE, Task::Reconcile);
                if at >= self.play.scenario.start + self.day.skips {
                    self.reconcile().await?;
                }
            }
            Task::Roster => {
                self.put_off(at + ROSTER, Task::Roster);
                if at < self.play.scenario.start + self.day.skips {
                    return Ok(());
                }
                self.play.note("everything is told anew");
                if let Err(wrong) = self.play.deliver_snapshot().await {
                    // The next snapshot says the same.
                    return self.may_refuse(wrong);
                }
                if self.reconcile().await? {
                    self.known.heard_all(self.play.now());
                }
            }
        }
        Ok(())
    }

    /// Waits for the next instant at which access may begin or end, if the event asks for it and it
    /// is near.
    async fn come_near(&mut self, event: &Event) -> Result<(), String> {
        let Some(by) = event.near else { return Ok(()) };
        let now = self.play.now();
        let next = times::after(&self.known.truth, &self.play.scenario, now)
            .into_iter()
            .next();
        let until = self.play.scenario.start + self.day.ends;
        match next
            .map(|next| next + by)
            .filter(|next| *next > now && *next < (now + NEAR).min(until))
        {
            Some(next) => self.walk_to(next).await,
            None => Ok(()),
        }
    }

    /// Runs one reconcile, with Lambda's retries. Returns whether it ran and read everything.
    pub async fn reconcile(&mut self) -> Result<bool, String> {
        self.counts.reconciles += 1;
        let (word, now) = (self.day.platform.word(), self.play.now());
        let before = self.known.heard.clone();
        self.reconcile_next().await;
        for _ in 0..3 {
            match self.play.machine.reconcile(&SiteId::from(SITE)).await {
                Ok(report) => {
                    let complete = report.reads.get(word).is_none_or(|read| read.complete);
                    if (report.granted, report.revoked) != (0, 0) {
                        self.play.note(format!(
                            "reconcile: {} to grant, {} to revoke",
                            report.granted, report.revoked
                        ));
                    }
                    let asked = platform::can_be_asked(self.day.platform);
                    let lags = self.play.scenario.platform_quirks.contains(&"lag");
                    if complete && asked && !self.troubles.is_on(word) && !lags {
                        self.known.heard_all(now);
                    }
                    self.hold(&before).await?;
                    return Ok(complete);
                }
                Err(wrong) => self.play.note(format!("the reconcile failed: {wrong}")),
            }
        }
        Ok(false)
    }

    /// Runs one reconcile of the second site, if there is one.
    async fn reconcile_next(&mut self) {
        for _ in 0..3 {
            if self.play.scenario.next.is_none() {
                return;
            }
            match self.play.machine.reconcile(&SiteId::from(NEXT)).await {
                Ok(_) => return,
                Err(wrong) => self
                    .play
                    .note(format!("{NEXT}: the reconcile failed: {wrong}")),
            }
        }
    }

    /// Returns the audit chain of each site.
    async fn audits(&self) -> Result<Vec<serde_json::Value>, String> {
        let mut chains = Vec::new();
        let next = self.play.scenario.next.iter().map(|_| NEXT);
        for site in [SITE].into_iter().chain(next) {
            let chain = self.play.machine.audit(&SiteId::from(site)).await;
            chains.push(chain.map_err(|wrong| wrong.to_string())?);
        }
        Ok(chains)
    }

    /// Records what is held.
    async fn hold(&mut self, before: &Rc<serde_json::Value>) -> Result<(), String> {
        let opened = self
            .play
            .machine
            .holds(None)
            .await
            .map_err(|wrong| wrong.to_string())?;
        let waiting = opened
            .iter()
            .filter(|held| held.hold.approved.is_none())
            .flat_map(|held| &held.waiting);
        let keys = waiting.filter_map(|one| {
            let doors = self
                .play
                .scenario
                .doors
                .iter()
                .find(|doors| one.doors == doors.name)?;
            let account = one
                .account
                .as_ref()?
                .0
                .trim_start_matches("guest:")
                .to_lowercase();
            Some((doors.name, account, one.group.as_ref()?.0.clone()))
        });
        let keys: BTreeSet<Key> = keys.collect();
        if !keys.is_empty() && !keys.iter().all(|key| self.held.contains_key(key)) {
            self.play.note(format!("{} revokes are held", keys.len()));
        }
        self.held.retain(|key, _| keys.contains(key));
        for key in keys {
            self.held.entry(key).or_insert_with(|| before.clone());
        }
        Ok(())
    }

    /// The operator approves everything that is held.
    pub async fn approve_all(&mut self) -> Result<(), String> {
        self.confirmed = true;
        for held in self
            .play
            .machine
            .holds(None)
            .await
            .map_err(|wrong| wrong.to_string())?
        {
            if held.hold.approved.is_none() {
                self.play
                    .note(format!("{} is approved", held.hold.checksum));
                let approved = self.play.machine.approve(None, &held.hold.checksum).await;
                if let Err(wrong) = approved {
                    self.play.note(format!("the approval failed: {wrong}"));
                }
            }
        }
        Ok(())
    }

    pub async fn deliver(
        &mut self,
        number: usize,
        webhooks: Vec<SignedWebhook>,
    ) -> Result<(), String> {
        let deaf = self.troubles.is_on(self.day.platform.word()) || self.troubles.is_on(REGION);
        self.confirmed = true;
        for webhook in &webhooks {
            if let Err(wrong) = self.play.post(webhook).await {
                self.may_refuse(wrong)
                    .map_err(|wrong| format!("I9: {wrong}"))?;
                // Senders try again.
                self.put_off(self.play.now() + 1800, Task::Deliver(number, webhooks));
                return Ok(());
            }
        }
        self.play.machine.quiet().await;
        let now = self.play.now();
        match deaf {
            // The next full read finds it.
            true => {}
            false if self.play.scenario.platform_quirks.contains(&"lag") => {
                self.put_off(now + 400, Task::Hear(number))
            }
            false => self.known.hear(number, now),
        }
        Ok(())
    }

    /// Returns the refusal of a delivery, unless a condition excuses it.
    pub fn may_refuse(&self, wrong: String) -> Result<(), String> {
        match self.troubles.is_on(REGION) {
            true => Ok(()),
            false => Err(wrong),
        }
    }

    /// Sets a fault and its end.
    pub async fn fail(&mut self, vendor: &Vendor, fault: &serde_json::Value, lasts: Minute) {
        let Some(word) = self.word(vendor) else {
            return;
        };
        self.queued += 1;
        let (now, fault_number) = (self.play.now(), self.queued);
        self.faults.insert(word.to_owned(), fault_number);
        self.play
            .put(word, "/_faults", &serde_json::json!([fault]))
            .await;
        self.troubles.begins(word, now);
        self.put_off(now + lasts, Task::Heals(word.to_owned(), fault_number));
    }

    /// Returns the word of a vendor; `None` for a push platform.
    pub fn word(&self, vendor: &Vendor) -> Option<&'static str> {
        match vendor {
            Vendor::Platform => {
                platform::can_be_asked(self.day.platform).then(|| self.day.platform.word())
            }
            Vendor::Kisi => Some("kisi"),
            Vendor::SaltoKs => Some("salto-ks"),
        }
    }

    /// Slows a vendor down for a while. Not over a network, where slow calls would be answered in
    /// any order.
    pub fn slow_down(&mut self, vendor: &Vendor, slowness: Slowness, lasts: Minute) {
        let Some(word) = self.word(vendor).filter(|_| !super::is_elsewhere()) else {
            return;
        };
        self.queued += 1;
        let (now, number) = (self.play.now(), self.queued);
        self.slow.insert(word.to_owned(), number);
        self.play.machine.slow(word, Some(slowness));
        self.play.machine.let_waits_count(true);
        self.troubles.begins(word, now);
        self.put_off(now + lasts, Task::Quickens(word.to_owned(), number));
    }

    fn quicken(&mut self, vendor: &str) {
        self.play.machine.slow(vendor, None);
        self.slow.remove(vendor);
        self.play.machine.let_waits_count(!self.slow.is_empty());
        self.play.note(format!("{vendor} is quick again"));
    }

    /// I10: no function comes near its limit, and a slow vendor delays no one at the doors of
    /// another.
    fn i10_nothing_dies_of_its_own_work(&self) -> Result<(), String> {
        let spare = self.play.machine.spare();
        if let Some(spare) = spare.filter(|spare| *spare < NEAREST) {
            return Err(format!("I10: a function had {spare:#} left"));
        }
        let changed = self.play.machine.changed_after();
        if self.slow.is_empty() || self.day.pace > 0 {
            return Ok(());
        }
        let late = changed
            .iter()
            .find(|(vendor, after)| !self.troubles.is_on(vendor) && **after > SAME_SITE);
        late.map_or(Ok(()), |(vendor, after)| {
            Err(format!(
                "I10: {vendor} was changed after {after:#} of a run"
            ))
        })
    }

    /// Reads the members of each group, and checks every invariant.
    pub async fn check(&mut self) -> Result<(), String> {
        counted(Part::Judging, self.check_now()).await
    }

    async fn check_now(&mut self) -> Result<(), String> {
        let now = self.play.now();
        self.worked = self.worked.max(self.play.machine.worked());
        self.i10_nothing_dies_of_its_own_work()?;
        let of_conditions = |vendor: &String| {
            [REGION, LIE].contains(&vendor.as_str())
                || self.troubles.is_on(REGION) && *vendor != self.day.platform.word()
        };
        let faulty: Vec<String> = self
            .troubles
            .all_on()
            .into_iter()
            .filter(|vendor| !self.slow.contains_key(vendor) && !of_conditions(vendor))
            .collect();
        for vendor in faulty {
            let left = self
                .play
                .back_door(&vendor, Method::GET, "/_faults", bytes::Bytes::new())
                .await;
            if left.as_array().is_some_and(Vec::is_empty) {
                self.troubles.ends(&vendor, now);
            }
        }
        let passed = self.see().await;
        self.unaudited |= !passed.is_empty();
        let audit = match self.unaudited {
            true => Some(self.audits().await?),
            false => None,
        };
        self.unaudited = false;
        let sight = self.sight();
        sight.i3_only_what_is_ours(&passed)?;
        sight.i5_no_gap(&passed)?;
        if !self.confirmed {
            sight.i6_held_is_held(&passed, &self.held)?;
        }
        sight.i1_no_one_stays_too_long(&self.held)?;
        sight.i2_no_one_waits()?;
        audit.map_or(Ok(()), |audit| sight.i7_one_record_each(&audit, false))?;
        self.i9_nothing_is_lost()?;
        self.confirmed = false;
        self.known.forget(now - 1200);
        Ok(())
    }

    /// Returns the people whom every credible world admits now, and those whom any admits.
    pub fn open_now(&self) -> (BTreeSet<Entry>, BTreeSet<Entry>) {
        let now = self.play.now();
        self.known.bounds(&self.known.credible(now - 1), &[now])
    }

    fn sight(&self) -> Observation<'_> {
        Observation {
            scenario: &self.play.scenario,
            record: &self.record,
            known: &self.known,
            troubles: &self.troubles,
            now: self.play.now(),
            skew: self.skewed,
            lied: !self.troubles.is_well(LIE, self.play.now()),
            forgetful: &self.forgetful,
            ahead: self.skewed + self.worked.as_secs() + 1,
        }
    }

    /// Takes over the additions and removals at the doors.
    pub async fn see(&mut self) -> Vec<super::doors_record::Passed> {
        let now = self.play.now();
        let mut all = Vec::new();
        for doors in self.play.scenario.doors.clone() {
            let crossings = self
                .play
                .machine
                .sandboxes()
                .membership_changes(doors.kind, None);
            if crossings
                .iter()
                .any(|crossing| !self.record.knows(&doors, crossing))
            {
                let world = self.play.get(doors.kind).await;
                self.record.meet(&doors, &world);
            }
            let hazy = !self.troubles.is_well(doors.kind, now);
            let passed = self.record.take(&doors, crossings, now, hazy);
            self.counts.changes += passed.iter().filter(|one| !one.by_hand).count();
            self.note_changes(&doors, &passed);
            all.extend(passed);
        }
        all
    }

    fn note_changes(&mut self, doors: &Doors, passed: &[super::doors_record::Passed]) {
        let mut taken = BTreeSet::new();
        for one in passed {
            let (who, _, group) = &one.line.entry;
            let what = if one.entered {
                "comes into"
            } else {
                "goes out of"
            };
            let by = if one.by_hand { " by hand" } else { "" };
            let until = one
                .line
                .until
                .map(|until| format!(" until {}", things::written(until)))
                .unwrap_or_default();
            self.play.note(format!(
                "  {who} {what} {group} at {}{by}{until}",
                doors.name
            ));
            // Removed and added at once: one change, at a door system that allows one member for
            // each account.
            if one.entered && !one.by_hand && taken.remove(&one.line.key) {
                self.record.put_back(&one.line.key);
            } else if !one.entered && !one.by_hand {
                taken.insert(one.line.key.clone());
            }
        }
    }

    /// All faults end. One reconcile corrects everything, and a second finds nothing.
    async fn end(&mut self) -> Result<(), String> {
        self.play.machine.pace(SignedDuration::ZERO);
        for vendor in std::mem::take(&mut self.slow).into_keys() {
            self.play.machine.slow(&vendor, None);
        }
        self.play.machine.let_waits_count(false);
        self.play.machine.crash_at_call(None);
        self.play.machine.skew(Skew::default());
        self.play.machine.overload_table(0);
        self.play.machine.double_settles(0);
        for vendor in [self.day.platform.word(), "kisi", "salto-ks"] {
            self.play
                .put(vendor, "/_faults", &serde_json::json!([]))
                .await;
        }
        self.play.machine.crash(CrashStep::Enqueue, 0);
        self.play.machine.cloud().schedules.refuse(0);
        for vendor in self.troubles.all_on() {
            self.troubles.ends(&vendor, self.play.now());
        }
        self.play.note("the day ends: all trouble stops");
        let scenario = self.play.scenario.clone();
        self.play.expected.by_hand = self.record.spared(|line| is_ours_alone(&scenario, line));
        // Postponed refetches run again, and unconfirmed changes are approved.
        let ended = self.put_right().await;
        let passed = self.see().await;
        ended.map_err(|wrong| format!("I4: {wrong}"))?;
        let audit = self.audits().await?;
        self.known.heard_all(self.play.now());
        let sight = self.sight();
        sight.i3_only_what_is_ours(&passed)?;
        sight.i7_one_record_each(&audit, true)
    }

    async fn put_right(&mut self) -> Result<(), String> {
        if self.play.scenario.is_slow() {
            self.move_clock(self.play.now() + 240).await?;
        }
        self.play.reconcile().await?;
        self.reconcile_next().await;
        self.approve_all().await?;
        self.play.judge().await?;
        judge::ends(&self.play).await?;
        let (mut granted, mut revoked) = self.play.reconcile().await?;
        if self.play.scenario.next.is_some() {
            let next = self.play.machine.reconcile(&SiteId::from(NEXT)).await;
            let next = next.map_err(|wrong| wrong.to_string())?;
            (granted, revoked) = (granted + next.granted, revoked + next.revoked);
        }
        match granted + revoked {
            0 => Ok(()),
            _ => Err(format!(
                "the second diff is not empty: {granted} granted, {revoked} revoked"
            )),
        }
    }

    /// Returns the manual members that stay.
    pub fn lines_in(&self, doors: &str) -> Vec<(String, String, By)> {
        let here = self.record.lines().filter(|line| line.key.0 == doors);
        here.map(|line| (line.key.1.clone(), line.key.2.clone(), line.by))
            .collect()
    }

    /// Returns the current state of the platform.
    pub fn truth(&self) -> &serde_json::Value {
        &self.known.truth
    }

    pub fn list(&self, kind: &str) -> &[serde_json::Value] {
        reference_model::list(self.truth(), kind)
    }
}
