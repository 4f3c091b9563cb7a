//! `doorstep forget`.

use serde_json::json;

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery, Forgotten};

/// The arguments of `doorstep forget`.
#[derive(clap::Args)]
pub struct ForgetArgs {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    person: ForgottenPerson,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The options that select a person.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct ForgottenPerson {
    /// The e-mail address of the person.
    #[arg(value_name = "EMAIL")]
    address: Option<String>,
    /// The same.
    #[arg(long)]
    email: Option<String>,
    /// The person with this id in Doorstep.
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
}

/// Erases a person's names, address and numbers.
pub async fn run(asked: &ForgetArgs) -> Result<VerbOutcome> {
    let ForgottenPerson {
        address,
        email,
        person,
    } = &asked.person;
    let wanted = ForgetQuery {
        email: address.as_ref().or(email.as_ref()).cloned(),
        person: person.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.forget(&asked.site, &wanted).await;
    match asked.target.ask("forgetting", ask).await? {
        ForgetOutcome::Forgotten(forgotten) => {
            match asked.json {
                true => print::json(&forgotten)?,
                false => print::text(&sentences(&forgotten))?,
            }
            Ok(VerbOutcome::Fine)
        }
        ForgetOutcome::Refused(first) => {
            match asked.json {
                true => print::json(&json!({ "first": first }))?,
                false => print::text(&format!(
                    "the person is not forgotten yet; do this first:\n  {}",
                    first.join("\n  ")
                ))?,
            }
            Ok(VerbOutcome::Found)
        }
        ForgetOutcome::NoPerson => {
            match asked.json {
                true => print::json(&json!(null))?,
                false => {
                    print::text("no person has this address or id. A forgotten person has neither")?
                }
            }
            Ok(VerbOutcome::Found)
        }
    }
}

fn sentences(forgotten: &Forgotten) -> String {
    let Forgotten {
        site,
        people,
        erased,
        remains,
    } = forgotten;
    let mut text = format!(
        "forgotten at {site}: {erased} records erased. Ids of the person in the audit chain:"
    );
    people
        .iter()
        .for_each(|id| text.push_str(&format!(" {id}")));
    text.push_str("\nwhat Doorstep cannot erase:");
    remains
        .iter()
        .for_each(|one| text.push_str(&format!("\n  {one}")));
    text
}
