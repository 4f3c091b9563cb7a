//! Random worlds and random stories, each compared with the naive model.
//!
//! `DOORSTEP_STORIES` plays that many instead of a few, `DOORSTEP_SEED` others. A story that fails
//! is made shorter and then printed; it can be written into a test of its own as it is.

pub mod change;
pub mod dice;
mod differential;
mod holds;
pub mod judge;
pub mod next_site;
pub mod platform;
pub mod play;
mod regressions;
pub mod scenario;
pub mod story;
pub mod things;
pub mod times;
mod volume;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use story::{Story, stories};

use crate::support::Platform;

fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

fn one(story: &Story, rough: bool, platform: Platform) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(play::play(story, rough, platform))
}

fn many(cases: u32, salt: u8, rough: bool, platform: Platform) {
    let cases = number("DOORSTEP_STORIES", cases);
    let mut seed = [salt; 32];
    seed[..4].copy_from_slice(&number("DOORSTEP_SEED", 1).to_le_bytes());
    let max_shrink_iters = number("DOORSTEP_SHRINK", 60);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let told = runner.run(&stories(), |story| {
        one(&story, rough, platform).map_err(TestCaseError::fail)
    });
    match told {
        Ok(()) => {}
        Err(TestError::Fail(wrong, story)) => panic!("seed {:?}\n{wrong}\n{story:?}", &seed[..4]),
        Err(TestError::Abort(wrong)) => panic!("{wrong}"),
    }
}

/// Plays other stories: `DOORSTEP_SALT` and `DOORSTEP_PLATFORM` say which.
#[test]
#[ignore = "DOORSTEP_STORIES says how many"]
fn as_many_stories_as_are_asked_for() {
    let word = std::env::var("DOORSTEP_PLATFORM").unwrap_or_default();
    let salt = u8::try_from(number("DOORSTEP_SALT", 37)).expect("a salt below 256");
    let asked = Platform::ALL
        .iter()
        .filter(|one| word.is_empty() || one.word() == word);
    for platform in asked {
        many(16, salt, false, *platform);
        many(8, salt.wrapping_add(1), true, *platform);
    }
}

#[test]
fn the_doors_hold_what_the_model_says() {
    many(16, 7, false, Platform::OfficeRnd);
}

#[test]
fn after_crashes_and_faults_one_reconcile_is_enough() {
    many(12, 11, true, Platform::OfficeRnd);
}

#[test]
fn the_doors_hold_what_the_model_says_of_nexudus() {
    many(12, 13, false, Platform::Nexudus);
    many(6, 17, true, Platform::Nexudus);
}

#[test]
fn the_doors_hold_what_the_model_says_of_spacebring() {
    many(12, 43, false, Platform::Spacebring);
    many(6, 53, true, Platform::Spacebring);
}

#[test]
fn the_doors_hold_what_the_model_says_of_andcards() {
    many(12, 19, false, Platform::Andcards);
    many(6, 23, true, Platform::Andcards);
}

#[test]
fn the_doors_hold_what_the_model_says_of_deskworks() {
    many(12, 29, false, Platform::Deskworks);
    many(6, 31, true, Platform::Deskworks);
}
