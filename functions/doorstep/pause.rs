//! `doorstep pause`, and the output of `pause` and `resume`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::pause;

/// The arguments of `doorstep pause`.
#[derive(clap::Args)]
pub struct PauseArgs {
    /// The site.
    site: SiteId,
    /// The reason, for readers of the site's reports.
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Stops all changes at a site's doors.
pub async fn run(asked: &PauseArgs) -> Result<VerbOutcome> {
    let ask = async |backend: &dyn Backend| backend.pause(&asked.site, asked.why.as_deref()).await;
    let state = asked
        .target
        .ask(&format!("pausing {}", asked.site), ask)
        .await?;
    say(&state, asked.json)
}

/// Prints the state of the site.
pub fn say(state: &pause::SiteState, as_json: bool) -> Result<VerbOutcome> {
    if as_json {
        print::json(state)?;
        return Ok(VerbOutcome::Fine);
    }
    let mode = state.mode.word();
    let mut text = match (&state.paused, state.changed) {
        (Some(_), true) => format!("{} is paused from now on\n", state.site),
        (Some(_), false) => format!("{} was paused already\n", state.site),
        (None, true) => format!(
            "{} is resumed in mode {mode}. A reconcile compares everything now\n",
            state.site
        ),
        (None, false) => format!("{} was not paused. Its mode is {mode}\n", state.site),
    };
    text.extend(state.remarks.iter().map(|remark| format!("! {remark}\n")));
    print::text(&text)?;
    Ok(VerbOutcome::Fine)
}
