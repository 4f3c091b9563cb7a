//! The whole platform beside the whole door system. This room reads both and judges everybody; it keeps nothing, marks
//! nobody due and writes to no door. Reconcile does something about what it finds, a preview shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::entitlement::Rules;
use crate::guard::former::Former;
use crate::settle::Terms;
use crate::site::catalogue::Catalogue;
use crate::site::resolve::Resolved;
use crate::site::{Mode, Site};

pub mod accounts;
pub mod doors;
pub mod doubts;
pub mod facts;
pub mod foreign;
pub mod judge;
pub mod people;
pub mod platform;

/// Smallest list of which losing half is unbelievable.
const BASE: usize = 10;

/// A group at one of the site's doors.
pub type Group = (String, crate::doors::GroupId);

/// How one source was read.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Whether all of it was read, and nothing in it was unbelievable.
    pub complete: bool,
    /// How many things.
    pub records: usize,
}

/// What everybody is judged by.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The site file.
    pub site: &'a Site,
    /// What its names stand for.
    pub resolved: &'a Resolved,
    /// The platform's catalogue.
    pub catalogue: &'a Catalogue,
    /// What holds at each door system that is known.
    pub terms: &'a BTreeMap<String, Terms>,
    /// How far it may go.
    pub mode: Mode,
    /// What was so before, as far as nobody vouched for the change.
    pub former: &'a Former,
    /// Nothing new may be opened.
    pub stale: bool,
    /// The instant for which it is judged.
    pub now: Timestamp,
}

impl<'a> Ground<'a> {
    fn rules(&self) -> Rules<'a> {
        Rules { site: self.site, resolved: self.resolved, catalogue: self.catalogue }
    }
}
