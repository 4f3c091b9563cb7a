//! The sample day: what it prints, on whatever day it is played, and that it is played once.

use clap::Parser;
use jiff::civil::{Date, date};

use doorstep_core::model::ids::SiteId;
use doorstep_core::site::Site;
use doorstep_local::options::Options;
use doorstep_local::{Data, Machine, Setup, sample};
use doorstep_operator::check;

/// Every opening and closing: a plan member, a whole company and one who leaves it, a booking with
/// a guest that was moved, one that was cancelled, a day pass; a company and a co-member at
/// platforms that tell, a contact and a guest.
const EXPECTED: [&str; 34] = [
    "07:30 riverside opens Members for Ada Example membership m1",
    "07:50 loft opens Loft for Kim Example membership s1",
    "07:50 loft opens Loft for Lou Example membership s1",
    "08:00 mill opens Mill for Mia Example membership l1",
    "08:00 mill opens Mill for Ned Example membership l1",
    "08:10 harbour opens Main door for Eve Example membership m2",
    "08:10 harbour opens Main door for Finn Example membership m2",
    "08:20 wharf opens Wharf for Fay Example membership 5b000000-0000-4000-8000-000000000031",
    "09:40 riverside opens Members for Dora Example pass d1",
    "10:15 quay opens Members for Ivy Example membership 31",
    "10:45 riverside opens Front door for Ben Example booking b1",
    "10:45 riverside opens Front door for Grace Guest booking b1",
    "10:45 riverside opens Meeting floor for Ben Example booking b1",
    "10:45 riverside opens Meeting floor for Grace Guest booking b1",
    "12:15 wharf opens Atelier for Gus Example booking 5b000000-0000-4000-8000-000000000041",
    "12:15 wharf opens Wharf for Gus Example booking 5b000000-0000-4000-8000-000000000041",
    "12:45 riverside closes Front door for Ben Example ended: booking b1",
    "12:45 riverside closes Front door for Grace Guest ended: booking b1",
    "12:45 riverside closes Meeting floor for Ben Example ended: booking b1",
    "12:45 riverside closes Meeting floor for Grace Guest ended: booking b1",
    "13:30 harbour opens Main door for Hal Example booking b2",
    "13:30 harbour opens Workshop for Hal Example booking b2",
    "13:45 wharf closes Atelier for Gus Example ended: booking 5b000000-0000-4000-8000-000000000041",
    "13:45 wharf closes Wharf for Gus Example ended: booking 5b000000-0000-4000-8000-000000000041",
    "14:35 harbour closes Main door for Hal Example no longer so: booking b2",
    "14:35 harbour closes Workshop for Hal Example no longer so: booking b2",
    "14:45 quay opens Members for Jon Example booking 41",
    "14:45 quay opens Studio for Jon Example booking 41",
    "16:00 harbour closes Main door for Finn Example no longer so: membership m2",
    "16:15 quay closes Members for Jon Example ended: booking 41",
    "16:15 quay closes Studio for Jon Example ended: booking 41",
    "17:45 mill opens Mill for Una Guest booking v1",
    "19:15 mill closes Mill for Una Guest ended: booking v1",
    "19:30 loft closes Loft for Lou Example no longer so: membership s1",
];
const LAST: &str = "20:00 riverside closes Members for Dora Example ended: pass d1";

async fn machine(day: Date) -> Machine {
    let clock = Some(sample::begins(day));
    let setup = Setup {
        sites: sample::sites(),
        secrets: None,
        clock,
        reconcile: None,
        data: Data::Memory,
    };
    Machine::start(setup).await.expect("it starts")
}

