//! `doorstep explain`.

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::explain::{Explained, Wanted, explain};

/// The arguments of `doorstep explain`.
#[derive(clap::Args)]
pub struct Explain {
    /// The site.
    site: String,
    #[command(flatten)]
    who: Somebody,
    /// Only this group, by name or id. Write DOORS/NAME if several groups have the name.
    #[arg(long)]
    group: Option<String>,
    /// The instant, past or future, such as 2026-03-02T09:00:00Z; left out: now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
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
    /// The person with this profile at the platform.
    #[arg(long, value_name = "member:ID")]
    known_as: Option<String>,
}

/// Shows why a person has, had, will have or lacks each group.
pub async fn run(asked: &Explain) -> Result<End> {
    let Somebody { email, person, known_as } = &asked.who;
    let wanted = Wanted {
        email: email.clone(),
        person: person.clone(),
        profile: known_as.clone(),
        group: asked.group.clone(),
        at: asked.at.clone(),
    };
    let found = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => explain(&environment, &SiteId::from(asked.site.as_str()), &wanted).await,
            Reached::Local(local) => local.find(&local.query(&asked.site, "explain", &wanted)?).await,
        }
    };
    let found: Option<Explained> = progress::wait("looking them up", found).await?;
    let Some(explained) = found else {
        match asked.json {
            true => print::json(&None::<Explained>)?,
            false => print::text("nobody here is meant: this address, id or profile is not known")?,
        }
        return Ok(End::Found);
    };
    match asked.json {
        true => print::json(&explained)?,
        false => print::text(&explained.to_string())?,
    }
    Ok(End::Fine)
}
