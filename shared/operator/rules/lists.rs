//! What the table knows of the things and groups that a site file can name.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::survey::Survey;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::Group;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Kind, What};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::{Selector, Site};
use doorstep_jobs::settle::catalogue;

/// The stored lists of both vendors.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// The platform's things and the groups of each door system that was read.
    pub survey: Survey,
    /// The last meaning of the names in the file in force.
    pub before: Option<Resolved>,
    /// When the platform was last read in full; `None` before the first time.
    pub read: Option<Timestamp>,
}

impl Lists {
    /// Loads the lists for the file `site`, which may be a draft. The passes are loaded where they
    /// are asked for or where a rule names one, because there may be many.
    ///
    /// # Errors
    /// The error of the table.
    pub async fn load(
        environment: &Environment,
        id: &SiteId,
        site: &Site,
        has_passes: bool,
    ) -> Result<Lists> {
        let store = &environment.store;
        let (mut catalogue, _) = catalogue(environment, id).await?;
        let names_passes = |site: &Site| {
            let mut rules = site.rules.iter();
            rules.any(|rule| rule.selector == Selector::Pass)
        };
        if has_passes || names_passes(site) {
            let passes = store.facts_of(id, Kind::Pass).await?;
            let live = passes.iter().filter(|record| !record.gone);
            let names = live.filter_map(|record| match &record.fact.what {
                What::Pass(pass) => pass.name.clone(),
                _ => None,
            });
            catalogue.passes = Some(names.collect());
        }
        let mut groups = BTreeMap::new();
        for (name, config) in &site.doors {
            let read = store.doors_read(id, name).await?;
            let read = read.filter(|read| read.is_of(config));
            groups.extend(read.map(|read| (name.clone(), read.groups)));
        }
        Ok(Lists {
            survey: Survey {
                catalogue,
                groups,
                bridged: Vec::new(),
            },
            before: store.resolved(id).await?,
            read: store.platform_read(id).await?.whole,
        })
    }

    /// Resolves the names of `site` by these lists. A rule may name a group that opens nothing yet.
    pub(super) fn resolve(&self, site: &Site) -> Resolved {
        let groups = self.survey.groups.iter();
        let groups = groups.map(|(doors, groups)| {
            let groups = groups.iter().map(|group| Group {
                problem: None,
                ..group.clone()
            });
            (doors.clone(), groups.collect())
        });
        self.resolve_with(site, &groups.collect())
    }

    /// Resolves the names of `site` by these lists of things and other lists of groups.
    pub(super) fn resolve_with(
        &self,
        site: &Site,
        groups: &BTreeMap<DoorsName, Vec<Group>>,
    ) -> Resolved {
        let before = self.before.as_ref();
        resolve(site, &self.survey.catalogue, groups, before)
    }

    /// Returns whether the platform's things are known, so that a name without a thing is an error.
    pub(super) fn has_things(&self, site: &Site) -> bool {
        self.read.is_some() || !site.platform.kind.has_read_api()
    }
}
