//! The operator's command. It parses arguments, calls the library and prints the result. It decides
//! nothing itself.
//!
//! A verb is one file here, with its arguments and `run`, and two lines below: its `mod`, and its
//! place in `verbs!`.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use doorstep_core::model::error::Result;

mod approve;
mod ask;
mod audit;
mod backend;
mod check;
mod completions;
mod console;
mod deliveries;
mod diff;
mod doctor;
mod drift;
mod entries;
mod explain;
mod files;
mod forget;
mod history;
mod import;
mod init;
mod man;
mod moving;
mod needs;
mod on_time;
mod pause;
mod print;
mod progress;
mod push;
mod readers;
mod reconcile;
mod rehearse;
mod resume;
mod retire;
mod schema;
mod section;
mod show;
mod sites;
mod snippet;
mod target;
mod who;

/// Returns the exit codes of every verb as a literal. docs/operations.md lists the same ones.
macro_rules! exits {
    () => {
        "Exits with 0 without findings, 1 with findings, and 2 after an error. Standard error then shows the reason."
    };
}

/// Keeps doors in step with bookings.
#[derive(Parser)]
#[command(name = "doorstep", version, after_help = exits!())]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

/// Returns the whole command: every verb with its arguments.
pub fn whole() -> clap::Command {
    Command::command()
}

/// The outcome of a verb.
pub enum VerbOutcome {
    /// All is well.
    Fine,
    /// There are findings that the operator should act on.
    Found,
}

impl VerbOutcome {
    /// Returns the outcome of a verb that found something, or nothing.
    pub fn found_if(found: bool) -> Self {
        if found { Self::Found } else { Self::Fine }
    }
}

