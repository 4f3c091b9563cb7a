//! What the page shows beside the values themselves, and its addresses.

use super::form::Asked;
use crate::pages::AtSite;
use crate::{Console, address};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::Selector;
use doorstep_operator::rules::screen::RulesScreen;
use doorstep_operator::rules::thing::CellKey;

/// The form with the draft: what an edit replaces.
pub(super) const FORM: &str = "draft";

/// One page of the rules.
pub(super) struct View<'a> {
    pub console: &'a Console,
    pub at: &'a AtSite,
    pub asked: &'a Asked,
    pub screen: &'a RulesScreen,
    /// The cell whose times are edited.
    pub cell: Option<&'a CellKey>,
}

/// Returns the address of the table of one selector.
pub(super) fn here(site: &SiteId, selector: Selector) -> String {
    let rules = address::of_site(site, "rules");
    address::with_query(&rules, &[("selector", selector.word())])
}

/// Returns the usual name of a site's file.
pub(super) fn file_name(site: &SiteId) -> String {
    format!("{site}.toml")
}
