//! The effect of each event of a day.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::condition::REGION;
use super::day::{Way, What};
use super::stage::{Stage, Task};
use crate::property::change::change;
use crate::property::dice::Dice;
use crate::property::platform::{self, SignedWebhook, headers};
use crate::property::scenario::{GROUPS, SITE};
use crate::property::things::written;
use crate::reference_model::{Minute, instant, list, text};
use doorstep_core::model::ids::SiteId;
use doorstep_vendors::delivery::Delivery;

impl Stage<'_> {
    pub async fn apply_event(&mut self, place: usize, what: &What) -> Result<(), String> {
        if !matches!(
            what,
            What::Change { .. } | What::Seam { .. } | What::Hand { .. }
        ) {
            self.play.note(what);
        }
        match what {
            What::Change { dice, way } => {
                let (now, fresh) = (self.play.now(), format!("new{place}"));
                let body = change(
                    &mut Dice(*dice),
                    self.truth(),
                    &fresh,
                    now,
                    self.day.platform,
                );
                self.change_and_deliver(body, *way).await?;
            }
            What::Seam { dice, way } => {
                if let Some(body) = self.http_client(Dice(*dice), &format!("seam{place}")) {
                    self.change_and_deliver(body, *way).await?;
                }
            }
            What::Hand { dice } => self.hand(Dice(*dice)).await,
            What::Fault {
                vendor,
                fault,
                lasts,
            } => self.fail(vendor, fault, *lasts).await,
            What::Slow {
                vendor,
                slowness,
                lasts,
            } => self.slow_down(vendor, *slowness, *lasts),
            What::CrashAtCall(death) => self.play.machine.crash_at_call(Some(*death)),
            What::Crash(step, times) => self.play.machine.crash(*step, *times),
            What::Skew(skew) => self.play.machine.skew(*skew),
            What::Forgery { dice } => self.forge(Dice(*dice)).await?,
            What::Replay { dice } => {
                let mut dice = Dice(*dice);
                let webhook = dice
                    .index(self.play.old.len())
                    .map(|place| self.play.old[place].clone());
                if let Some(webhook) = webhook {
                    let taken = self.play.post(&webhook).await;
                    taken
                        .or_else(|wrong| self.may_refuse(wrong))
                        .map_err(|wrong| format!("I9: {wrong}"))?;
                }
            }
            What::NoSchedules(times) => self.play.machine.cloud().schedules.refuse(*times),
            What::Reconcile => drop(self.reconcile().await?),
            What::Half { kind, lasts } => {
                let all = self.list(kind).to_vec();
                let gone: Vec<Value> = all.into_iter().step_by(2).collect();
                let ids: Vec<Value> = gone.iter().map(|thing| thing["_id"].clone()).collect();
                self.change_and_deliver(json!({ "remove": { *kind: ids } }), Way::Lost)
                    .await?;
                self.put_off(self.play.now() + lasts, Task::Back(json!({ *kind: gone })));
            }
            What::Approve => self.approve_all().await?,
            What::Region { one_of, lasts } => self.overload(*one_of, *lasts),
            What::Forgets { vendor, lasts } => self.forget_changes(vendor, *lasts).await,
            What::Lie { dice, lasts } => self.lie(Dice(*dice), *lasts).await?,
            What::Rollback { lasts } => self.roll_back(*lasts).await,
            What::Twins { times } => self.double(*times),
        }
        Ok(())
    }

    /// Makes a change at the platform, and sends its deliveries.
    pub async fn change_and_deliver(&mut self, body: Value, way: Way) -> Result<(), String> {
        let webhooks = self.play.changed(&body).await;
        let (world, now) = (self.play.world().await, self.play.now());
        self.changes += 1;
        let number = self.changes;
        self.known.changed(number, world, now);
        self.play
            .note(format!("{} letters, {way:?}, of {body}", webhooks.len()));
        if webhooks.is_empty() {
            return Ok(());
        }
        match way {
            Way::Lost => {}
            Way::Late(seconds) => self.put_off(now + seconds, Task::Deliver(number, webhooks)),
            Way::AtOnce => self.deliver(number, webhooks).await?,
            Way::Twice => {
                self.deliver(number, webhooks.clone()).await?;
                self.deliver(number, webhooks).await?;
            }
            Way::Again(seconds) => {
                self.put_off(now + seconds, Task::Deliver(number, webhooks.clone()));
                self.deliver(number, webhooks).await?;
            }
        }
        Ok(())
    }

    /// Adds a second booking for a person who has one. The two windows overlap or touch.
    fn http_client(&self, mut dice: Dice, fresh: &str) -> Option<Value> {
        let all = self.list("bookings");
        let single: Vec<&Value> = all
            .iter()
            .filter(|booking| booking["recurrence"].is_null())
            .collect();
        let mut booking = single[dice.index(single.len())?].clone();
        let edge = |field: &str| text(&booking, field).map(instant);
        let (start, end) = (edge("start")?, edge("end")?);
        let rule = self
            .play
            .scenario
            .site
            .rules
            .iter()
            .map(|rule| (rule.before + rule.after) * 60)
            .max()
            .unwrap_or(0);
        let apart: Minute = dice.any(&[0, 0, rule, rule + 60, rule - 60, -600, 60]);
        let lasts = dice.any(&[1800, 3600, 900]);
        let (from, until) = match dice.of(3) {
            0 => (start - apart - lasts, start - apart),
            _ => (end + apart, end + apart + lasts),
        };
        let fields = booking.as_object_mut()?;
        fields.remove("recurrence");
        for (field, value) in [
            ("_id", json!(fresh)),
            ("isCancelled", json!(false)),
            ("isTentative", json!(false)),
        ] {
            fields.insert(field.to_owned(), value);
        }
        (booking["start"], booking["end"]) = (json!(written(from)), json!(written(until)));
        Some(json!({ "bookings": [booking] }))
    }

    /// Adds a person to a group by hand, or removes one.
    async fn hand(&mut self, mut dice: Dice) {
        let doors = dice.any(&self.play.scenario.doors);
        let world = self.play.get(doors.kind).await;
        self.record.meet(&doors, &world);
        let lines = self.lines_in(doors.name);
        let ids = |user: &Value| text(user, "id").unwrap_or_default().to_lowercase();
        let (user, group, enters) = if dice.of(2) == 0 && !lines.is_empty() {
            let place = dice.index(lines.len()).unwrap_or_default();
            (lines[place].0.clone(), lines[place].1.clone(), false)
        } else {
            let users: Vec<String> = list(&world, "users").iter().map(ids).collect();
            let place = dice.index(users.len()).unwrap_or_default();
            (
                users[place].clone(),
                doors.group_id(dice.any(&GROUPS)),
                true,
            )
        };
        let there = lines
            .iter()
            .any(|(one, at, _)| *one == user && *at == group);
        let alone = doors.kind == "salto-ks" || doors.quirks.contains(&"second-assignment-409");
        if enters && there && alone {
            return;
        }
        let member = json!({ "user": user, "group": group });
        let body = match enters {
            true => json!({ "members": [member] }),
            false => json!({ "remove": { "members": [member] } }),
        };
        let what = if enters {
            "adds a person by hand"
        } else {
            "removes a person by hand"
        };
        self.play.note(format!("a hand {what} at {}", doors.name));
        let done = self
            .play
            .machine
            .sandboxes()
            .post(doors.kind, None, Bytes::from(body.to_string()))
            .await;
        assert!(done.is_ok(), "a hand: {body}");
    }

    /// I8: an unverified delivery changes nothing, and reveals only that an address exists.
    async fn forge(&mut self, mut dice: Dice) -> Result<(), String> {
        let Some(place) = dice.index(self.play.old.len()) else {
            return Ok(());
        };
        let (webhook, platform, now) = (
            self.play.old[place].clone(),
            self.day.platform,
            self.play.now(),
        );
        let SignedWebhook {
            action,
            body,
            number,
        } = webhook.clone();
        let tampered = Bytes::from([body.as_ref(), b" "].concat());
        let stale = platform::can_go_stale(platform).then(|| now - 400 - self.skewed);
        let (headers, body) = match dice.of(5) {
            0 => (
                headers(
                    platform,
                    &SignedWebhook {
                        action,
                        body: tampered,
                        number,
                    },
                    now,
                ),
                body,
            ),
            1 => (HeaderMap::new(), body),
            2 if let Some(stale) = stale => (headers(platform, &webhook, stale), body),
            3 => (
                headers(platform, &webhook, now)
                    .into_iter()
                    .map(|(name, value)| {
                        let value = value
                            .to_str()
                            .unwrap_or_default()
                            .replace(['a', 'b', 'C', 'D', '7'], "e");
                        (name.expect("one each"), value.parse().expect("a header"))
                    })
                    .collect(),
                body,
            ),
            _ => (headers(platform, &webhook, now), tampered),
        };
        let before = (
            self.play.machine.called().calls,
            self.play
                .machine
                .audit(&SiteId::from(SITE))
                .await
                .map_err(|e| e.to_string())?,
        );
        let path = platform.path(SITE, action);
        let told = self
            .play
            .machine
            .deliver(Delivery {
                path,
                headers,
                body,
            })
            .await;
        let after = (
            self.play.machine.called().calls,
            self.play
                .machine
                .audit(&SiteId::from(SITE))
                .await
                .map_err(|e| e.to_string())?,
        );
        let quiet = self.play.machine.cloud().triggers.is_empty();
        // Receive reads the site's route and secrets once a minute, for any caller.
        // While the table throttles, receive may not know the address yet.
        let refused = told.status == 401 || told.status == 503 && self.troubles.is_on(REGION);
        if refused && quiet && before.1 == after.1 && after.0 <= before.0 + 4 {
            return Ok(());
        }
        let calls = after.0 - before.0;
        Err(format!(
            "I8: a forged delivery was answered {} {}, and cost {calls} calls",
            told.status, told.body
        ))
    }
}
