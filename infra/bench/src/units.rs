//! What a booking's life costs at the table, as its engine counts it: the signed webhook that it
//! was made, its opening, its closing.

use serde_json::json;

use crate::figure::Figure;
use crate::stage::Stage;
use crate::town::{Doors, Town, booking};
use crate::{Options, Outcome};

/// At most so many units of writing.
const AIM: f64 = 20.0;
/// A site with one meeting room, and one member with an account.
pub const HOUSE: Town = Town {
    doors: Doors::Kisi,
    members: 1,
    groups: 0,
    on_plans: false,
    accounts: true,
    inside: false,
};
/// When everything begins: a Monday.
pub const MONDAY: &str = "2026-03-02T08:00:00Z";

/// Measures at both door systems.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        figures.extend(at(options, doors).await?);
    }
    Ok(figures)
}

async fn at(options: &Options, doors: Doors) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(Town { doors, ..HOUSE }, MONDAY.parse()?).await?;
    stage.reconcile().await?;
    let first = life(&stage, options, 2, false).await?;
    let next = life(&stage, options, 3, false).await?;
    let compared = life(&stage, options, 4, true).await?;
    let of = |what: &str, (write, _)| {
        Figure::count(
            format!("write units, {what}, {}", doors.name()),
            "WCU",
            write,
        )
    };
    Ok(vec![
        of("a member's first booking", first),
        of("a booking", next).at_most(AIM),
        Figure::count(
            format!("read units, a booking, {}", doors.name()),
            "RCU",
            next.1,
        ),
        of("a booking, with a reconcile in it", compared),
    ])
}

/// Units of writing and of reading, of one booking's life on a day of March 2026.
async fn life(stage: &Stage, options: &Options, day: usize, compare: bool) -> Outcome<(f64, f64)> {
    stage.clock(&format!("2026-03-{day:02}T08:30:00Z")).await?;
    print_units(stage, options, "")?;
    live(stage, day, compare).await?;
    print_units(
        stage,
        options,
        &format!("{} day {day}", stage.town.doors.name()),
    )
}

/// A booking's life.
pub async fn live(stage: &Stage, day: usize, compare: bool) -> Outcome<()> {
    let at = |time: &str| format!("2026-03-{day:02}T{time}Z");
    let booked = booking(
        &format!("603dfbc260f4054084125d{day:02}"),
        0,
        &at("10:00:00"),
        &at("11:00:00"),
    );
    stage.tell(&json!({ "bookings": [booked] })).await?;
    stage.machine.quiet().await;
    stage.clock(&at("10:30:00")).await?;
    if stage.inside().await? != 1 {
        return Err("the booking did not open".into());
    }
    if compare {
        stage.reconcile().await?;
    }
    stage.clock(&at("11:30:00")).await?;
    if stage.inside().await? != 0 {
        return Err("the booking did not close".into());
    }
    Ok(())
}

fn print_units(stage: &Stage, options: &Options, title: &str) -> Outcome<(f64, f64)> {
    let (mut write, mut read) = (0.0, 0.0);
    for one in stage.machine.cloud().units_used() {
        if one.keys.iter().any(|key| is_of_the_token(key)) {
            continue;
        }
        let units = one
            .units
            .ok_or("a write was refused, so its units are not counted")?;
        *(if one.is_write() {
            &mut write
        } else {
            &mut read
        }) += units;
        if options.each && !title.is_empty() {
            eprintln!("{title}: {units} {} {}", one.operation, one.keys.join(", "));
        }
    }
    Ok((write, read))
}

/// Returns whether an item is about a token of a vendor. One is fetched once an hour, for all people
/// together, and the instant is noted.
fn is_of_the_token(key: &str) -> bool {
    key.ends_with("#token token") || key.ends_with("#token note#asked")
}
