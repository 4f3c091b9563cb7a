//! One day of one site: its first world and its events, all derived from a seed.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::condition;
use super::invariants::SKEW;
use super::seed::Seed;
use crate::property::story::Story;
use crate::support::Platform;
use doorstep_local::run::crash::CrashStep;
use doorstep_local::run::faults::{CrashAtCall, Skew, Slowness};

/// The length of the day, in seconds.
pub const DAY: i64 = 86_400;

#[derive(Debug, Clone)]
pub struct Day {
    pub seed: u64,
    pub platform: Platform,
    /// The first world. Its steps are not used.
    pub story: Story,
    /// The events, in order.
    pub events: Vec<Event>,
    /// The end, in seconds from the start.
    pub ends: i64,
    /// Until this second, only the first reconcile runs. Used to shorten a story.
    pub skips: i64,
    /// The duration of each call by the functions' clocks, in milliseconds.
    pub pace: i64,
    /// Schedules fire up to 59 s late, and some of them twice.
    pub late: bool,
    /// The first world of a second site at the same door systems.
    pub next: Option<Story>,
}

#[derive(Debug, Clone)]
pub struct Event {
    /// Seconds from the start of the day.
    pub at: i64,
    /// Instead, this many seconds after the next instant at which access may begin or end, if one
    /// is near.
    pub near: Option<i64>,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// A change at the platform.
    Change { dice: u64, way: Way },
    /// A person with a booking books again: right after, right before, or overlapping.
    Seam { dice: u64, way: Way },
    /// A person is added to a group or removed from it by hand.
    Hand { dice: u64 },
    /// A vendor fails, for at most this many seconds.
    Fault {
        vendor: Vendor,
        fault: Value,
        lasts: i64,
    },
    /// A vendor answers slowly or never, for this many seconds. Calls and pauses then take time.
    Slow {
        vendor: Vendor,
        slowness: Slowness,
        lasts: i64,
    },
    /// Functions crash at a call.
    CrashAtCall(CrashAtCall),
    /// Functions crash after a step.
    Crash(CrashStep, u32),
    /// The functions' clocks are wrong.
    Skew(Skew),
    /// An unverified delivery.
    Forgery { dice: u64 },
    /// An old delivery again, with a new signature.
    Replay { dice: u64 },
    /// This many schedules cannot be set.
    NoSchedules(u32),
    /// The table throttles the functions, for this many seconds: it answers one of so many calls.
    Region { one_of: u64, lasts: i64 },
    /// A door system answers with success and does nothing, for this many seconds.
    Forgets { vendor: Vendor, lasts: i64 },
    /// The platform lies in one field for everyone, for this many seconds.
    Lie { dice: u64, lasts: i64 },
    /// The version before runs for this many seconds.
    Rollback { lasts: i64 },
    /// This many batches are each served by two settles at once.
    Twins { times: u32 },
    /// An additional reconcile.
    Reconcile,
    /// Half of a list disappears at the platform without a delivery. It returns this many seconds
    /// later.
    Half { kind: &'static str, lasts: i64 },
    /// The operator approves everything that is held.
    Approve,
}

impl What {
    /// Returns whether it makes a vendor, a function, a clock or the table fail.
    pub fn is_failure(&self) -> bool {
        !matches!(
            self,
            What::Change { .. }
                | What::Seam { .. }
                | What::Hand { .. }
                | What::Forgery { .. }
                | What::Replay { .. }
                | What::Reconcile
                | What::Approve
        )
    }
}

/// The fate of the deliveries about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    AtOnce,
    Twice,
    Lost,
    /// This many seconds later.
    Late(i64),
    /// At once, and this many seconds later again.
    Again(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    Platform,
    Kisi,
    SaltoKs,
}

impl Vendor {
    pub const DOORS: [Vendor; 2] = [Vendor::Kisi, Vendor::SaltoKs];
}

impl Day {
    /// Returns the day of a seed.
    pub fn of(seed: u64) -> Day {
        let mut chance = Seed::of(seed);
        let platform = platform(seed);
        let mut story = Story {
            scenario: chance.number(),
            rules: chance.numbers(3, 7),
            members: if chance.of_many(5) == 0 {
                chance.numbers(10, 14)
            } else {
                chance.numbers(3, 8)
            },
            visitors: chance.numbers(1, 3),
            memberships: chance.numbers(1, 6),
            assignments: chance.numbers(0, 3),
            bookings: chance.numbers(2, 8),
            passes: chance.numbers(0, 3),
            checkins: chance.numbers(0, 2),
            inside: chance.numbers(0, 4),
            steps: Vec::new(),
            visits: Seed::of(seed ^ VISITS).numbers(0, 3),
        };
        let count = chance.between(15, 70);
        let calm = chance.of_many(5) == 0;
        let mut events: Vec<Event> = (0..count).map(|_| event(&mut chance, calm)).collect();
        let ends = hours(seed) * 3600;
        if ends < DAY {
            // Shorter days hold as many windows.
            story.bookings.extend(Seed::of(seed ^ MORE).numbers(3, 7));
        }
        for event in &mut events {
            event.at = event.at * ends / DAY;
        }
        // `PLAIN` plays no conditions.
        let plain = calm || std::env::var_os("PLAIN").is_some();
        if !plain {
            events.extend(condition::of(seed, ends));
        }
        events.sort_by_key(|event| event.at);
        let pace = slowest(platform).min(chance.any(&[0, 0, 15, 90, 600]));
        Day {
            seed,
            platform,
            story,
            events,
            ends,
            skips: 0,
            pace,
            late: !seed.is_multiple_of(3),
            next: condition::next_site(seed).filter(|_| !plain),
        }
    }
}

impl Day {
    /// Returns the most seconds by which any two clocks differ during the day.
    pub fn skewed(&self) -> i64 {
        let most = |skew: &Skew| {
            let clocks = [0, skew.receive, skew.settle, skew.reconcile];
            let (least, most) = (clocks.iter().min(), clocks.iter().max());
            most.zip(least).map_or(0, |(most, least)| most - least)
        };
        let skews = self.events.iter().filter_map(|event| match &event.what {
            What::Skew(skew) => Some(most(skew)),
            _ => None,
        });
        // The usual skews of a day differ by at most ten seconds, and no two of one function.
        skews
            .filter(|skew| *skew > 10)
            .max()
            .map_or(SKEW, |skew| skew + 1)
    }
}

/// Returns the hours of a day. Three days of four hold the trouble of a whole day in ten hours,
/// which still have every change of clocks in them. `HOURS` names another number.
fn hours(seed: u64) -> i64 {
    let named = std::env::var("HOURS").ok();
    let usual = if matches!(seed % 8, 0 | 3) { 24 } else { SHORT };
    named.and_then(|hours| hours.parse().ok()).unwrap_or(usual)
}

/// The hours of most days.
const SHORT: i64 = 10;

/// Makes other numbers of a seed for the bookings that only shorter days have.
const MORE: u64 = 0x6d6f_7265;
/// Makes other numbers of a seed for visits, so that they leave the rest of the day as it is.
const VISITS: u64 = 0x7669_7369_7473;

/// Returns the platform of a seed: the one that `PLATFORM` names, or else each in turn but for
/// Spacebring, whose days take minutes.
fn platform(seed: u64) -> Platform {
    let turns = [
        Platform::OfficeRnd,
        Platform::Nexudus,
        Platform::Andcards,
        Platform::Deskworks,
    ];
    let turn = turns[(seed % 4) as usize];
    let word = std::env::var("PLATFORM").unwrap_or_default();
    let named = Platform::ALL.into_iter().find(|one| one.word() == word);
    named.unwrap_or(turn)
}

/// Returns the longest duration of each call, in milliseconds. A guest of a series at Spacebring has
/// a record at each occurrence, and every one of them costs calls to the table. With a table that
/// takes 0.6 s for each, a run would end before one such guest is served.
fn slowest(platform: Platform) -> i64 {
    match platform {
        Platform::Spacebring => 90,
        _ => 600,
    }
}

/// On calm days the vendors answer and nothing crashes. The invariants with a bound of a minute are
/// then checked all day.
fn event(chance: &mut Seed, calm: bool) -> Event {
    let what = match chance.of_many(if calm { 66 } else { 100 }) {
        0..=36 => What::Change {
            dice: chance.number(),
            way: way(chance),
        },
        37..=46 => What::Seam {
            dice: chance.number(),
            way: way(chance),
        },
        47..=54 => What::Hand {
            dice: chance.number(),
        },
        55..=59 => What::Forgery {
            dice: chance.number(),
        },
        60..=62 => What::Replay {
            dice: chance.number(),
        },
        63 => What::Reconcile,
        64 if chance.of_many(2) == 0 => What::Approve,
        64 => What::Half {
            kind: chance.any(&["memberships", "bookings"]),
            lasts: chance.between(600, 7200),
        },
        65 => What::NoSchedules(1 + chance.of_many(2) as u32),
        66..=71 => What::Skew(skew(chance)),
        72..=84 => What::CrashAtCall(CrashAtCall {
            call: call(chance),
            carried_out: chance.of_many(2) == 0,
            times: chance.any(&[1, 1, 2]),
        }),
        85..=88 => What::Crash(
            chance.any(&[
                CrashStep::Apply,
                CrashStep::Intend,
                CrashStep::Commit,
                CrashStep::Read,
                CrashStep::Enqueue,
            ]),
            chance.any(&[1, 1, 2]),
        ),
        96..=99 => slow(chance),
        _ => fault(chance),
    };
    let near = (chance.of_many(3) == 0).then(|| chance.any(&[-1, 0, 0, 1, 1, -30, 5, 45]));
    Event {
        at: chance.between(60, DAY - 600),
        near,
        what,
    }
}

/// Early calls are more likely: short runs have no others.
fn call(chance: &mut Seed) -> u32 {
    let most = chance.any(&[6, 20, 60, 150]);
    1 + chance.of_many(most) as u32
}

fn way(chance: &mut Seed) -> Way {
    match chance.of_many(10) {
        0 => Way::Twice,
        1 => Way::Lost,
        2 => Way::Late(chance.between(5, 7200)),
        3 => Way::Again(chance.between(5, 7200)),
        _ => Way::AtOnce,
    }
}

fn skew(chance: &mut Seed) -> Skew {
    let mut seconds = || chance.any(&[0, 0, -1, 1, -4, 4, -5, 5]);
    Skew {
        receive: seconds(),
        settle: seconds(),
        reconcile: seconds(),
    }
}

fn slow(chance: &mut Seed) -> What {
    let takes = |seconds| Slowness::Takes(Duration::from_secs(seconds));
    What::Slow {
        vendor: chance.any(&[Vendor::Platform, Vendor::Kisi, Vendor::SaltoKs]),
        slowness: chance.any(&[
            Slowness::Hangs,
            Slowness::Hangs,
            takes(1),
            takes(4),
            takes(9),
        ]),
        lasts: chance.any(&[45, 240, 1800]),
    }
}

fn fault(chance: &mut Seed) -> What {
    let vendor = chance.any(&[
        Vendor::Platform,
        Vendor::Kisi,
        Vendor::Kisi,
        Vendor::SaltoKs,
        Vendor::SaltoKs,
    ]);
    let reads = vendor == Vendor::Platform;
    let lines: &[&str] = if reads {
        &["*", "GET *"]
    } else {
        &["*", "*", "POST *", "PATCH *", "DELETE *", "GET *"]
    };
    let (lasts, times) = match chance.of_many(4) {
        // Down for hours.
        0 => (chance.between(1800, 5 * 3600), -1),
        1 => (chance.between(30, 600), -1),
        _ => (1800, chance.any(&[1, 1, 2, 3, 6, 15])),
    };
    let mut fault = json!({ "match": chance.any(lines), "times": times });
    match chance.of_many(8) {
        0 | 1 => {
            fault["status"] = json!(429);
            fault["headers"] = json!({ "Retry-After": chance.any(&["1", "2", "30"]) });
        }
        2..=4 if !reads => {
            fault["status"] = json!(chance.any(&[500, 502, 504]));
            fault["after"] = json!("apply");
        }
        5 if reads => {
            fault["body"] =
                json!(chance.any(&["[]", "{}", "<html>moment</html>", "{\"results\":["]));
            fault["match"] = json!("GET *");
        }
        _ => fault["status"] = json!(chance.any(&[500, 503, 502])),
    }
    What::Fault {
        vendor,
        fault,
        lasts,
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Change { way, .. } => write!(f, "a change, its letters {way:?}"),
            What::Seam { way, .. } => {
                write!(f, "a booking at the seam of another, its letters {way:?}")
            }
            What::Hand { .. } => f.write_str("a hand at the doors"),
            What::Fault {
                vendor,
                fault,
                lasts,
            } => write!(f, "{vendor:?} fails for at most {lasts} s: {fault}"),
            What::Slow {
                vendor,
                slowness,
                lasts,
            } => write!(f, "{vendor:?} is slow for {lasts} s: {slowness:?}"),
            What::Region { one_of, lasts } => match *one_of {
                u64::MAX => write!(f, "the table throttles every call for {lasts} s"),
                one_of => write!(f, "the table answers one of {one_of} calls for {lasts} s"),
            },
            What::Forgets { vendor, lasts } => {
                write!(f, "{vendor:?} loses what is changed for {lasts} s")
            }
            What::Lie { lasts, .. } => write!(f, "the platform lies for {lasts} s"),
            What::Rollback { lasts } => write!(f, "the version before runs for {lasts} s"),
            What::Twins { times } => write!(f, "{times} batches are served twice at once"),
            What::CrashAtCall(death) => {
                let when = if death.carried_out { "after" } else { "before" };
                write!(
                    f,
                    "{} function(s) die {when} call {}",
                    death.times, death.call
                )
            }
            What::Crash(step, times) => write!(f, "{times} function(s) die after {step:?}"),
            What::Skew(skew) => write!(
                f,
                "clocks go wrong: receive {:+} s, settle {:+} s, reconcile {:+} s",
                skew.receive, skew.settle, skew.reconcile
            ),
            What::Forgery { .. } => f.write_str("a forged delivery"),
            What::Replay { .. } => f.write_str("an old delivery is replayed"),
            What::NoSchedules(times) => write!(f, "{times} alarm(s) cannot be set"),
            What::Reconcile => f.write_str("a reconcile beside the usual ones"),
            What::Half { kind, lasts } => write!(f, "half of the {kind} vanish for {lasts} s"),
            What::Approve => f.write_str("a human approves whatever is held"),
        }
    }
}
