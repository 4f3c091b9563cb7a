//! How many grants and revokes were on time, by day.

use axum::extract::{Query, State};
use maud::{Markup, html};

use super::days::Days;
use super::{AtSite, Page};
use crate::chart::stacked;
use crate::layout::{Frame, scroll, state};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_operator::on_time::{LateChange, OnTimeDay, OnTimeQuery, on_time};

/// Shows the on-time record.
pub(crate) async fn show(
    State(console): State<Console>,
    at: AtSite,
    Query(days): Query<Days>,
) -> Page {
    let wanted = OnTimeQuery {
        day: None,
        from: Days::filled(&days.from),
        until: Days::filled(&days.until),
    };
    let record = on_time(console.environment(), at.id(), &wanted).await?;
    let zone = Zone::named(&record.timezone);
    let late: Vec<&LateChange> = record.days.iter().flat_map(|day| &day.late).collect();
    let body = html! {
        p { "A grant is on time within " (record.to_open) " s of its due time, a revoke within " (record.to_close) " s." }
        (days.form(&address::of_site(at.id(), "on-time"), false))
        (scroll("Grants and revokes by day", html! { table {
            caption { "Grants and revokes by day" }
            thead { tr {
                @for head in ["day", "opened", "closed", "on time", "longest delay", "without a due time"] { th scope="col" { (head) } }
            } }
            tbody { @for day in record.days.iter().rev() { (row(day)) } }
        } }))
        h2 { "Late changes" }
        @if late.is_empty() { p { (state("open", "on time")) ": no change of these days was late." } }
        @else { (late_table(&late, &zone)) }
    };
    let mut words = vec!["on-time", at.id()];
    for (option, day) in [("--from", &days.from), ("--until", &days.until)] {
        if !day.is_empty() {
            words.extend([option, day]);
        }
    }
    Ok(Frame::of_site(&console, at.id(), "on-time", "On time")
        .dated(console.now(), &record.timezone)
        .command(&words)
        .page(body))
}

fn row(day: &OnTimeDay) -> Markup {
    let (all, on_time) = (
        day.opened.all + day.closed.all,
        day.opened.on_time + day.closed.on_time,
    );
    let parts = [
        ("open", on_time, "on time"),
        ("late", all - on_time.min(all), "late"),
    ];
    let title = format!("{}: {on_time} of {all} on time", day.day);
    html! { tr {
        th scope="row" { (day.day) }
        td class="number" { (day.opened.on_time) " of " (day.opened.all) }
        td class="number" { (day.closed.on_time) " of " (day.closed.all) }
        td { @if all > 0 { (stacked(&title, &parts)) } @else { span class="faint" { "no change" } } }
        td class="number" { @if all > 0 { (day.opened.latest.max(day.closed.latest)) " s" } }
        td class="number" { (day.undated) }
    } }
}

fn late_table(late: &[&LateChange], zone: &Zone) -> Markup {
    scroll(
        "Late changes",
        html! { table {
            caption { "Late changes, times in " (zone.name()) }
            thead { tr {
                @for head in ["due", "change", "person", "group", "late by", "because", "why it was late", "record"] { th scope="col" { (head) } }
            } }
            tbody {
                @for one in late { tr {
                    td { (zone.moment_element(one.due)) }
                    td { (state("late", if one.opened { "opened late" } else { "closed late" })) }
                    td { (one.name.as_deref().unwrap_or(&one.person)) }
                    td { (one.doors.as_str()) " " (one.group_name.as_deref().unwrap_or_default()) }
                    td class="number" { (one.seconds) " s" }
                    td { (one.because) }
                    td { (one.delay.as_deref().unwrap_or_default()) }
                    td class="number" { (one.seq) }
                } }
            }
        } },
    )
}
