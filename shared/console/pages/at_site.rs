//! The site of a page.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::Console;
use crate::reject::{self, Rejection};
use crate::time::Zone;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::sites::{self, SiteSummary};

/// The site that the address names. The table is at the present when it is read.
pub(crate) struct AtSite {
    /// The site, as a list of sites shows it.
    pub(crate) summary: SiteSummary,
}

impl AtSite {
    /// Returns the id of the site.
    pub(crate) fn id(&self) -> &SiteId {
        &self.summary.site
    }

    /// Returns the time zone of the site.
    pub(crate) fn zone(&self) -> Zone {
        Zone::named(&self.summary.timezone)
    }
}

impl FromRequestParts<Console> for AtSite {
    type Rejection = Rejection;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Console,
    ) -> Result<Self, Self::Rejection> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, console).await;
        let site = path.ok().and_then(|mut path| path.remove("site"));
        let site = SiteId::from(site.unwrap_or_default());
        console.host().catch_up().await;
        match sites::site(console.environment(), &site).await {
            Ok(summary) => Ok(AtSite { summary }),
            Err(Error::Invalid(why)) => Err(reject::page(
                StatusCode::NOT_FOUND,
                "There is no such site",
                why,
            )),
            Err(error) => Err(error.into()),
        }
    }
}
