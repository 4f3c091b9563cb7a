//! What the run knows of its sites: platforms, door systems and secrets.

use super::Machine;
use crate::locked::locked;
use crate::sites::SiteFile;
use doorstep_core::model::ids::{DoorsName, SiteId};

impl Machine {
    /// Returns the platform of `site`, and the organisation there, if the file names one.
    pub(crate) fn platform(&self, site: &SiteId) -> Option<(String, Option<String>)> {
        let known = locked(&self.parts.known);
        let file = known.site(site)?;
        Some((
            file.platform.clone(),
            Some(file.organization.clone()).filter(|of| !of.is_empty()),
        ))
    }

    /// Returns the name of the site's door system that posts to Doorstep, and the secret that a
    /// sandbox signs with. `of` limits the search to one place. Returns `None` if the site has no
    /// such door system. The secret is `None` if the sandbox has none.
    pub(crate) fn doors_webhook(
        &self,
        site: &SiteId,
        kind: &str,
        of: Option<&str>,
    ) -> Option<(DoorsName, Option<String>)> {
        let known = locked(&self.parts.known);
        let doors = &known.site(site)?.doors;
        let mut same = doors
            .iter()
            .filter(|doors| doors.kind == kind && of.is_none_or(|of| doors.place == of));
        let doors = same.next()?;
        Some((
            doors.name.clone(),
            known
                .secrets
                .signing(&doors.secret, doors.is_sandbox)
                .map(str::to_owned),
        ))
    }

    /// Returns the secret with which a sandbox platform signs for `site`; `None` if it has none.
    pub(crate) fn webhook_secret(&self, site: &SiteId) -> Option<String> {
        let known = locked(&self.parts.known);
        let site = known.site(site)?;
        known
            .secrets
            .signing(&site.platform_secret, site.is_sandbox)
            .map(str::to_owned)
    }

    /// Returns whether any site of this run has a real platform or door system. A push platform has
    /// no address: it is real if its secret comes from the operator.
    pub(crate) fn has_real_vendors(&self) -> bool {
        let known = locked(&self.parts.known);
        let is_real = |site: &SiteFile| {
            let pushes = matches!(site.platform.as_str(), "andcards" | "deskworks");
            let is_sandbox = site.is_sandbox
                || pushes
                    && known
                        .secrets
                        .signing(&site.platform_secret, false)
                        .is_some();
            !is_sandbox || site.doors.iter().any(|doors| !doors.is_sandbox)
        };
        known.sites.iter().any(is_real)
    }
}
