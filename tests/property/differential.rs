//! Spacebring around the changes of the clocks, with subscriptions of several plans that have dates
//! of their own. Deliveries are lost, late and doubled; one reconcile follows. From then on the
//! doors are compared with the model at every instant at which access may begin or end, and a
//! minute before it.

use super::dice::Dice;
use super::play::{Play, inside};
use super::scenario::GeneratedScenario;
use super::story::Story;
use super::{platform, things, times};
use crate::reference_model::instant;
use crate::support::Platform;

/// The evening before each change of the clocks, in London and New York.
const EVES: [&str; 4] = [
    "2026-03-28T18:00:00Z",
    "2026-10-24T17:00:30Z",
    "2026-03-07T20:00:00Z",
    "2026-10-31T19:00:00Z",
];
/// The most instants at which the doors of one story are compared.
const MOST_INSTANTS: usize = 60;
/// The changes of one story, one for each way of its deliveries: at once, doubled, lost, held back,
/// and sent again later.
const WAYS: [u64; 6] = [0, 4, 5, 6, 7, 5];

/// Numbers derived from one seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (mixed >> 31)
    }

    fn some(&mut self, count: usize) -> Vec<u64> {
        (0..count).map(|_| self.next()).collect()
    }
}

fn story(numbers: &mut Numbers) -> Story {
    Story {
        scenario: numbers.next(),
        rules: numbers.some(5),
        members: numbers.some(5),
        visitors: numbers.some(2),
        memberships: numbers.some(5),
        assignments: numbers.some(2),
        bookings: numbers.some(3),
        passes: numbers.some(2),
        checkins: Vec::new(),
        visits: numbers.some(3),
        inside: numbers.some(2),
        steps: Vec::new(),
    }
}

async fn compared(seed: u64) -> Result<usize, String> {
    let mut numbers = Numbers(seed);
    let story = story(&mut numbers);
    let mut scenario = GeneratedScenario::of(&story, Platform::Spacebring);
    scenario.start = instant(EVES[(seed % 4) as usize]);
    let mut world = things::world(&story, scenario.start, &scenario.platform_quirks);
    platform::add(Platform::Spacebring, &story, &mut world, scenario.start);
    platform::fit(Platform::Spacebring, &mut world);
    let inside = inside(&story, &world);
    let mut play = Play::begin(scenario, &world, &inside, false).await;
    let told = walk(&mut play, &mut numbers).await;
    told.map_err(|wrong| format!("seed {seed}: {}", play.explained(&wrong)))
}

async fn walk(play: &mut Play, numbers: &mut Numbers) -> Result<usize, String> {
    play.reconcile().await?;
    play.judge().await?;
    for (number, how) in WAYS.into_iter().enumerate() {
        let mut dice = Dice(numbers.next());
        let body = platform::spacebring_change(
            &mut dice,
            &play.world().await,
            &format!("new{number}"),
            play.now(),
        );
        play.change_and_deliver(number, &body, how).await?;
        play.machine.quiet().await;
        play.pass(97).await?;
    }
    play.reconcile().await?;
    play.judge().await?;
    play.deliver_late(&mut Dice(numbers.next())).await?;
    play.judge().await?;
    let (world, mut compared) = (play.world().await, 0);
    let edges = times::after(&world, &play.scenario, play.now());
    for edge in edges.into_iter().take(MOST_INSTANTS / 2) {
        for at in [edge - 60, edge] {
            play.pass_to(at).await?;
            play.judge().await?;
            compared += 1;
        }
    }
    play.end().await?;
    Ok(compared)
}

#[test]
fn the_doors_hold_what_the_model_says_of_plans_with_dates_of_their_own() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (first, most) = (
        super::number("DOORSTEP_SEED", 1),
        super::number("DOORSTEP_STORIES", 8),
    );
    for seed in first..first + most {
        let compared = runtime.block_on(compared(u64::from(seed)));
        let compared = compared.unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(compared > 20, "seed {seed}: {compared} instants are few");
    }
}
