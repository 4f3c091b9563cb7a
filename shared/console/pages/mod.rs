//! The pages. Each file shows one screen.

mod act;
pub(crate) mod approve;
mod at_site;
mod audit;
mod came_and_went;
mod days;
mod deliveries;
mod find;
mod groups;
mod needs;
mod on_time;
mod pause;
mod person;
mod rules;
mod sites;
mod today;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

use crate::{Console, live, reject};

pub(crate) use at_site::AtSite;

/// The answer of a page.
pub(crate) type Page = Result<axum::response::Response, reject::Rejection>;

/// Returns the routes of all pages.
pub(crate) fn router() -> Router<Console> {
    Router::new()
        .route("/", get(needs::show))
        .route("/live", get(live::changes))
        .route("/sites", get(sites::show))
        .route("/holds", get(approve::all))
        .route("/find", get(find::show))
        .route("/site/{site}", get(sites::entrance))
        .route("/site/{site}/today", get(today::today))
        .route("/site/{site}/day/{day}", get(today::of_day))
        .route("/site/{site}/person/{person}", get(person::show))
        .route("/site/{site}/groups", get(groups::show))
        .route("/site/{site}/holds", get(approve::of_site))
        .route(
            "/site/{site}/hold/{checksum}",
            get(approve::show).post(approve::approve),
        )
        .route("/site/{site}/came-and-went", get(came_and_went::show))
        .route("/site/{site}/came-and-went.csv", get(came_and_went::csv))
        .route("/site/{site}/on-time", get(on_time::show))
        .route("/site/{site}/audit", get(audit::show))
        .route("/site/{site}/rules", get(rules::show).post(rules::draft))
        .route("/site/{site}/rules/change", post(rules::change))
        .route("/site/{site}/rules/day", post(rules::rehearsed))
        .route(
            "/site/{site}/rules/file",
            get(rules::download).post(rules::download_draft),
        )
        .route("/site/{site}/rules/review", post(rules::review))
        .route("/site/{site}/rules/save", post(rules::save))
        .route("/site/{site}/deliveries", get(deliveries::show))
        .route("/site/{site}/compare", post(deliveries::compare_now))
        .route("/site/{site}/pause", get(pause::show).post(pause::pause))
        .route("/site/{site}/resume", post(pause::resume))
        .route("/site/{site}/{*rest}", get(unknown))
}

/// Says that there is no such page.
pub(crate) async fn unknown() -> reject::Rejection {
    let why = "The address may be misspelt, or belong to another version of Doorstep.";
    reject::page(StatusCode::NOT_FOUND, "There is no such page", why)
}
