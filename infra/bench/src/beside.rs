//! The job of `receive` in Node 22 and in Python 3.13 beside it: the same webhooks, the same calls
//! to AWS, the same runtime interface, in turn on one pinned core. `infra/bench/beside` has the
//! other two.

use std::process::Command;

use jiff::Timestamp;
use serde_json::Value;

use crate::figure::Figure;
use crate::lambda::Lambda;
use crate::stage::Stage;
use crate::webhooks::{SMALL, deliver, deliveries};
use crate::{Options, Outcome, ms};

/// The core that every function runs on. The bench and AWS have the others.
const CORE: &str = "0";
/// Webhooks of one run.
const MANY: usize = 300;
/// Webhooks before the first run: both runtimes compile what runs often.
const WARM: usize = 1_000;
/// At least so many times less CPU than Node and Python.
const AIMS: [f64; 2] = [8.0, 12.0];

/// What a runtime took.
struct Measured {
    name: String,
    /// Microseconds of a core for one warm webhook.
    core: Vec<f64>,
    /// Milliseconds from the start of the process to its first answer.
    first: Vec<f64>,
    /// MiB at the end of everything.
    peak: Option<f64>,
}

/// Measures; each runtime's processes are started before the runs and take turns.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    let stage = Stage::open(SMALL, Timestamp::now()).await?;
    let environment = stage.environment(stage.serve().await?);
    let runtimes = runtimes(options)?;
    same_job(&stage, &runtimes, &environment).await?;
    let mut all = Vec::new();
    for (number, (name, command)) in runtimes.iter().enumerate() {
        let mut first = Vec::new();
        for run in 0..=options.runs {
            let webhooks = deliveries(&stage, &format!("first{number}-{run}-"), 1).await?;
            let mut lambda = Lambda::launch(command(), &environment).await?;
            let answer = deliver(&mut lambda, &webhooks).await?;
            let answered = ms(lambda.started) + answer.first().copied().unwrap_or_default();
            // The first start fills the file cache.
            first.extend((run > 0).then_some(answered));
        }
        let mut lambda = Lambda::launch(command(), &environment).await?;
        warm(&stage, &mut lambda, number).await?;
        all.push((
            lambda,
            Measured {
                name: name.clone(),
                core: Vec::new(),
                first,
                peak: None,
            },
        ));
    }
    for run in 0..options.runs {
        for (number, (lambda, measured)) in all.iter_mut().enumerate() {
            let webhooks = deliveries(&stage, &format!("run{number}-{run}-"), MANY).await?;
            let before = on_core(lambda)?;
            deliver(lambda, &webhooks).await?;
            measured
                .core
                .push((on_core(lambda)? - before) / MANY as f64);
        }
    }
    let mut measured = Vec::new();
    for (lambda, mut one) in all {
        one.peak = lambda.peak();
        measured.push(one);
    }
    Ok(figures(&measured))
}

type Runtime = (String, Box<dyn Fn() -> Command>);

/// Each runtime with its version, and how its function is started.
fn runtimes(options: &Options) -> Outcome<[Runtime; 3]> {
    let (receive, tools) = (
        options.function("receive"),
        std::path::absolute(&options.tools)?,
    );
    let (node, python) = (
        tools.join("beside-node/node_modules/node/bin/node"),
        tools.join("beside-python/python"),
    );
    let version = |program: &std::path::Path| {
        let said = Command::new(program).arg("--version").output();
        let said = said.map_err(|error| {
            format!(
                "{}: {error}: use `make bench ARGS=beside`",
                program.display()
            )
        })?;
        Outcome::Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    };
    let names = [
        "receive".to_owned(),
        format!("Node {}", version(&node)?.trim_start_matches('v')),
        version(&python)?,
    ];
    let handlers = [
        None,
        Some(tools.join("beside-node/receive.mjs")),
        Some(std::path::absolute("infra/bench/beside/python/receive.py")?),
    ];
    let mut programs = [receive, node, python].into_iter().zip(handlers);
    let mut next = |name: String| -> Outcome<Runtime> {
        let (program, handler) = programs.next().ok_or("three runtimes")?;
        let command = move || {
            let mut command = Command::new("taskset");
            command.args(["-c", CORE]).arg(&program).args(&handler);
            command
        };
        Ok((name, Box::new(command)))
    };
    let [rust, node, python] = names;
    Ok([next(rust)?, next(node)?, next(python)?])
}

/// Checks that every runtime makes the same message of the same webhook.
async fn same_job(
    stage: &Stage,
    runtimes: &[Runtime],
    environment: &[(String, String)],
) -> Outcome<()> {
    let webhook = deliveries(stage, "same", 1).await?;
    let mut messages = Vec::new();
    for (name, command) in runtimes {
        let mut lambda = Lambda::launch(command(), environment).await?;
        deliver(&mut lambda, &webhook).await?;
        let sent = stage.last_sent.lock().map_err(|_| "poisoned")?.take();
        messages.push((name, message(&sent)?));
    }
    match messages.as_slice() {
        [(_, first), rest @ ..] => match rest.iter().find(|(_, other)| other != first) {
            None => Ok(()),
            Some((name, other)) => Err(format!("{name} enqueues {other}, not {first}").into()),
        },
        [] => Ok(()),
    }
}

/// What a message says, without the instant and what follows from it.
fn message(sent: &Value) -> Outcome<Value> {
    let mut body: Value = serde_json::from_str(sent["MessageBody"].as_str().unwrap_or_default())?;
    for key in ["at", "delivery"] {
        body.as_object_mut()
            .and_then(|body| body.remove(key))
            .ok_or_else(|| format!("a message without {key}"))?;
    }
    Ok(serde_json::json!({ "group": sent["MessageGroupId"], "body": body }))
}

async fn warm(stage: &Stage, lambda: &mut Lambda, number: usize) -> Outcome<()> {
    let webhooks = deliveries(stage, &format!("warm{number}-"), WARM).await?;
    deliver(lambda, &webhooks).await.map(drop)
}

fn on_core(lambda: &Lambda) -> Outcome<f64> {
    Ok(lambda
        .on_core()
        .ok_or("this system does not say how long a process was on a core")?)
}

fn figures(measured: &[Measured]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for one in measured {
        let name = &one.name;
        figures.push(Figure::new(
            format!("a warm webhook: {name}"),
            "us of a core",
            one.core.clone(),
        ));
        figures.push(Figure::new(
            format!("start and first answer: {name}"),
            "ms",
            one.first.clone(),
        ));
        let peak = one.peak.into_iter().collect();
        figures.push(Figure::new(format!("peak memory: {name}"), "MiB", peak));
    }
    let Some((receive, others)) = measured.split_first() else {
        return figures;
    };
    for (other, aim) in others.iter().zip(AIMS) {
        let core = Figure::new(
            format!("a warm webhook: {} beside receive", other.name),
            "x",
            ratios(&other.core, &receive.core),
        );
        figures.push(core.at_least(aim));
        figures.push(Figure::new(
            format!("start and first answer: {} beside receive", other.name),
            "x",
            ratios(&other.first, &receive.first),
        ));
    }
    figures
}

fn ratios(others: &[f64], receive: &[f64]) -> Vec<f64> {
    others
        .iter()
        .zip(receive)
        .map(|(other, receive)| other / receive)
        .collect()
}
