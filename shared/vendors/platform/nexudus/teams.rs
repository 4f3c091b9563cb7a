//! Who is in which team, and whose passes a team shares.
//!
//! A team that shares its passes shares those of its paying member; with `TransferCreditsToPayingMember`, or without a
//! paying member, those of all its people. `[D]` Contracts are each coworker's own.

use super::entity::TEAM;
use super::list;
use super::reader::Reader;
use super::roster::Roster;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Id;

/// Teams that are asked for together. Their ids stand in the address.
const TOGETHER: usize = 50;

impl Reader {
    /// One team, asked for by its own id where several together told of it: what that takes from anybody is confirmed so.
    ///
    /// # Errors
    /// As [`Reader::roster`].
    pub(super) async fn confirmed_roster(&self, id: &str) -> Result<Option<Roster>> {
        self.seen(|seen| {
            if seen.together.remove(id) {
                seen.rosters.remove(id);
            }
        });
        self.roster(id).await
    }

    /// One team as it is now; `None` where there is no such team. Asked once for as long as the reader lives.
    ///
    /// # Errors
    /// [`Error::Retry`] where the team cannot be read, or does not say who is in it.
    pub(super) async fn roster(&self, id: &str) -> Result<Option<Roster>> {
        if let Some(known) = self.seen(|seen| seen.rosters.get(id).cloned()) {
            return known;
        }
        let read = match self.record(&TEAM, id).await {
            Ok(Some(record)) => Roster::of(&record).map(Some).ok_or_else(|| {
                Error::retry(format!("Nexudus does not say who is in team {id}, which is no word that nobody is"))
            }),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.seen(|seen| seen.rosters.insert(id.into(), read.clone()));
        read
    }

    /// These teams, as far as they can be read. Who is in the others stays as it was known: see
    /// [`Relation`](crate::platform::relation::Relation).
    pub(super) async fn these_rosters(&self, ids: &[Id]) -> Vec<Roster> {
        let mut all = Vec::new();
        for id in ids {
            match self.roster(id).await {
                Ok(roster) => all.extend(roster),
                Err(error) => self.doubt(format!("team {id}: {}; its people and their passes stay in it", error.why())),
            }
        }
        all
    }

    /// Every team of the list, as far as it can be read.
    pub(super) async fn all_rosters(&self) -> Result<Vec<Roster>> {
        let ids = list::all(&self.calls, &TEAM, &[], list::id).await?;
        for ids in ids.chunks(TOGETHER) {
            self.read_together(ids).await;
        }
        Ok(self.these_rosters(&ids).await)
    }

    /// Asks for several teams at once: `?id=[1,2]`, which Nexudus documents nowhere `[?]`. A server may refuse it, read it
    /// as one id, or not know it and give every team without its people. So only a team that was asked for and says who is
    /// in it counts. Every other one is asked for by its id, and so is one that seems to be empty.
    async fn read_together(&self, ids: &[Id]) {
        let unknown: Vec<&str> =
            ids.iter().filter(|id| self.seen(|seen| !seen.rosters.contains_key(*id))).map(Id::as_str).collect();
        if unknown.len() < 2 || self.seen(|seen| seen.one_by_one) {
            return;
        }
        let filter = ("id".to_owned(), format!("[{}]", unknown.join(",")));
        let found = list::all(&self.calls, &TEAM, &[filter], |team| Some(team.clone())).await.unwrap_or_default();
        let rosters = found.iter().filter_map(Roster::of).filter(|roster| !roster.people.is_empty());
        let rosters: Vec<Roster> = rosters.filter(|roster| unknown.contains(&roster.id.as_str())).collect();
        self.seen(|seen| {
            // A server that does not know the question is not asked it again.
            seen.one_by_one = rosters.is_empty();
            seen.together.extend(rosters.iter().map(|roster| roster.id.clone()));
            seen.rosters.extend(rosters.into_iter().map(|roster| (roster.id.clone(), Ok(Some(roster)))));
        });
    }

    /// Says once that something is not believed, or could not be read beside a list.
    pub(super) fn doubt(&self, why: String) {
        self.seen(|seen| seen.doubts.insert(why));
    }
}
