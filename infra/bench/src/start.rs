//! From the start of a function's process to its first question for an event, beside an empty
//! function; and its first answer to a signed webhook, with the write to the table in it.

use jiff::Timestamp;

use crate::figure::Figure;
use crate::lambda::Lambda;
use crate::stage::Stage;
use crate::town::{Doors, Town};
use crate::webhooks::{SMALL, deliver, deliveries};
use crate::{Options, Outcome, ms};

/// At most so many times as long as an empty function.
const AIM: f64 = 1.5;

/// Starts every function in turn, so that a busy moment of the machine hits all of them alike.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(
        Town {
            doors: Doors::Kisi,
            ..SMALL
        },
        Timestamp::now(),
    )
    .await?;
    let environment = stage.environment(stage.serve().await?);
    let names = ["empty", "receive", "entries", "settle", "reconcile"];
    let mut starts = [const { Vec::new() }; 5];
    let (mut first, mut together, mut second) = (Vec::new(), Vec::new(), Vec::new());
    // The first round fills the file cache and is not counted.
    for round in 0..=options.runs {
        // Ready before the start: at Lambda the delivery for which an environment is started waits
        // for it.
        let deliveries = deliveries(&stage, &format!("start{round}"), 2).await?;
        for (name, times) in names.iter().zip(&mut starts) {
            let mut lambda = Lambda::start(&options.function(name), &environment).await?;
            let started = ms(lambda.started);
            times.extend((round > 0).then_some(started));
            if *name == "receive" {
                let times = deliver(&mut lambda, &deliveries).await?;
                first.extend(times.first().filter(|_| round > 0));
                together.extend(
                    times
                        .first()
                        .filter(|_| round > 0)
                        .map(|answer| started + answer),
                );
                second.extend(times.get(1).filter(|_| round > 0));
            }
        }
    }
    let mut figures = Vec::new();
    let [empty, ..] = starts.clone();
    for (name, times) in names.iter().zip(starts) {
        let ratios: Vec<f64> = times
            .iter()
            .zip(&empty)
            .map(|(time, empty)| time / empty)
            .collect();
        figures.push(Figure::new(format!("start of {name}"), "ms", times));
        if *name != "empty" {
            let ratio = Figure::new(format!("start of {name}, beside empty"), "x", ratios);
            figures.push(if *name == "receive" {
                ratio.at_most(AIM)
            } else {
                ratio
            });
        }
    }
    figures.push(Figure::new("first answer after the start", "ms", first));
    figures.push(Figure::new(
        "start and first answer together",
        "ms",
        together,
    ));
    figures.push(Figure::new("second answer", "ms", second));
    Ok(figures)
}
