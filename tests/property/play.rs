//! Plays a story on one machine: changes at the platform; deliveries that arrive, are lost, late or
//! doubled; clock moves; reconciles; and, in rough stories, crashes and faults.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{Method, Request, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::change;
use super::dice::Dice;
use super::judge::{self, Expected};
use super::next_site::NEXT_WORLD;
use super::platform::{self, SignedWebhook, headers};
use super::scenario::{FOREIGN, GROUPS, GeneratedScenario, PROTECTED, SITE};
use super::story::Story;
use super::{holds, things, times};
use crate::reference_model::{self, Minute, instant, list};
use crate::support::Platform;
use doorstep_core::model::ids::SiteId;
use doorstep_local::run::crash::CrashStep;
use doorstep_local::{Data, Machine, Setup};
use doorstep_vendors::delivery::Delivery;

/// A story in progress.
pub struct Play {
    pub scenario: GeneratedScenario,
    pub expected: Expected,
    pub machine: Machine,
    rough: bool,
    /// The events so far, printed after a failure.
    pub trace: Vec<String>,
    /// Deliveries that are still held back, with the number of their change.
    late: Vec<(usize, SignedWebhook)>,
    /// Deliveries that were posted.
    pub old: Vec<SignedWebhook>,
    /// The current state of the platform, in OfficeRnD's shape.
    mirror: Value,
    /// Changes without a delivery since the last reconcile.
    unheard: BTreeSet<usize>,
    /// Deliveries that the platform made so far.
    sent: u64,
    /// The most members that each group had when the doors were judged, and all groups together.
    pub most: BTreeMap<Option<(&'static str, String)>, usize>,
}

/// Plays a story to its end. Returns what is wrong, with the events until then.
pub async fn play(story: &Story, rough: bool, platform: Platform) -> Result<(), String> {
    let scenario = GeneratedScenario::of(story, platform);
    let mut world = things::world(story, scenario.start, &scenario.platform_quirks);
    platform::add(platform, story, &mut world, scenario.start);
    platform::fit(platform, &mut world);
    let inside = inside(story, &world);
    let mut play = Play::begin(scenario, &world, &inside, rough).await;
    let told = play.through(&story.steps).await;
    told.map_err(|wrong| play.explained(&wrong))
}

impl Play {
    /// Creates a machine with this world and these initial members.
    pub async fn begin(
        scenario: GeneratedScenario,
        world: &Value,
        inside: &[(String, &'static str)],
        rough: bool,
    ) -> Play {
        let clock = Timestamp::from_second(scenario.start).ok();
        let setup = Setup {
            sites: scenario.files(),
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        let machine = Machine::start(setup)
            .await
            .unwrap_or_else(|wrong| panic!("{wrong}\n{}", scenario.files().join("\n")));
        let mut play = Play {
            scenario,
            expected: Expected::default(),
            machine,
            rough,
            trace: Vec::new(),
            late: Vec::new(),
            old: Vec::new(),
            mirror: world.clone(),
            unheard: BTreeSet::new(),
            sent: 0,
            most: BTreeMap::new(),
        };
        play.note(world);
        let platform = play.scenario.platform;
        play.put(
            platform.word(),
            "/_world",
            &platform::own(platform, world).unwrap_or_else(|| world.clone()),
        )
        .await;
        if let Some(next) = &play.scenario.next {
            play.put("officernd", NEXT_WORLD, &next.world).await;
        }
        for doors in play.scenario.doors.clone() {
            play.put(doors.kind, "/_world", &doors.world(inside)).await;
            play.expected
                .taken_over(&play.scenario, &doors, inside, world);
        }
        play
    }

    /// Describes what is wrong, at which site and after which event.
    pub fn explained(&self, wrong: &str) -> String {
        format!(
            "{wrong}\n{}\n{}",
            self.scenario.file(),
            self.trace.join("\n")
        )
    }

    /// Plays the first reconcile, the steps and the end.
    pub async fn through(&mut self, steps: &[u64]) -> Result<(), String> {
        self.reconcile().await?;
        self.judge().await?;
        for (number, step) in steps.iter().enumerate() {
            let mut dice = Dice(*step);
            if self.rough {
                self.trouble(&mut dice).await;
            }
            self.step(number, &mut dice).await?;
            self.machine.quiet().await;
            if self.unheard.is_empty() && !self.rough {
                self.judge().await?;
            }
        }
        self.end().await
    }

    /// Plays two reconciles, of which the second finds nothing to do, and checks the stored data.
    pub async fn end(&mut self) -> Result<(), String> {
        self.machine.crash(CrashStep::Enqueue, 0);
        for vendor in [self.scenario.platform.word(), "kisi", "salto-ks"] {
            self.put(vendor, "/_faults", &json!([])).await;
        }
        if self.rough || self.scenario.is_slow() {
            self.pass(4 * 60).await?;
        }
        self.reconcile().await?;
        self.judge().await?;
        judge::ends(self).await?;
        let second = self.reconcile().await?;
        if second.0 + second.1 > 0 {
            return Err(format!(
                "the second diff is not empty: {} granted, {} revoked",
                second.0, second.1
            ));
        }
        judge::chain(
            &self
                .machine
                .audit(&SiteId::from(SITE))
                .await
                .map_err(|wrong| wrong.to_string())?,
        )?;
        match self.machine.cloud().triggers.dead().len() {
            0 => Ok(()),
            dead => Err(format!("{dead} dead letters")),
        }
    }

    async fn step(&mut self, number: usize, dice: &mut Dice) -> Result<(), String> {
        match dice.of(16) {
            0..=4 => {
                let which = dice.of(3) as usize;
                let by = dice.any(&[0, -60, 0, 60]);
                let next = times::after(&self.world().await, &self.scenario, self.now())
                    .into_iter()
                    .nth(which);
                self.pass_to(next.map_or(self.now() + 3600, |next| next + by))
                    .await
            }
            5 => self.pass(60 * (1 + dice.of(700) as i64)).await,
            6 => self.pass(1 + dice.of(3000) as i64).await,
            7 => self.reconcile().await.map(drop),
            8 => self.deliver_late(dice).await,
            9 => {
                let webhook = dice
                    .index(self.old.len())
                    .map(|place| self.old[place].clone());
                if let Some(webhook) = webhook {
                    self.post(&webhook).await?;
                }
                Ok(())
            }
            _ => self.change(number, dice).await,
        }
    }

    async fn change(&mut self, number: usize, dice: &mut Dice) -> Result<(), String> {
        let how = dice.of(8);
        let body = change(
            dice,
            &self.world().await,
            &format!("new{number}"),
            self.now(),
            self.scenario.platform,
        );
        self.change_and_deliver(number, &body, how).await
    }

    /// Makes a change, and posts its deliveries in one of eight ways, most often at once.
    pub async fn change_and_deliver(
        &mut self,
        number: usize,
        body: &Value,
        how: u64,
    ) -> Result<(), String> {
        let webhooks = self.changed(body).await;
        self.note(format!("{} letters, way {how}, of {body}", webhooks.len()));
        if webhooks.is_empty() || how == 5 {
            self.unheard.insert(number);
            return Ok(());
        }
        for webhook in &webhooks {
            match how {
                6 => {
                    self.unheard.insert(number);
                    self.late.push((number, webhook.clone()));
                }
                _ => self.post(webhook).await?,
            }
            match how {
                4 => self.post(webhook).await?,
                7 => self.late.push((number, webhook.clone())),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes a change at the platform, in its own words. Returns the deliveries that it posts.
    pub async fn changed(&mut self, body: &Value) -> Vec<SignedWebhook> {
        let platform = self.scenario.platform;
        let before = platform::own(platform, &self.mirror);
        let sent = match before {
            None => body.clone(),
            Some(before) => {
                platform::apply(&mut self.mirror, body);
                platform::fit(platform, &mut self.mirror);
                let after = platform::own(platform, &self.mirror).unwrap_or_default();
                platform::difference(platform, &before, &after)
            }
        };
        let sent = Bytes::from(sent.to_string());
        let posts = self
            .machine
            .sandboxes()
            .post(platform.word(), None, sent)
            .await;
        let posts = posts.expect("it can be changed").into_iter();
        posts
            .map(|post| {
                self.sent += 1;
                SignedWebhook {
                    number: self.sent,
                    ..SignedWebhook::from(post)
                }
            })
            .collect()
    }

    /// Posts the deliveries that were held back, in any order.
    pub async fn deliver_late(&mut self, dice: &mut Dice) -> Result<(), String> {
        while let Some(place) = dice.index(self.late.len()) {
            let (number, webhook) = self.late.swap_remove(place);
            self.post(&webhook).await?;
            if !self.late.iter().any(|(other, _)| *other == number) {
                self.unheard.remove(&number);
            }
        }
        Ok(())
    }

    /// Posts a delivery as a sender does: again until it is accepted.
    pub async fn post(&mut self, webhook: &SignedWebhook) -> Result<(), String> {
        self.note("a letter is delivered");
        self.old.push(webhook.clone());
        for _ in 0..4 {
            let platform = self.scenario.platform;
            let headers = headers(platform, webhook, self.now());
            let delivery = Delivery {
                path: platform.path(SITE, webhook.action),
                headers,
                body: webhook.body.clone(),
            };
            if self.machine.deliver(delivery).await.status == 202 {
                return Ok(());
            }
        }
        Err("a letter was not taken".to_owned())
    }

    /// Sets a fault, or none.
    async fn trouble(&mut self, dice: &mut Dice) {
        match dice.of(5) {
            0 | 1 => {}
            2 | 3 => {
                let step = dice.any(&[
                    CrashStep::Apply,
                    CrashStep::Intend,
                    CrashStep::Commit,
                    CrashStep::Read,
                    CrashStep::Enqueue,
                ]);
                let times = 1 + dice.of(2) as u32;
                self.note(format!("{times} crashes after {step:?}"));
                self.machine.crash(step, times);
            }
            _ => {
                let vendor = dice.any(&["kisi", "salto-ks", self.scenario.platform.word()]);
                let status = dice.any(&[500, 429, 503, 404, 502]);
                let reads = vendor == self.scenario.platform.word();
                let what = if reads {
                    dice.any(&["*", "GET *"])
                } else {
                    dice.any(&["*", "POST *", "PATCH *", "DELETE *", "GET *"])
                };
                let mut fault = json!({ "match": what, "status": status, "times": dice.any(&[1, 2, 3, 6, -1]) });
                if dice.rarely(2) && !reads {
                    fault["after"] = json!("apply");
                    fault["status"] = json!(500);
                }
                self.note(format!("{vendor} fails: {fault}"));
                self.put(vendor, "/_faults", &json!([fault])).await;
            }
        }
    }

    pub async fn pass(&mut self, seconds: i64) -> Result<(), String> {
        self.pass_to(self.now() + seconds).await
    }

    pub async fn pass_to(&mut self, to: Minute) -> Result<(), String> {
        let to = Timestamp::from_second(to.max(self.now())).map_err(|wrong| wrong.to_string())?;
        let ran = self
            .machine
            .move_clock(to)
            .await
            .map_err(|wrong| wrong.to_string())?;
        self.note(format!("the clock was moved, {} alarms", ran.len()));
        Ok(())
    }

    /// Returns what was missing: grants and revokes.
    pub async fn reconcile(&mut self) -> Result<(usize, usize), String> {
        if self.scenario.platform_quirks.contains(&"lag") {
            self.pass(120).await?;
        }
        if !platform::can_be_asked(self.scenario.platform) {
            self.deliver_snapshot().await?;
        }
        let report = self
            .machine
            .reconcile(&SiteId::from(SITE))
            .await
            .map_err(|wrong| wrong.to_string())?;
        self.note(format!("reconcile: {report:?}"));
        self.unheard.clear();
        Ok((report.granted, report.revoked))
    }

    /// Makes a push platform send a full snapshot.
    pub async fn deliver_snapshot(&mut self) -> Result<(), String> {
        let roster = self
            .machine
            .sandboxes()
            .roster(self.scenario.platform.word(), None, 2)
            .await;
        for part in roster.expect("it can be told") {
            self.post(&SignedWebhook::from(part)).await?;
        }
        self.machine.quiet().await;
        Ok(())
    }

    /// Compares the doors with the reference model. Allows a few minutes where a change may take
    /// time.
    pub async fn judge(&mut self) -> Result<(), String> {
        let tries = if self.scenario.is_slow() { 4 } else { 1 };
        let mut verdict = Ok(());
        for tried in 0..tries {
            if tried > 0 {
                self.pass(180).await?;
            }
            verdict = self.judge_once().await;
            if verdict.is_ok() {
                return verdict;
            }
        }
        verdict
    }

    /// Compares the doors with the reference model. If the guard holds removals, the doors must be
    /// correct but for them, and correct after the operator approved them.
    async fn judge_once(&mut self) -> Result<(), String> {
        judge::sizes(self).await;
        let held = holds::held(self).await?;
        judge::doors(self, &held).await?;
        if held.is_empty() {
            return Ok(());
        }
        holds::approve_all(self).await?;
        judge::doors(self, &BTreeSet::new()).await
    }

    pub fn now(&self) -> Minute {
        self.machine.now().as_second()
    }

    pub fn note(&mut self, what: impl std::fmt::Display) {
        self.trace.push(format!("{} {what}", written(self.now())));
    }

    /// Returns the current state of the platform.
    pub async fn world(&self) -> Value {
        match self.scenario.platform {
            Platform::OfficeRnd => self.get("officernd").await,
            _ => self.mirror.clone(),
        }
    }

    pub async fn get(&self, vendor: &str) -> Value {
        self.back_door(vendor, Method::GET, "/_world", Bytes::new())
            .await
    }

    pub async fn put(&self, vendor: &str, path: &'static str, body: &Value) {
        self.back_door(vendor, Method::PUT, path, Bytes::from(body.to_string()))
            .await;
    }

    pub async fn back_door(
        &self,
        vendor: &str,
        method: Method,
        path: &'static str,
        body: Bytes,
    ) -> Value {
        let (mut parts, body) = Request::new(body).into_parts();
        (parts.method, parts.uri) = (method, Uri::from_static(path));
        let response = self
            .machine
            .sandboxes()
            .back_door(vendor, Request::from_parts(parts, body))
            .await;
        assert!(
            response.status().is_success(),
            "{vendor}{path}: {response:?}"
        );
        serde_json::from_slice(response.body()).expect("JSON")
    }
}

/// The members of each group before Doorstep's first run.
pub fn inside(story: &Story, world: &Value) -> Vec<(String, &'static str)> {
    let one = |number: &u64| {
        let mut dice = Dice(*number);
        let members: Vec<&str> = list(world, "members")
            .iter()
            .filter_map(|one| reference_model::text(one, "email"))
            .collect();
        let known = dice.index(members.len()).map(|place| members[place]);
        let who = dice.any(&[
            known.unwrap_or(FOREIGN),
            FOREIGN,
            PROTECTED[0],
            known.unwrap_or(FOREIGN),
        ]);
        (who.to_owned(), dice.any(&GROUPS))
    };
    let all: BTreeSet<(String, &'static str)> = story.inside.iter().map(one).collect();
    all.into_iter().collect()
}

pub fn written(at: Minute) -> String {
    things::written(at)
}

/// Returns the seconds of an instant that a door system wrote.
pub fn seconds(text: &str) -> Minute {
    instant(text)
}
