//! `doorstep explain`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_operator::explain::{ExplainQuery, Explained};

/// The arguments of `doorstep explain`.
#[derive(clap::Args)]
pub struct ExplainArgs {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    person: PersonChoice,
    /// Only this group, by name or id. Write DOORS/NAME if several groups have the name.
    #[arg(long)]
    group: Option<String>,
    /// The instant, past or future: "2026-03-02 09:00" in the site's time, 2026-03-02T09:00:00Z, or
    /// -2h; left out: now.
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    at: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The options that select a person.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct PersonChoice {
    /// The e-mail address of the person.
    #[arg(value_name = "EMAIL")]
    address: Option<String>,
    /// The same.
    #[arg(long)]
    email: Option<String>,
    /// The person with this id in Doorstep.
    #[arg(long, value_name = "ID")]
    person: Option<PersonId>,
    /// The person with this profile at the platform.
    #[arg(long, value_name = "member:ID")]
    known_as: Option<String>,
}

/// Shows why a person has, had, will have or lacks each group.
pub async fn run(asked: &ExplainArgs) -> Result<VerbOutcome> {
    let PersonChoice {
        address,
        email,
        person,
        known_as,
    } = &asked.person;
    let wanted = ExplainQuery {
        email: address.as_ref().or(email.as_ref()).cloned(),
        person: person.clone(),
        profile: known_as.clone(),
        group: asked.group.clone(),
        at: asked.at.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.explain(&asked.site, &wanted).await;
    match asked.target.ask("reading the person", ask).await? {
        Some(explained) => {
            print::value(&explained, asked.json)?;
            Ok(VerbOutcome::Fine)
        }
        None if asked.json => {
            print::json(&None::<Explained>)?;
            Ok(VerbOutcome::Found)
        }
        None => {
            print::text("no person has this address, id or profile")?;
            Ok(VerbOutcome::Found)
        }
    }
}
