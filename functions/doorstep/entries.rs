//! `doorstep entries`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::csv::{presence_csv, report_csv};
use doorstep_operator::presence::PresenceQuery;
use doorstep_operator::report::ReportQuery;

/// The arguments of `doorstep entries`.
#[derive(clap::Args)]
pub struct EntriesArgs {
    /// The site.
    site: SiteId,
    /// The first local day, such as 2026-03-02, or an instant; left out: a week ago.
    #[arg(long)]
    from: Option<String>,
    /// The last local day, or an instant; left out: now.
    #[arg(long)]
    until: Option<String>,
    /// Only the person with this e-mail address.
    // The option was called --person once, which is an id at every other verb.
    #[arg(long, alias = "person")]
    email: Option<String>,
    /// Summarises: who is inside, the first and last opening of each day, the openings by hour and
    /// door.
    #[arg(long)]
    summary: bool,
    /// How long a person counts as inside after an opening, such as 4h or 90m; left out: 4h.
    #[arg(long, value_name = "TIME", requires = "summary")]
    within: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON, with the time of every access attempt. Without it, the command prints CSV.
    #[arg(long)]
    json: bool,
}

impl EntriesArgs {
    fn report(&self) -> ReportQuery {
        ReportQuery {
            from: self.from.clone(),
            until: self.until.clone(),
            email: self.email.clone(),
            person: None,
        }
    }
}

/// Shows access attempts by person, door and day, or summarises them.
pub async fn run(asked: &EntriesArgs) -> Result<VerbOutcome> {
    if asked.summary {
        return summarise(asked).await;
    }
    let wanted = asked.report();
    let ask = async |backend: &dyn Backend| backend.entries(&asked.site, &wanted).await;
    let rows = asked.target.ask("reading the access attempts", ask).await?;
    match asked.json {
        true => print::json(&rows)?,
        false => print::table(&report_csv(&rows)?)?,
    }
    Ok(VerbOutcome::Fine)
}

async fn summarise(asked: &EntriesArgs) -> Result<VerbOutcome> {
    let wanted = PresenceQuery {
        report: asked.report(),
        within: asked.within.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.presence(&asked.site, &wanted).await;
    let told = asked.target.ask("reading the access attempts", ask).await?;
    match asked.json {
        true => print::json(&told)?,
        false => print::table(&presence_csv(&told)?)?,
    }
    Ok(VerbOutcome::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_summary_is_the_query_of_its_report_and_the_time() {
        let wanted = PresenceQuery {
            report: ReportQuery {
                from: Some("2026-03-02".to_owned()),
                ..ReportQuery::default()
            },
            within: Some("4h".to_owned()),
        };
        let query = serde_urlencoded::to_string(&wanted).expect("a query");
        assert_eq!(query, "from=2026-03-02&within=4h");
        assert_eq!(serde_urlencoded::from_str(&query), Ok(wanted));
    }
}
