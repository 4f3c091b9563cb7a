//! `doorstep pause`, and the output of `pause` and `resume`.

use doorstep_core::model::ids::SiteId;
use serde_json::json;

use crate::target::{Reached, Target};
use crate::{End, print};
use doorstep_core::model::error::Result;
use doorstep_operator::pause;

/// The arguments of `doorstep pause`.
#[derive(clap::Args)]
pub struct Pause {
    /// The site.
    site: String,
    /// The reason, for readers of the site's reports.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Stops all changes at a site's doors.
pub async fn run(asked: &Pause) -> Result<End> {
    let state = match asked.target.reach().await? {
        Reached::Stack(environment) => {
            pause::pause(&environment, &SiteId::from(asked.site.as_str()), asked.why.as_deref()).await?
        }
        Reached::Local(local) => {
            let why = json!({ "why": asked.why }).to_string();
            local.post(&format!("{}/pause", local.site(&asked.site)?), &why).await?
        }
    };
    say(&state, asked.json)
}

/// Prints the state of the site.
pub fn say(state: &pause::State, as_json: bool) -> Result<End> {
    if as_json {
        print::json(state)?;
        return Ok(End::Fine);
    }
    let mode = state.mode.word();
    let mut text = match (&state.paused, state.changed) {
        (Some(_), true) => format!("{} is paused from now on\n", state.site),
        (Some(_), false) => format!("{} was paused already\n", state.site),
        (None, true) => format!("{} is in force again, in mode {mode}; everything is compared now\n", state.site),
        (None, false) => format!("{} was not paused: it is in force in mode {mode}\n", state.site),
    };
    text.extend(state.remarks.iter().map(|remark| format!("! {remark}\n")));
    print::text(&text)?;
    Ok(End::Fine)
}
