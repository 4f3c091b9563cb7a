//! What saving a draft will do, before it is saved.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::{Mode, Site};

use super::draft::DraftText;
use crate::nearest::in_force;
use crate::preview::diff::{ShownPerson, SiteDiff};
use crate::push::PushPreview;

/// What saving a draft will do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SaveReview {
    /// The site.
    pub site: SiteId,
    /// The version in force.
    pub in_force: u64,
    /// The version that the draft was made from.
    pub over: u64,
    /// Whether the draft is the file in force.
    pub is_same: bool,
    /// The mode before and after; `None` if one of the two files cannot be read.
    pub mode: Option<ModeChange>,
    /// The findings and changes, as both vendors have it now.
    pub shown: PushPreview,
    /// Everyone who gains access to a group.
    pub gain: BTreeSet<ShownPerson>,
    /// Everyone who loses access to a group.
    pub lose: BTreeSet<ShownPerson>,
}

/// The mode in which a site acts, before and after a file is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModeChange {
    /// The mode in which the site acts now.
    pub from: Mode,
    /// The mode of the draft.
    pub to: Mode,
    /// Whether the site only observes, because no file of it was pushed with its mode confirmed. It
    /// goes on observing unless the mode of the draft is confirmed.
    pub is_unconfirmed: bool,
    /// Whether the site is paused: whatever the mode, nothing is changed at the doors.
    pub is_paused: bool,
}

impl SaveReview {
    /// Returns whether the draft can be saved now: it has no errors, and the version that it was made
    /// from is in force.
    pub fn can_be_saved(&self) -> bool {
        self.shown.findings.is_empty() && self.over == self.in_force && self.mode.is_some()
    }
}

/// Returns what saving a draft would do. `shown` is its diff, or the answer of a push that did not
/// store it.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn review(
    environment: &Environment,
    site: &SiteId,
    draft: &DraftText,
    shown: PushPreview,
) -> Result<SaveReview> {
    let stored = in_force(environment, site).await?;
    Ok(SaveReview {
        site: site.clone(),
        in_force: stored.n,
        over: draft.over,
        is_same: stored.text == draft.text,
        mode: mode_change(&stored, &draft.text),
        gain: people(shown.diff.as_ref(), Change::Gain),
        lose: people(shown.diff.as_ref(), Change::Lose),
        shown,
    })
}

fn mode_change(stored: &SiteVersion, text: &str) -> Option<ModeChange> {
    Some(ModeChange {
        from: stored.site().ok()?.mode,
        to: Site::parse(text).ok()?.mode,
        is_unconfirmed: stored.observing,
        is_paused: stored.paused.is_some(),
    })
}

#[derive(Clone, Copy)]
enum Change {
    Gain,
    Lose,
}

fn people(diff: Option<&SiteDiff>, change: Change) -> BTreeSet<ShownPerson> {
    let groups = diff.into_iter().flat_map(|diff| &diff.groups);
    let changes = groups.flat_map(|group| match change {
        Change::Gain => &group.opens,
        Change::Lose => &group.closes,
    });
    changes.map(|change| change.who.clone()).collect()
}
