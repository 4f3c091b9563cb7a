//! What the form of the rules sends: the draft, and the button that was pressed.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::Deserialize;

use super::cell;
use crate::Console;
use crate::reject::{self, Rejection};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::{Audience, Mode, Selector};
use doorstep_operator::rules::draft::{DraftText, received};
use doorstep_operator::rules::edit::{Edit, NewTimes, Times};
use doorstep_operator::rules::thing::CellKey;

/// Which table is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    selector: String,
    /// A part of the names of the rows.
    #[serde(default)]
    pub(super) find: String,
    /// `unmapped` for rows without a rule only.
    #[serde(default)]
    pub(super) rows: String,
}

impl Asked {
    /// Returns the selector; bookings if there is none of that name.
    pub(super) fn selector(&self) -> Selector {
        let mut all = Selector::ALL.into_iter();
        all.find(|selector| selector.word() == self.selector)
            .unwrap_or(Selector::Resource)
    }

    /// Returns whether only rows without a rule are asked for.
    pub(super) fn only_unmapped(&self) -> bool {
        self.rows == "unmapped"
    }

    /// Takes the filter of the rows from the form.
    pub(super) fn with(self, form: &DraftForm) -> Asked {
        let field = |name: &str| form.field(name).to_owned();
        Asked {
            find: field("find"),
            rows: field("rows"),
            ..self
        }
    }
}

/// The fields of the form.
pub(crate) struct DraftForm(HashMap<String, String>);

impl FromRequest<Console> for DraftForm {
    type Rejection = Rejection;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Rejection> {
        match Form::<Vec<(String, String)>>::from_request(request, console).await {
            Ok(Form(fields)) => Ok(DraftForm(fields.into_iter().collect())),
            Err(_) => Err(reject::page(
                StatusCode::PAYLOAD_TOO_LARGE,
                "This text is too long",
                "A site file has up to 256 KiB. Go back, and use lists in its rules, or split the site.",
            )),
        }
    }
}

impl DraftForm {
    pub(super) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Returns the draft, with the line ends of the file in force.
    pub(super) async fn draft(
        &self,
        console: &Console,
        site: &SiteId,
    ) -> Result<DraftText, Rejection> {
        let over = self.field("over").parse().map_err(|_| wrong())?;
        Ok(received(console.environment(), site, self.field("text"), over).await?)
    }

    /// Returns the cell whose times are shown.
    pub(super) fn cell(&self) -> Result<Option<CellKey>, Rejection> {
        let kept = ["cell", "shown"].into_iter();
        let text = kept
            .map(|name| self.field(name))
            .find(|text| !text.is_empty());
        text.map(|text| cell::read(text).ok_or_else(wrong))
            .transpose()
    }

    /// Returns the edit whose button was pressed.
    pub(super) fn edit(&self) -> Result<Option<Edit>, Rejection> {
        let cell = |text: &str| cell::read(text).ok_or_else(wrong);
        match ["open", "close", "times"].map(|name| self.field(name)) {
            ["", "", ""] => Ok(None),
            [open, "", ""] => Ok(Some(Edit::Open(cell(open)?))),
            ["", close, ""] => Ok(Some(Edit::Close(cell(close)?))),
            [_, _, times] => Ok(Some(Edit::Times(self.times(times)?))),
        }
    }

    /// Returns the times of a rule as its fields have them.
    fn times(&self, text: &str) -> Result<NewTimes, Rejection> {
        let (selector, thing, rule) = cell::read_rule(text).ok_or_else(wrong)?;
        let field = |name: &str| self.field(&format!("{name}-{rule}")).trim();
        // What is no number is refused as too many.
        let minutes = |name: &str| field(name).parse().unwrap_or(u32::MAX);
        let mut audiences = Audience::ALL.into_iter();
        let audience = audiences.find(|audience| audience.word() == field("for"));
        Ok(NewTimes {
            selector,
            thing,
            rule,
            times: Times {
                before: minutes("before"),
                after: minutes("after"),
                audience: audience.unwrap_or(Audience::Everyone),
            },
        })
    }

    /// Returns the table from which the form was sent.
    pub(super) fn asked(&self) -> Asked {
        Asked {
            selector: self.field("selector").to_owned(),
            ..Asked::default()
        }
        .with(self)
    }

    /// Returns the mode that the operator confirms.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.field("mode").parse().ok()
    }
}

fn wrong() -> Rejection {
    reject::page(
        StatusCode::BAD_REQUEST,
        "This form is not complete",
        "It may come from another version of Doorstep. Open the rules again.",
    )
}
