//! The operator's command. It reads what it is given, asks the library, and prints; it decides nothing itself.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use doorstep::error::Result;

mod check;
mod diff;
mod entries;
mod files;
mod local;
mod push;
mod show;
mod target;

/// Keeps doors in step with bookings.
#[derive(Parser)]
#[command(name = "doorstep", version)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Checks site files; with secrets also against both vendors. Exits with 0 if all is well, 1 with findings, 2 if
    /// it could not be checked.
    Check(check::Check),
    /// Shows what site files would change if they were pushed, and changes nothing. Exits with 0 whatever would change,
    /// 1 with findings, 2 if it could not be found out.
    Diff(diff::Diff),
    /// Shows what site files will change, and puts them in force. Exits with 0 if they are in force, 1 with findings
    /// and 2 if it could not be done; then nothing is stored.
    Push(push::Push),
    /// Shows who came and went, per person, door and day.
    Entries(entries::Entries),
}

/// What a verb came to.
pub enum End {
    /// Nothing is wrong with the files.
    Fine,
    /// Something is.
    Found,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (name, end) = match Command::parse().verb {
        Verb::Check(asked) => ("check", check::run(&asked).await),
        Verb::Diff(asked) => ("diff", diff::run(&asked).await),
        Verb::Push(asked) => ("push", push::run(&asked).await),
        Verb::Entries(asked) => ("entries", entries::run(&asked).await),
    };
    code(name, end)
}

fn code(name: &str, end: Result<End>) -> ExitCode {
    match end {
        Ok(End::Fine) => ExitCode::SUCCESS,
        Ok(End::Found) => ExitCode::from(1),
        Err(error) => {
            eprintln!("doorstep {name}: {error}");
            ExitCode::from(2)
        }
    }
}