/// The lines that say what opens and closes, without columns and rule numbers, those of one minute
/// by name.
fn attempts(printed: &str) -> Vec<String> {
    let plain = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = printed
        .lines()
        .map(plain)
        .filter(|line| line.contains(" opens ") || line.contains(" closes "));
    let mut lines: Vec<_> = lines
        .map(|line| {
            line.split(" by rule ")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn the_day_is_the_same_on_every_day_of_the_year() {
    let days = [
        date(2026, 3, 29),  // the clocks go forward, a Sunday
        date(2026, 10, 25), // and back
        date(2028, 2, 29),
        date(2026, 12, 31),
    ];
    for day in days {
        let machine = machine(day).await;
        let mut out = Vec::new();
        sample::show(&machine, &mut out)
            .await
            .expect("it is played");
        let printed = String::from_utf8(out).expect("text");
        let expected: Vec<&str> = EXPECTED.into_iter().chain([LAST]).collect();
        assert_eq!(attempts(&printed), expected, "{day}:\n{printed}");
        for site in ["riverside", "harbour", "quay", "loft", "mill", "wharf"] {
            let again = machine
                .reconcile(&SiteId::from(site))
                .await
                .expect("it reconciles");
            assert_eq!(
                (again.granted, again.revoked, &again.problems),
                (0, 0, &Vec::new()),
                "{day} {site}"
            );
        }
    }
}

/// The README shows a part of the day of 20 November 2026. Every line of it is printed, in this
/// order.
#[tokio::test]
async fn the_readme_quotes_what_is_printed() {
    let machine = machine(date(2026, 11, 20)).await;
    let mut out = Vec::new();
    sample::show(&machine, &mut out)
        .await
        .expect("it is played");
    let printed = String::from_utf8(out).expect("text");
    let quoted = include_str!("../../../README.md")
        .split("```")
        .find(|block| block.contains("the sample day:"));
    // `make run` prints the first line before the day, and the last one after it.
    let own = |line: &&str| {
        !line.starts_with("listening on")
            && !line.starts_with("console at")
            && !line.starts_with("the clock is at the present")
    };
    let quoted = quoted
        .expect("a transcript")
        .lines()
        .filter(own)
        .filter(|line| !line.is_empty() && *line != "...");
    let mut rest = printed.lines();
    for line in quoted {
        assert!(
            rest.any(|printed| printed == line),
            "README: {line:?} is not printed there:\n{printed}"
        );
    }
}

#[tokio::test]
async fn it_ends_in_real_time() {
    let machine = machine(sample::yesterday(jiff::Timestamp::now())).await;
    let mut out = Vec::new();
    sample::play(&machine, &mut out).await;
    assert!(!machine.is_standing());
    assert!(
        String::from_utf8(out)
            .expect("text")
            .ends_with("the clock is at the present and runs\n")
    );
}

#[tokio::test]
async fn it_is_played_once_in_a_folder() {
    let folder = std::env::temp_dir().join(format!("doorstep-sample-{}", uuid::Uuid::new_v4()));
    let asked = |more: &[&str]| {
        let data = folder.to_str().expect("text");
        Options::parse_from(
            ["doorstep-local", "--data", data]
                .into_iter()
                .chain(more.iter().copied()),
        )
    };
    assert!(asked(&[]).plays_sample());
    assert!(!asked(&["--quiet"]).wants_sample());
    assert!(!asked(&["--clock", "2026-03-01T12:00:00Z"]).wants_sample());
    let (setup, _) = asked(&[]).setup().expect("whole");
    drop(Machine::start(setup).await.expect("it starts"));
    let again = asked(&[]);
    assert!(again.wants_sample() && !again.plays_sample());
    assert_eq!(
        again.setup().expect("whole").0.clock,
        None,
        "a later run goes on in real time"
    );
    std::fs::remove_dir_all(folder).ok();
}

#[test]
fn the_sample_sites_are_good_examples() {
    let sites: Vec<Site> = sample::sites()
        .iter()
        .map(|text| Site::parse(text).expect("a good file"))
        .collect();
    assert!(sites.iter().all(|site| check::alone(site).is_empty()));
    assert!(check::together(&sites.iter().collect::<Vec<_>>()).is_empty());
}
