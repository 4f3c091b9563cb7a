//! Teams: their members, and the passes that they share.
//!
//! A team that shares passes shares those of its paying member. With
//! `TransferCreditsToPayingMember`, or without a paying member, it shares those of all its members.
//! `[D]` Contracts belong to one coworker each.

use super::entity::TEAM;
use super::list;
use super::reader::NexudusReader;
use super::team_members::TeamMembers;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Id;

/// Most teams in one request. The address contains their ids.
const TOGETHER: usize = 50;

impl NexudusReader {
    /// Returns one team. Fetches it again by its own id if it was read together with others. A
    /// response about several teams alone takes access from no one.
    ///
    /// # Errors
    /// The same as [`NexudusReader::team_members`].
    pub(super) async fn confirmed_team_members(&self, id: &str) -> Result<Option<TeamMembers>> {
        self.earlier(|earlier| {
            if earlier.together.remove(id) {
                earlier.team_members_lists.remove(id);
            }
        });
        self.team_members(id).await
    }

    /// Returns one team as it is now; `None` if the team does not exist. The reader fetches each
    /// team once.
    ///
    /// # Errors
    /// [`Error::Retry`] where the team cannot be read or does not list its members.
    pub(super) async fn team_members(&self, id: &str) -> Result<Option<TeamMembers>> {
        if let Some(known) = self.earlier(|earlier| earlier.team_members_lists.get(id).cloned()) {
            return known;
        }
        let read = match self.record(&TEAM, id).await {
            Ok(Some(record)) => TeamMembers::of(&record).map(Some).ok_or_else(|| {
                Error::retry(format!(
                    "Nexudus does not say who is in team {id}, so the team may still have people"
                ))
            }),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.earlier(|earlier| earlier.team_members_lists.insert(id.into(), read.clone()));
        read
    }

    /// Returns those of these teams that can be read. The known members of the others stay in them,
    /// see [`Relation`](crate::platform::relation::Relation).
    pub(super) async fn these_team_members(&self, ids: &[Id]) -> Vec<TeamMembers> {
        let mut all = Vec::new();
        for id in ids {
            match self.team_members(id).await {
                Ok(team_members) => all.extend(team_members),
                Err(error) => self.doubt(format!(
                    "team {id}: {}; its people and their passes stay in it",
                    error.why()
                )),
            }
        }
        all
    }

    /// Returns every team of the list that can be read.
    pub(super) async fn all_team_members(&self) -> Result<Vec<TeamMembers>> {
        let ids = list::all(&self.calls, &TEAM, &[], list::id).await?;
        for ids in ids.chunks(TOGETHER) {
            self.read_together(ids).await;
        }
        Ok(self.these_team_members(&ids).await)
    }

    /// Fetches several teams in one request: `?id=[1,2]`. Nexudus does not document it `[?]`. A
    /// server may refuse the request, read the list as one id, or ignore it and return every team
    /// without members. A returned team therefore counts only if it was requested and lists at
    /// least one member. Every other team is fetched by its id.
    async fn read_together(&self, ids: &[Id]) {
        let unknown: Vec<&str> = ids
            .iter()
            .filter(|id| self.earlier(|earlier| !earlier.team_members_lists.contains_key(*id)))
            .map(Id::as_str)
            .collect();
        if unknown.len() < 2 || self.earlier(|earlier| earlier.one_by_one) {
            return;
        }
        let filter = ("id".to_owned(), format!("[{}]", unknown.join(",")));
        let found = list::all(&self.calls, &TEAM, &[filter], |team| Some(team.clone()))
            .await
            .unwrap_or_default();
        let team_members_lists = found
            .iter()
            .filter_map(TeamMembers::of)
            .filter(|team_members| !team_members.people.is_empty());
        let team_members_lists: Vec<TeamMembers> = team_members_lists
            .filter(|team_members| unknown.contains(&team_members.id.as_str()))
            .collect();
        self.earlier(|earlier| {
            // A server that does not support the request gets it only once.
            earlier.one_by_one = team_members_lists.is_empty();
            earlier.together.extend(
                team_members_lists
                    .iter()
                    .map(|team_members| team_members.id.clone()),
            );
            earlier.team_members_lists.extend(
                team_members_lists
                    .into_iter()
                    .map(|team_members| (team_members.id.clone(), Ok(Some(team_members)))),
            );
        });
    }

    /// Records what is rejected or could not be read in addition to a list. Each text is kept once.
    pub(super) fn doubt(&self, why: String) {
        self.earlier(|earlier| earlier.flaws.insert(why));
    }
}
