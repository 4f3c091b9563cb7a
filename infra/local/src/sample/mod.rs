//! The sample: a site that runs in the sandbox, for whoever starts Doorstep without files of their own.

use jiff::{SignedDuration, Timestamp};

use crate::Machine;

/// The sample sites' files.
pub fn sites() -> Vec<String> {
    vec![include_str!("riverside.toml").to_owned()]
}

/// Where the sample day begins: this time yesterday, on a whole minute.
pub fn begins() -> Timestamp {
    let now = Timestamp::now();
    let yesterday = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    let minute = yesterday.as_second() - yesterday.as_second().rem_euclid(60);
    Timestamp::from_second(minute).unwrap_or(yesterday)
}

/// Lets the clock of a run that was started on yesterday's day catch up with now.
pub async fn play(machine: &Machine) {
    if let Err(refused) = machine.catch_up().await {
        tracing::warn!(%refused, "the sample day was not played");
    }
}
