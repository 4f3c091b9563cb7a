//! The operator's command. It reads what it is given, asks the library, and prints; it decides nothing itself.
//!
//! A verb is one file here, with its arguments and `run`, and two lines below: its `mod`, and its place in `verbs!`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use doorstep_core::model::error::Result;

mod approve;
mod audit;
mod check;
mod diff;
mod doctor;
mod drift;
mod entries;
mod explain;
mod files;
mod forget;
mod local;
mod on_time;
mod pause;
mod print;
mod progress;
mod push;
mod rehearse;
mod resume;
mod retire;
mod show;
mod target;
mod who;

/// How every verb ends; docs/operations.md says the same.
const EXITS: &str = "Exits with 0 if all is well, 1 with findings (which it printed), 2 if it could not be done (why stands \
                     on standard error).";

/// Keeps doors in step with bookings.
#[derive(Parser)]
#[command(name = "doorstep", version, after_help = EXITS)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

/// What a verb came to.
pub enum End {
    /// All is well.
    Fine,
    /// Something was found that somebody should do something about.
    Found,
}

/// Writes down every verb: what it does, its arguments, and the module that does it.
macro_rules! verbs {
    ($($(#[$about:meta])* $verb:ident = $module:ident,)+) => {
        #[derive(Subcommand)]
        enum Verb {
            $($(#[$about])* #[command(after_help = EXITS)] $verb($module::$verb),)+
        }

        impl Verb {
            /// Carries it out. Gives its name, too.
            async fn run(&self) -> (String, Result<End>) {
                match self {
                    $(Verb::$verb(asked) => (stringify!($module).replace('_', "-"), $module::run(asked).await),)+
                }
            }
        }
    };
}

verbs! {
    /// Checks site files; with secrets also against both vendors.
    Check = check,
    /// Shows what site files would change if they were pushed, and changes nothing. What would change is no finding.
    Diff = diff,
    /// Shows what site files will change, and puts them in force; with findings nothing is stored. A site's first file
    /// only observes, unless --mode says its mode once more.
    Push = push,
    /// Shows what of the version in force is not so at the doors now, and what hands changed there. That something is
    /// not so is a finding.
    Drift = drift,
    /// Shows what the guard holds for a human, which is a finding; or, given its checksum, lets exactly that be done.
    Approve = approve,
    /// Looks at everything that a site needs (credentials, groups, seats, webhooks, clock, dead letters, ...), and says of
    /// each finding what to do.
    Doctor = doctor,
    /// Replays yesterday, or another day, through a changed site file: who would have got in otherwise than by the one in
    /// force, and when. It asks no vendor and changes nothing; that something would have been otherwise is no finding.
    Rehearse = rehearse,
    /// Lets nothing be changed at a site's doors until it is resumed. Everything is still read and remembered.
    Pause = pause,
    /// Ends a pause: the site's mode is what its file says, and everything is compared at once.
    Resume = resume,
    /// Takes a site out of service: shows what that would do, and does it with --yes and the checksum of that. People who
    /// are still in while others were taken out are findings.
    Retire = retire,
    /// Shows who came and went, per person, door and day.
    Entries = entries,
    /// Shows why a person has, had, will have or lacks each group, at any instant. That nobody is meant is a finding.
    Explain = explain,
    /// Shows everybody in a group at any instant: ours with why, foreign, protected.
    Who = who,
    /// Verifies the audit chain, or exports it.
    Audit = audit,
    /// Shows how many doors opened and closed when they should have, per day. One that was late is a finding.
    OnTime = on_time,
    /// Erases a person's names, address and numbers everywhere in the table, and leaves the audit chain whole. What has
    /// to be done first is a finding.
    Forget = forget,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return unread(&error),
    };
    match command.verb.run().await {
        (_, Ok(End::Fine)) => ExitCode::SUCCESS,
        (_, Ok(End::Found)) => ExitCode::from(1),
        (name, Err(error)) => {
            print::error(&format!("doorstep {name}: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Help and version were asked for, or the arguments cannot be understood.
fn unread(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let said = error.render().to_string();
    print::error(&format!("doorstep: {}", said.strip_prefix("error: ").unwrap_or(&said).trim_end()));
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_verb_speaks_json_and_says_how_it_ends() {
        let command = Command::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            let name = verb.get_name();
            assert!(verb.get_arguments().any(|argument| argument.get_id() == "json"), "{name} --json");
            assert_eq!(verb.get_after_help().map(ToString::to_string).as_deref(), Some(EXITS), "{name} --help");
        }
    }
}
