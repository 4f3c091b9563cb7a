//! `doorstep console`.

use std::io::ErrorKind;

use serde_json::json;
use tokio::net::TcpListener;

use crate::target::TargetOptions;
use crate::{VerbOutcome, print, progress};
use doorstep_console::access::origin::Hosts;
use doorstep_console::command::CommandTarget;
use doorstep_console::host::StackHost;
use doorstep_console::{Console, ConsoleSettings};
use doorstep_core::model::error::{Error, Result};

/// The only address on which a console listens.
const HERE: &str = "127.0.0.1";

/// The arguments of `doorstep console`.
#[derive(clap::Args)]
pub struct ConsoleArgs {
    #[command(flatten)]
    target: TargetOptions,
    /// The port of this machine to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Lets the console act: approve, push, pause, reconcile; left out: it only shows.
    #[arg(long)]
    act: bool,
    /// Prints the address as JSON.
    #[arg(long)]
    json: bool,
}

/// Serves the console to a browser on this machine, until Ctrl-C.
pub async fn run(asked: &ConsoleArgs) -> Result<VerbOutcome> {
    if asked.target.is_local() {
        return Err(Error::invalid(
            "a one-machine run serves its own console: open the address that `make run` printed after \"console at\"",
        ));
    }
    let environment = progress::wait("reading the stack", asked.target.environment()).await?;
    let listener = TcpListener::bind((HERE, asked.port)).await;
    let listener = listener.map_err(|error| unbound(&error, asked.port))?;
    let broken = |error: std::io::Error| Error::permanent(format!("the console stopped: {error}"));
    let address = listener.local_addr().map_err(broken)?;
    let settings = ConsoleSettings {
        hosts: Hosts::with(HERE),
        port: address.port(),
        can_act: asked.act,
        target: CommandTarget::new(asked.target.repeated()),
    };
    let console = Console::new(StackHost(environment), settings);
    let entrance = format!("http://{address}{}", console.entrance());
    match asked.json {
        true => print::json(&json!({ "address": entrance }))?,
        false => print::text(&format!(
            "console at {entrance}\nOpen it in a browser on this machine. Ctrl-C stops it."
        ))?,
    }
    tokio::select! {
        ended = axum::serve(listener, console.app()).into_future() => ended.map_err(broken)?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(VerbOutcome::Fine)
}

fn unbound(error: &std::io::Error, port: u16) -> Error {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => "another program uses it: stop that one, or choose another --port",
        _ => "choose another --port",
    };
    Error::invalid(format!(
        "cannot listen on {HERE} port {port}: {advice} ({error})"
    ))
}
