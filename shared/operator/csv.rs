//! The entry report and its summary as CSV.

use crate::presence::{Presence, PresentPerson};
use crate::report::ReportRow;
use doorstep_core::model::error::{Error, Result};

/// The columns of a summary. `what` is `inside`, `day` or `hour`. An `inside` line says that the
/// person opened a door within the time that `--within` gives, because no door system reports a
/// direction.
const SUMMARY_HEAD: [&str; 10] = [
    "what", "day", "hour", "name", "email", "account", "lock", "first", "last", "opened",
];

/// Returns a summary as CSV.
///
/// # Errors
/// As [`report_csv`].
pub fn presence_csv(told: &Presence) -> Result<String> {
    csv(&SUMMARY_HEAD, summary_cells(told))
}

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

/// The columns of the entry report.
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

/// Returns the entry report as CSV.
///
/// # Errors
/// [`Error::Permanent`] for a table that cannot be written.
pub fn report_csv(rows: &[ReportRow]) -> Result<String> {
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
        let table = report_csv(&[row]).expect("a table");
        let wanted = "day,name,email,doors,lock,lock_name,first,last,opened,refused,reasons,account\n\
                      2026-03-02,\"'=HYPERLINK(\"\"https://x.test\"\",\"\"Ada, B\"\")\",'+1@example.test,main,5,\
                      \"' @Front\ndoor\",,,0,2,\"'-1; denied\",7\n";
        assert_eq!(table, wanted.replace("\"'-1; denied\"", "'-1; denied"));
    }
}
