//! `doorstep entries`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
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
    #[arg(long, value_name = "EMAIL")]
    person: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON, with the time of every access attempt. Without it, the command prints CSV.
    #[arg(long)]
    json: bool,
}

/// Shows access attempts by person, door and day.
pub async fn run(asked: &EntriesArgs) -> Result<VerbOutcome> {
    let wanted = ReportQuery {
        from: asked.from.clone(),
        until: asked.until.clone(),
        email: asked.person.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.entries(&asked.site, &wanted).await;
    let rows = asked.target.ask("reading the access attempts", ask).await?;
    match asked.json {
        true => print::json(&rows)?,
        false => print::table(&table(&rows)?)?,
    }
    Ok(VerbOutcome::Fine)
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
    let wrong =
        |error: csv::Error| Error::permanent(format!("the table cannot be written: {error}"));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(HEAD).map_err(wrong)?;
    for row in rows {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let reasons: Vec<&str> = row.reasons.iter().map(String::as_str).collect();
        let cells = [
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
        ];
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
}
