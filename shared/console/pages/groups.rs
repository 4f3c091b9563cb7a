//! People × groups with the signs of `diff`.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::{AtSite, Page};
use crate::layout::{Frame, name, scroll};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_operator::groups::shape::{
    CellNote, GroupCell, GroupColumn, GroupsQuery, GroupsRow, Sign,
};
use doorstep_operator::groups::{Groups, groups};

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// Whether only what is not as it should be is shown.
    #[serde(default)]
    wrong: String,
    /// The page, from 1.
    #[serde(default)]
    page: String,
}

/// Shows the table.
pub(crate) async fn show(
    State(console): State<Console>,
    at: AtSite,
    Query(asked): Query<Asked>,
) -> Page {
    let wanted = GroupsQuery {
        only_wrong: !asked.wrong.is_empty(),
        page: asked.page.parse::<usize>().unwrap_or(1).saturating_sub(1),
    };
    let found = groups(console.environment(), at.id(), &wanted).await?;
    let zone = Zone::named(&found.timezone);
    let body = html! {
        (summary(&found))
        @for remark in &found.remarks { p class="note late" { (remark) } }
        (chooser(&found, wanted.only_wrong))
        @if found.people.is_empty() {
            p { "No person is shown." }
        } @else {
            (table(&found, &zone))
            (pages(&found, wanted.only_wrong))
        }
        (seen(&found, &zone))
        (legend())
    };
    Ok(Frame::of_site(&console, at.id(), "groups", "Groups")
        .dated(found.as_of, &found.timezone)
        .command(&["drift", at.id()])
        .live()
        .page(body))
}

fn summary(found: &Groups) -> Markup {
    let wrong = |column: &GroupColumn| {
        let wrong = column.counts.iter().filter(|one| !one.sign.is_right());
        wrong.map(|one| one.people).sum::<usize>()
    };
    let wrong: usize = found.groups.iter().map(wrong).sum();
    html! {
        p class="say" {
            @match wrong {
                0 => "Every group is as it should be.",
                1 => "1 membership is not as it should be.",
                wrong => { (wrong) " memberships are not as they should be." }
            }
        }
    }
}

fn chooser(found: &Groups, only_wrong: bool) -> Markup {
    let here = address::of_site(&found.site, "groups");
    html! {
        form class="fields" method="get" action=(here) {
            label class="check" {
                input type="checkbox" name="wrong" value="1" checked[only_wrong];
                " Only what is not as it should be"
            }
            button { "Show" }
        }
    }
}

fn table(found: &Groups, zone: &Zone) -> Markup {
    let several = |columns: &[GroupColumn]| {
        let mut doors = columns.iter().map(|column| &column.doors);
        let first = doors.next();
        doors.any(|one| Some(one) != first)
    };
    let several = several(&found.groups);
    html! {
        (scroll("People and groups", html! { table class="groups" {
            caption { (caption(found)) }
            thead {
                tr {
                    th scope="col" { "person" }
                    @for column in &found.groups { th scope="col" {
                        @if several { (column.doors.as_str()) ": " }
                        (column.name.as_deref().unwrap_or(&column.group.0))
                        @for one in &column.counts { br; span class="faint" { (one.sign.mark()) " " (one.people) } }
                    } }
                }
            }
            tbody { @for row in &found.people { (person(found, row, zone)) } }
        } }))
    }
}

fn caption(found: &Groups) -> String {
    let shown = found.people.len();
    match found.pages {
        1 => format!("{shown} people"),
        pages => format!(
            "{shown} of {} people, page {} of {pages}",
            found.all_people,
            found.page + 1
        ),
    }
}

fn person(found: &Groups, row: &GroupsRow, zone: &Zone) -> Markup {
    html! { tr {
        th scope="row" {
            @match &row.who.person {
                Some(id) => a href=(address::person(&found.site, id)) { (name(&row.who.name)) },
                None => (name(&row.who.name)),
            }
            @if let Some(email) = &row.who.email { br; span class="faint" { (email) } }
        }
        @for place in 0..found.groups.len() {
            @match row.cells.iter().find(|cell| cell.group == place) {
                Some(cell) => td class=(class(cell.sign)) { (sign(cell, zone)) (note(found, cell)) },
                None => td { span class="unseen" { "closed" } },
            }
        }
    } }
}

fn sign(cell: &GroupCell, zone: &Zone) -> Markup {
    let until = cell
        .until
        .map(|until| format!(", until {}", zone.moment(until)));
    let words = format!("{}{}", cell.sign.words(), until.unwrap_or_default());
    html! {
        span class="sign" aria-hidden="true" title=(words) { (cell.sign.mark()) " " span class="faint" { (cell.sign.word()) } }
        span class="unseen" { (words) }
    }
}

/// Returns what a sign is about, where that is not clear from the sign.
fn note(found: &Groups, cell: &GroupCell) -> Markup {
    html! {
        @match &cell.note {
            None => {}
            Some(CellNote::Problem { why }) => p class="faint" { (why) },
            Some(CellNote::Held { checksum, reason }) => p class="faint" {
                (reason) ": " a href=(address::hold(&found.site, checksum)) { (checksum.as_str()) }
            },
            Some(CellNote::Unread) => p class="faint" { "the platform cannot be read" },
            Some(CellNote::RemovedByHand) => p class="faint" { "removed by hand" },
            Some(CellNote::Stays) => p class="faint" { "is not revoked" },
            Some(CellNote::Goes) => p class="faint" { "added by hand, is removed" },
        }
    }
}

/// Returns the class that gives a sign its colour.
fn class(sign: Sign) -> &'static str {
    match sign {
        Sign::Problem => "refused",
        Sign::Held => "held",
        Sign::Missing | Sign::Extra | Sign::OtherEnd => "late",
        Sign::ByHand => "planned",
        Sign::Right => "open",
    }
}

fn pages(found: &Groups, only_wrong: bool) -> Markup {
    let here = address::of_site(&found.site, "groups");
    let wrong = if only_wrong { "1" } else { "" };
    let to = |page: usize| {
        let page = (page + 1).to_string();
        address::with_query(&here, &[("wrong", wrong), ("page", &page)])
    };
    html! {
        @if found.pages > 1 {
            p class="actions" {
                @if found.page > 0 { a href=(to(found.page - 1)) rel="prev" { "Page before" } }
                "Page " (found.page + 1) " of " (found.pages)
                @if found.page + 1 < found.pages { a href=(to(found.page + 1)) rel="next" { "Page after" } }
            }
        }
    }
}

/// Says as of when memberships made by hand are known.
fn seen(found: &Groups, zone: &Zone) -> Markup {
    let mut doors: Vec<(&str, Option<jiff::Timestamp>)> = found
        .groups
        .iter()
        .map(|column| (column.doors.as_str(), column.seen))
        .collect();
    doors.dedup();
    html! {
        @for (doors, seen) in doors {
            p class="faint" {
                @match seen {
                    Some(at) => { "Memberships made by hand at " (doors) ": as the reconcile of " (zone.moment_element(at)) " saw them." }
                    None => { "No reconcile has read " (doors) " yet, so memberships made by hand are not known." }
                }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        h2 { "The signs" }
        dl class="signs" {
            @for sign in Sign::ALL {
                dt class=(class(sign)) { span class="sign" { (sign.mark()) } }
                dd { (sign.words()) }
            }
        }
    }
}
