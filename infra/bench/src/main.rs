//! `make bench`: measures Doorstep and prints a table. Nothing here is a test: what a machine was
//! doing meanwhile shows in the times, so they are medians, and ratios where a time alone says
//! little. What is counted comes out the same each time.

mod beside;
mod calls;
mod console;
mod figure;
mod lambda;
mod latency;
mod memory;
mod price;
mod reconcile;
mod settles;
mod sites;
mod size;
mod stage;
mod start;
mod stopwatch;
mod takeover;
mod town;
mod units;
mod watched;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use figure::Figure;

/// What went well, or why it did not.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures Doorstep.
#[derive(Parser)]
#[command(name = "bench")]
pub struct Options {
    /// What to measure; everything but `large` where nothing is named.
    #[arg(value_enum)]
    what: Vec<What>,
    /// How often each time is measured.
    #[arg(long, default_value_t = 11)]
    runs: usize,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Also prints every read and write of the table, and every call, that was counted.
    #[arg(long)]
    each: bool,
    /// Where the functions' binaries are.
    #[arg(long, default_value = "target/release")]
    functions: PathBuf,
    /// Where Node and Python are, with their SDKs.
    #[arg(long, default_value = ".tools")]
    tools: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Start of each function, beside that of an empty one, and its first answer.
    Start,
    /// Webhooks a second.
    Webhooks,
    /// Settles a second.
    Settles,
    /// 10,000 people and 200 groups.
    Reconcile,
    /// Size of each package.
    Size,
    /// Peak memory of each function.
    Memory,
    /// The table's units for a booking's life.
    Units,
    /// Calls to vendors, beside the fewest that there could be.
    Calls,
    /// From the signed change to the door, with vendors that take their time.
    Latency,
    /// The pages of the console.
    Console,
    /// Taking over 1,000 and 10,000 people.
    Takeover,
    /// Taking over 50,000 people. It takes minutes.
    Large,
    /// 1 to 10,000 sites in one stack.
    Sites,
    /// The job of receive in Node 22 and Python 3.13, beside it; installed by `make bench ARGS=beside`.
    Beside,
}

#[tokio::main]
async fn main() -> ExitCode {
    stopwatch::install();
    let options = Options::parse();
    let all = What::value_variants();
    let chosen = |what: &&What| match options.what.as_slice() {
        // These take minutes, or need more than Rust: only by their names.
        [] => !matches!(what, What::Large | What::Beside),
        named => named.contains(what),
    };
    let mut figures = Vec::new();
    for what in all.iter().filter(chosen) {
        eprintln!("measuring {what:?} ...");
        match measure(*what, &options).await {
            Ok(more) => figures.extend(more),
            Err(error) => {
                eprintln!("bench: {what:?}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if options.json {
        println!(
            "{}",
            serde_json::json!(figures.iter().map(Figure::json).collect::<Vec<_>>())
        );
    } else {
        println!("{}", figure::table(&figures));
    }
    ExitCode::SUCCESS
}

async fn measure(what: What, options: &Options) -> Outcome<Vec<Figure>> {
    match what {
        What::Start => start::measure(options).await,
        What::Webhooks => webhooks::measure(options).await,
        What::Settles => settles::measure(options).await,
        What::Reconcile => reconcile::measure(options).await,
        What::Size => size::measure(options),
        What::Memory => memory::measure(options).await,
        What::Units => units::measure(options).await,
        What::Calls => calls::measure(options).await,
        What::Latency => latency::measure(options).await,
        What::Console => console::measure(options).await,
        What::Takeover => takeover::measure(options).await,
        What::Large => takeover::measure_large(options).await,
        What::Sites => sites::measure(options).await,
        What::Beside => beside::measure(options).await,
    }
}

impl Options {
    /// The binary of a function.
    pub fn function(&self, name: &str) -> PathBuf {
        self.functions.join(name)
    }
}

/// Milliseconds.
pub fn ms(span: std::time::Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}
