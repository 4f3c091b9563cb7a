//! Webhooks a second: one environment of `receive`, in a process of its own, takes one after
//! another as on Lambda.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::figure::Figure;
use crate::lambda::Lambda;
use crate::stage::{Stage, hook, signed};
use crate::town::{Doors, Town, booking};
use crate::{Options, Outcome, ms};

/// How many make a run.
const MANY: usize = 500;

/// A site with one meeting room.
pub const SMALL: Town = Town {
    doors: Doors::Kisi,
    members: 1,
    groups: 0,
    on_plans: false,
    accounts: true,
    inside: false,
};

/// Measures.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(SMALL, Timestamp::now()).await?;
    let environment = stage.environment(stage.serve().await?);
    let mut lambda = Lambda::start(&options.function("receive"), &environment).await?;
    let mut rates = Vec::new();
    for run in 0..=options.runs {
        let deliveries = deliveries(&stage, &format!("run{run}-"), MANY).await?;
        let times = deliver(&mut lambda, &deliveries).await?;
        let seconds = times.iter().sum::<f64>() / 1_000.0;
        rates.extend((run > 0).then_some(MANY as f64 / seconds));
    }
    Ok(vec![Figure::new(
        "webhooks a second, one environment",
        "/s",
        rates,
    )])
}

/// Webhooks as the platform posts them: new bookings.
pub async fn deliveries(stage: &Stage, prefix: &str, count: usize) -> Outcome<Vec<Bytes>> {
    let (start, end) = ("2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z");
    let bookings: Vec<Value> = (0..count)
        .map(|n| booking(&format!("{prefix}{n}"), 0, start, end))
        .collect();
    stage.change(&json!({ "bookings": bookings })).await
}

/// Delivers to a function, and gives how long each answer took, in milliseconds.
pub async fn deliver(lambda: &mut Lambda, deliveries: &[Bytes]) -> Outcome<Vec<f64>> {
    let mut times = Vec::new();
    for delivery in deliveries {
        let (answer, took) = post(lambda, delivery).await?;
        if answer["statusCode"] != 202 {
            return Err(format!("a webhook was answered {answer}").into());
        }
        times.push(ms(took));
    }
    Ok(times)
}

async fn post(lambda: &mut Lambda, delivery: &Bytes) -> Outcome<(Value, Duration)> {
    let headers: serde_json::Map<String, Value> = signed(delivery, Timestamp::now())?
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().into()))
        .collect();
    let path = hook();
    let host = "bench.lambda-url.local.on.aws";
    lambda
        .call(&json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
            "requestContext": {
                "accountId": "anonymous", "apiId": "bench", "domainName": host, "domainPrefix": "bench",
                "http": { "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                    "userAgent": "bench" },
                "requestId": "bench", "routeKey": "$default", "stage": "$default",
                "time": "22/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_305_600_000_u64,
            },
            "body": String::from_utf8(delivery.to_vec())?, "isBase64Encoded": false,
        }))
        .await
}