/// Defines every verb: its help, its arguments, and the module that implements it.
macro_rules! verbs {
    ($($(#[$about:meta])* $verb:ident($args:ident) = $module:ident, $example:literal;)+) => {
        #[derive(Subcommand)]
        enum Verb {
            $($(#[$about])*
            #[command(after_help = concat!("Example:\n  doorstep ", $example, "\n\n", exits!()))]
            $verb($module::$args),)+
        }

        impl Verb {
            /// Runs the verb. Returns its name and its outcome.
            async fn run(&self) -> (String, Result<VerbOutcome>) {
                match self {
                    $(Verb::$verb(asked) => (stringify!($module).replace('_', "-"), $module::run(asked).await),)+
                }
            }
        }
    };
}

verbs! {
    /// Checks site files. With secrets, also checks them against the vendors.
    Check(CheckArgs) = check, "check riverside.toml --secrets secrets.toml";
    /// Asks for the platform and the doors, reads both, and writes a first site file. What no rule
    /// uses is named in comments.
    Init(InitArgs) = init, "init riverside.toml --secrets secrets.toml";
    /// Writes the rules that the platform's own bridge to the doors follows today into a site file.
    /// Everything that it guesses has a comment.
    Import(ImportArgs) = import, "import riverside.toml --from spacebring --doors kisi --secrets secrets.toml";
    /// Prints the completions of a shell: `doorstep completions bash`.
    Completions(CompletionsArgs) = completions, "completions bash > ~/.local/share/bash-completion/completions/doorstep";
    /// Writes the man pages into a folder.
    Man(ManArgs) = man, "man ~/.local/share/man/man1";
    /// Prints the JSON Schema of a site file, for editors.
    Schema(SchemaArgs) = schema, "schema > site-file.schema.json";
    /// Lists the sites with their modes, versions and vendors.
    Sites(SitesArgs) = sites, "sites";
    /// Prints the site file in force, or another version of it, exactly as it was pushed.
    Show(ShowArgs) = show, "show riverside --version 3";
    /// Lists the versions of a site file: when each was put in force, and its mode.
    History(HistoryArgs) = history, "history riverside";
    /// Shows what site files would change if they were pushed, and changes nothing. Changes are not
    /// findings.
    Diff(DiffArgs) = diff, "diff riverside.toml";
    /// Shows what site files will change, and puts them in force. With findings, stores nothing. A
    /// site's first file only observes, unless --mode repeats its mode.
    Push(PushArgs) = push, "push riverside.toml --mode full";
    /// Shows where the doors differ from the version in force, and which differences were made by
    /// hand. Each difference is a finding.
    Drift(DriftArgs) = drift, "drift riverside";
    /// Shows the open holds of the guard. Each is a finding. With a checksum, approves exactly that
    /// hold.
    Approve(ApproveArgs) = approve, "approve --site riverside";
    /// Lists what needs the operator, at all sites: what, whom it concerns, since when, and the one
    /// thing to do. It asks no vendor. Each need is a finding.
    Needs(NeedsArgs) = needs, "needs";
    /// Examines everything that a site needs: credentials, groups, seats, webhooks, clock, dead
    /// letters. Each finding shows what to do.
    Doctor(DoctorArgs) = doctor, "doctor riverside";
    /// Replays a day, by default yesterday, with a changed site file. Shows the people whose access
    /// would have been different, and when. Calls no vendor and changes nothing. Differences are
    /// not findings.
    Rehearse(RehearseArgs) = rehearse, "rehearse riverside.toml --day 2026-03-02";
    /// Serves the operator's screens to a browser on this machine: what needs you, today, people, rules. It
    /// only shows, unless --act lets it act.
    Console(ConsoleArgs) = console, "console --stack doorstep";
    /// Shows the deliveries of a day by hour: verified, refused, unreadable. Shows the last one of each
    /// webhook, and the last reads of the platform and the doors.
    Deliveries(DeliveriesArgs) = deliveries, "deliveries riverside --day 2026-03-02";
    /// Requests a reconcile at once: everything is compared with the platform and the doors.
    Reconcile(ReconcileArgs) = reconcile, "reconcile riverside";
    /// Stops all changes at the doors of a site until `resume`. Doorstep still reads and stores
    /// everything.
    Pause(PauseArgs) = pause, "pause riverside --why \"the locks are being changed\"";
    /// Ends a pause. The mode of the site file applies again, and a reconcile starts at once.
    Resume(ResumeArgs) = resume, "resume riverside";
    /// Takes a site out of service. Shows the consequences first. With --yes and their checksum,
    /// applies them. While access is being revoked, people who still have access are findings.
    Retire(RetireArgs) = retire, "retire riverside --revoke-access";
    /// Shows access attempts by person, door and day. With --summary, shows who is inside and when
    /// doors open.
    Entries(EntriesArgs) = entries, "entries riverside --from 2026-03-02 --until 2026-03-06";
    /// Shows why a person has, had, will have or lacks each group, at any instant. An unknown
    /// person is a finding.
    Explain(ExplainArgs) = explain, "explain riverside ada@example.com --at \"2026-03-02 09:00\"";
    /// Shows the members of a group at any instant: granted by Doorstep, with the reason; foreign;
    /// protected.
    Who(WhoArgs) = who, "who riverside \"Front door\" --at -2h";
    /// Verifies the audit chain, or exports it.
    Audit(AuditArgs) = audit, "audit verify riverside";
    /// Shows how many grants and revokes were on time, by day. A late one is a finding.
    OnTime(OnTimeArgs) = on_time, "on-time riverside --day 2026-03-02";
    /// Erases the names, the address and the card numbers of a person from the table. The audit
    /// chain stays intact. An obstacle is a finding.
    Forget(ForgetArgs) = forget, "forget riverside ada@example.com";
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return unread(&error),
    };
    match command.verb.run().await {
        (_, Ok(VerbOutcome::Fine)) => ExitCode::SUCCESS,
        (_, Ok(VerbOutcome::Found)) => ExitCode::from(1),
        (name, Err(error)) => {
            let said = format!("doorstep {name}: {error}");
            // A program that asked for JSON reads the error from standard output, too.
            if is_json() {
                print::json(&serde_json::json!({ "error": said })).ok();
            }
            print::error(&said);
            ExitCode::from(2)
        }
    }
}

/// Returns whether the arguments ask for JSON. Every verb has that option.
fn is_json() -> bool {
    std::env::args_os()
        .skip(1)
        .any(|argument| argument == "--json")
}

/// Prints help or version, or the error of arguments that cannot be parsed.
fn unread(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return if error.print().is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    }
    let said = error.render().to_string();
    print::error(&format!(
        "doorstep: {}",
        said.strip_prefix("error: ").unwrap_or(&said).trim_end()
    ));
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_speaks_json_and_says_how_it_ends() {
        let command = Command::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            let name = verb.get_name();
            assert!(
                verb.get_arguments()
                    .any(|argument| argument.get_id() == "json"),
                "{name} --json"
            );
            let help = verb.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            let example = help.split("\n\n").next().unwrap_or_default();
            let words = example.trim_start_matches("Example:\n  ").split(' ');
            assert_eq!(words.take(2).last(), Some(name), "{name} --help");
            assert!(help.ends_with(exits!()), "{name} --help");
        }
    }
}
