//! The choice of days of a page.

use axum::http::StatusCode;
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use crate::reject::{self, Rejection};

/// The days that a page is asked for. Empty fields of a form count as absent.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Days {
    #[serde(default)]
    pub(crate) from: String,
    #[serde(default)]
    pub(crate) until: String,
    #[serde(default)]
    pub(crate) email: String,
}

impl Days {
    /// Returns a field that was filled in.
    pub(crate) fn filled(text: &str) -> Option<String> {
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Returns a form that asks for days.
    pub(crate) fn form(&self, address: &str, with_email: bool) -> Markup {
        html! {
            form class="fields" method="get" action=(address) {
                label { "First day" input type="date" name="from" value=(self.from); }
                label { "Last day" input type="date" name="until" value=(self.until); }
                @if with_email { label { "E-mail of one person" input type="email" name="email" value=(self.email); } }
                button { "Show" }
            }
        }
    }
}

/// Reads a day of an address that may be left out.
pub(crate) fn wanted(text: &str) -> Result<Option<Date>, Rejection> {
    Days::filled(text).as_deref().map(day).transpose()
}

/// Returns a form that asks for one day, and links to the days around `day`. `address` is that of
/// the form, `of_day` returns that of a day, and `between` stands between the two links.
pub(crate) fn chooser(
    address: &str,
    day: Date,
    of_day: impl Fn(Date) -> String,
    between: Option<Markup>,
) -> Markup {
    html! {
        form class="fields" method="get" action=(address) {
            label { "Day" input type="date" name="day" value=(day); }
            button { "Show" }
        }
        p class="actions" {
            @if let Ok(before) = day.yesterday() { a href=(of_day(before)) rel="prev" { "Day before" } }
            @if let Some(between) = between { (between) }
            @if let Ok(after) = day.tomorrow() { a href=(of_day(after)) rel="next" { "Day after" } }
        }
    }
}

/// Reads a day of an address.
pub(crate) fn day(text: &str) -> Result<Date, Rejection> {
    text.parse().map_err(|_| {
        let why = "Write a day such as 2026-03-02.";
        reject::page(StatusCode::BAD_REQUEST, "This is no day", why)
    })
}
