//! `doorstep entries`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::presence::{Presence, PresenceQuery, PresentPerson};
use doorstep_operator::report::{ReportQuery, ReportRow};

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
        false => print::table(&table(&rows)?)?,
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
        false => print::table(&csv(&SUMMARY_HEAD, summary_cells(&told))?)?,
    }
    Ok(VerbOutcome::Fine)
}

/// The columns of a summary. `what` is `inside`, `day` or `hour`. An `inside` line says that the
/// person opened a door within the time that `--within` gives, because no door system reports a
/// direction.
const SUMMARY_HEAD: [&str; 10] = [
    "what", "day", "hour", "name", "email", "account", "lock", "first", "last", "opened",
];

fn summary_cells(told: &Presence) -> Vec<[String; 10]> {
    let of = |who: &PresentPerson| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let account = who.account.as_ref().map(ToString::to_string);
        [text(&who.name), text(&who.email), text(&account)]
    };
    let none = String::new;
    let inside = told.inside.iter().map(|one| {
        let [name, email, account] = of(&one.who);
        let (lock, last) = (one.lock.clone(), one.last.clone());
        [
            "inside".to_owned(),
            none(),
            none(),
            name,
            email,
            account,
            lock,
            none(),
            last,
            none(),
        ]
    });
    let days = told.days.iter().map(|one| {
        let [name, email, account] = of(&one.who);
        let (first, last) = (one.first.clone(), one.last.clone());
        let (day, opened) = (one.day.to_string(), one.opened.to_string());
        [
            "day".to_owned(),
            day,
            none(),
            name,
            email,
            account,
            none(),
            first,
            last,
            opened,
        ]
    });
    let hours = told.hours.iter().map(|one| {
        let (hour, lock, opened) = (
            one.hour.to_string(),
            one.lock.clone(),
            one.opened.to_string(),
        );
        [
            "hour".to_owned(),
            none(),
            hour,
            none(),
            none(),
            none(),
            lock,
            none(),
            none(),
            opened,
        ]
    });
    inside.chain(days).chain(hours).collect()
}

const HEAD: [&str; 12] = [
    "day",
    "name",
    "email",
    "doors",
    "lock",
    "lock_name",
    "first",
    "last",
    "opened",
    "refused",
    "reasons",
    "account",
];

fn table(rows: &[ReportRow]) -> Result<String> {
    let cells = rows.iter().map(|row| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let reasons: Vec<&str> = row.reasons.iter().map(String::as_str).collect();
        [
            row.day.to_string(),
            text(&row.name),
            text(&row.email),
            row.doors.to_string(),
            row.lock.clone(),
            text(&row.lock_name),
            text(&row.first),
            text(&row.last),
            row.opened.to_string(),
            row.refused.to_string(),
            reasons.join("; "),
            row.account
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ]
    });
    csv(&HEAD, cells)
}

/// Returns lines of CSV below their head.
fn csv<const N: usize>(
    head: &[&str; N],
    lines: impl IntoIterator<Item = [String; N]>,
) -> Result<String> {
    let wrong =
        |error: csv::Error| Error::permanent(format!("the table cannot be written: {error}"));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(head).map_err(wrong)?;
    for cells in lines {
        table.write_record(cells.map(harmless)).map_err(wrong)?;
    }
    let bytes = table
        .into_inner()
        .map_err(|error| Error::permanent(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Error::permanent(error.to_string()))
}

/// Prefixes a cell that a spreadsheet would run as a formula. People choose their names, so a name
/// may be one.
fn harmless(cell: String) -> String {
    let risky = cell.starts_with(['\t', '\r', '\n'])
        || cell
            .trim_start()
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if risky { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let row: ReportRow = serde_json::from_value(serde_json::json!({
            "day": "2026-03-02", "name": "=HYPERLINK(\"https://x.test\",\"Ada, B\")", "email": "+1@example.test",
            "doors": "main", "account": "7", "lock": "5", "lock_name": " @Front\ndoor", "first": null, "last": null,
            "opened": 0, "refused": 2, "reasons": ["denied", "-1"], "times": [],
        }))
        .expect("a row");
        let table = table(&[row]).expect("a table");
        let wanted = "day,name,email,doors,lock,lock_name,first,last,opened,refused,reasons,account\n\
                      2026-03-02,\"'=HYPERLINK(\"\"https://x.test\"\",\"\"Ada, B\"\")\",'+1@example.test,main,5,\
                      \"' @Front\ndoor\",,,0,2,\"'-1; denied\",7\n";
        assert_eq!(table, wanted.replace("\"'-1; denied\"", "'-1; denied"));
    }
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
