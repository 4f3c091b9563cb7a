//! All sites in one table.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use maud::{Markup, html};

use super::{AtSite, Page};
use crate::layout::{Frame, scroll};
use crate::{Console, address};
use doorstep_operator::sites::{self, SiteSummary};

/// Shows the list of sites.
pub(crate) async fn show(State(console): State<Console>) -> Page {
    console.host().catch_up().await;
    let sites = sites::sites(console.environment()).await?;
    let body = html! {
        @if sites.is_empty() {
            p { "There is no site yet. Push a site file:" }
            pre { (console.target().command(&["push", "riverside.toml"])) }
        } @else {
            (scroll("Sites", html! {
                table {
                    caption { "Sites" }
                    thead { tr {
                        @for head in ["site", "mode", "version", "platform", "doors", "remarks"] { th scope="col" { (head) } }
                    } }
                    tbody { @for site in &sites { (row(site)) } }
                }
            }))
        }
    };
    Ok(Frame::of_all(&console, "Sites")
        .screen("sites")
        .dated(console.now(), "UTC")
        .command(&["sites"])
        .page(body))
}

fn row(summary: &SiteSummary) -> Markup {
    let site = &summary.site;
    html! { tr {
        th scope="row" { a href=(address::today(site)) { (site.as_str()) } }
        td { (summary.mode.map_or("unreadable", |mode| mode.word())) }
        td class="number" { (summary.version.map_or_else(String::new, |version| version.to_string())) }
        td { (summary.platform.map_or("?", |platform| platform.word())) }
        td { (summary.doors.join(", ")) }
        td {
            @for remark in &summary.remarks { p { (remark) } }
            a href=(address::of_site(site, "pause")) { "Pause or resume " (site.as_str()) }
        }
    } }
}

/// Leads from the address of a site to its day.
pub(crate) async fn entrance(at: AtSite) -> Page {
    Ok(Redirect::to(&address::today(at.id())).into_response())
}
