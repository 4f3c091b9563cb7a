//! `doorstep forget`.

use doorstep_core::model::ids::SiteId;
use serde_json::json;

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_operator::forget::{Forgotten, Outcome, Wanted, forget};

/// The arguments of `doorstep forget`.
#[derive(clap::Args)]
pub struct Forget {
    /// The site.
    site: String,
    #[command(flatten)]
    who: Somebody,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The options that select a person.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Somebody {
    /// The person with this e-mail address.
    #[arg(long)]
    email: Option<String>,
    /// The person with this id in Doorstep.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
}

/// Erases a person's names, address and numbers.
pub async fn run(asked: &Forget) -> Result<End> {
    let wanted = Wanted { email: asked.who.email.clone(), person: asked.who.person.clone() };
    let done = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => forget(&environment, &SiteId::from(asked.site.as_str()), &wanted).await,
            Reached::Local(local) => local.forget(&asked.site, &wanted).await,
        }
    };
    match progress::wait("forgetting", done).await? {
        Outcome::Forgotten(forgotten) => {
            match asked.json {
                true => print::json(&forgotten)?,
                false => print::text(&told(&forgotten))?,
            }
            Ok(End::Fine)
        }
        Outcome::Refused(first) => {
            match asked.json {
                true => print::json(&json!({ "first": first }))?,
                false => print::text(&format!("not forgotten yet; first:\n  {}", first.join("\n  ")))?,
            }
            Ok(End::Found)
        }
        Outcome::Nobody => {
            match asked.json {
                true => print::json(&json!(null))?,
                false => print::text("nobody here is meant; whoever was forgotten is nobody")?,
            }
            Ok(End::Found)
        }
    }
}

fn told(forgotten: &Forgotten) -> String {
    let Forgotten { site, people, erased, remains } = forgotten;
    let mut text = format!("forgotten at {site}: {erased} records of them erased; in the audit chain they are");
    people.iter().for_each(|id| text.push_str(&format!(" {id}")));
    text.push_str("\nwhat remains elsewhere:");
    remains.iter().for_each(|one| text.push_str(&format!("\n  {one}")));
    text
}
