//! The program behind `make run`: starts the machine, listens, and stops in an orderly way.

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use doorstep_local::options::Options;
use doorstep_local::{Machine, StartError, folder, sample};

/// How long open calls may take after a stop was requested.
const LAST_CALLS: Duration = Duration::from_secs(5);
/// Exit code of a failed start: invalid options, files or folders.
const REFUSED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // The output of the sample day is for reading, so logs of its run are limited to warnings.
    let usual = if options.plays_sample() {
        "warn,dynoxide=error"
    } else {
        "info,dynoxide=error"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("doorstep-local: {error}");
            ExitCode::from(REFUSED)
        }
    }
}

/// Returns the error of an address on which the run cannot listen, with what to do.
fn unbound(error: &std::io::Error, options: &Options) -> String {
    let (listen, port) = (&options.listen, options.port);
    let advice = match error.kind() {
        ErrorKind::AddrInUse => "another program uses it: stop that one, or choose another --port",
        ErrorKind::PermissionDenied => "ports below 1024 need more rights: choose another --port",
        _ => "--listen takes a name or address of this machine without a port, and --port the port",
    };
    format!("cannot listen on {listen} port {port}: {advice} ({error})")
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let (setup, paths) = options.setup()?;
    warn_of_open_secrets(&options);
    let plays_sample = options.plays_sample();
    let listener = TcpListener::bind((options.listen.as_str(), options.port));
    let listener = listener.await.map_err(|error| unbound(&error, &options))?;
    let machine = Machine::start(setup)
        .await
        .map_err(|error| named(error, &paths))?;
    let mut out = std::io::stdout();
    let address = listener.local_addr()?;
    // The names of people are in its pages, so it is served to this machine alone.
    let console = address
        .ip()
        .is_loopback()
        .then(|| machine.console(address.port(), options.act));
    let entrance = match &console {
        Some(console) => format!("console at http://{address}{}", console.entrance()),
        None => "no console: it needs a loopback address to listen on".to_owned(),
    };
    writeln!(out, "listening on http://{address}\n{entrance}")?;
    out.flush()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(
        listener,
        machine.router_at(&options.listen, console.as_ref()),
    )
    .with_graceful_shutdown(async {
        stopping.await.ok();
    });
    let mut serving = tokio::spawn(serving.into_future());
    if plays_sample {
        let machine = machine.clone();
        tokio::spawn(async move {
            let mut out = std::io::stdout();
            sample::play(&machine, &mut out).await;
            // The address of the console is the last line, where it is seen.
            writeln!(out, "{entrance}").and_then(|()| out.flush()).ok();
        });
    } else if options.wants_sample() {
        writeln!(
            out,
            "{} continues from its last run. The sample day plays only in a new folder",
            options.data.display()
        )?;
    }
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    machine.stop();
    drop(stop);
    // The queue keeps every unfinished message, so the next run serves what is cut off here.
    tokio::time::timeout(LAST_CALLS, serving).await.ok();
    Ok(())
}

/// Warns that others can read the secrets file. The run continues, because the owner may have
/// reasons.
fn warn_of_open_secrets(options: &Options) {
    if let Some(path) = &options.secrets
        && folder::is_open_to_others(path).unwrap_or(false)
    {
        let path = path.display();
        tracing::warn!(%path, "other users of this machine can read the secrets file: chmod 600 it");
    }
}

/// Returns the text of a start error, with the path of the file that caused it.
fn named(error: StartError, paths: &[PathBuf]) -> String {
    let path = match &error {
        StartError::Site { index, .. } | StartError::SameSite { index, .. } => paths.get(*index),
        StartError::Secrets(_) | StartError::Data(_) => None,
    };
    path.map_or_else(
        || error.to_string(),
        |path| format!("{}: {error}", path.display()),
    )
}
