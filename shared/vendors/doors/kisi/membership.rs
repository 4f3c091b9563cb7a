//! Changes of membership in Kisi groups.
//!
//! A person with access must not lose it when a window moves to another one that also covers now. A
//! new membership is therefore made first and the old ones are removed after it, wherever Kisi
//! allows two.

use http::{Method, StatusCode};
use serde_json::json;

use super::client::done;
use super::wire::{BASIC, KisiAssignee, number};
use super::{Kisi, account_gone};
use crate::doors::GroupAddition;
use doorstep_core::model::account::{GroupId, GroupMember};
use doorstep_core::model::error::{Error, Result};

/// How often a new membership is tried after the old one had to be deleted first.
const PUT_BACK_TRIES: usize = 3;

/// One call of a change.
enum MemberCall<'a> {
    Put(&'a GroupAddition),
    TakeOut(&'a GroupMember),
}

/// The result of posting a new membership.
enum Posted {
    Made,
    /// 409: the person has a membership in this group, and this Kisi allows no second one `[C]`.
    Twice,
}

impl Kisi {
    /// Adds before it removes. Once Kisi asks for a pause, the remaining changes fail with the same
    /// error and are retried later.
    pub(super) async fn change_each(
        &self,
        group: &GroupId,
        add: &[GroupAddition],
        remove: &[GroupMember],
    ) -> Vec<Result<()>> {
        let mut results: Vec<Result<()>> = Vec::with_capacity(add.len() + remove.len());
        let mut pause = None;
        for step in add
            .iter()
            .map(MemberCall::Put)
            .chain(remove.iter().map(MemberCall::TakeOut))
        {
            let result = match (&pause, step) {
                (Some(asked), _) => Err(Error::clone(asked)),
                (None, MemberCall::Put(entry)) => self.put(group, entry).await,
                (None, MemberCall::TakeOut(row)) => self.take_out(row).await,
            };
            pause = pause.or_else(|| asked_pause(&result));
            results.push(result);
        }
        results
    }

    /// Adds one person. If the new membership replaces old ones, they are removed after it. If Kisi
    /// allows no second membership, the old ones are deleted first and the new one is made at once.
    async fn put(&self, group: &GroupId, entry: &GroupAddition) -> Result<()> {
        match self.post(group, entry).await? {
            Posted::Made => self.take_out_all(&entry.replaces).await,
            Posted::Twice if entry.replaces.is_empty() => Err(in_already()),
            Posted::Twice => {
                self.take_out_all(&entry.replaces).await?;
                self.put_back(group, entry).await
            }
        }
    }

    /// Makes the new membership after the old one was deleted. It cannot wait for the next settle.
    /// After a failure it checks whether the membership exists, and tries again if not.
    async fn put_back(&self, group: &GroupId, entry: &GroupAddition) -> Result<()> {
        let mut last = in_already();
        for _ in 0..PUT_BACK_TRIES {
            match self.post(group, entry).await {
                Ok(Posted::Made) => return Ok(()),
                Ok(Posted::Twice) => last = in_already(),
                Err(error) if error.is_retryable() => last = error,
                Err(error) => return Err(error),
            }
            if self.is_in(group, entry).await? {
                return Ok(());
            }
        }
        Err(last)
    }

    /// Returns whether exactly this membership exists: person, group, role and end.
    async fn is_in(&self, group: &GroupId, entry: &GroupAddition) -> Result<bool> {
        let id = number(&group.0)?;
        for assignment in self
            .assignments_of(KisiAssignee::of(&entry.account.id)?)
            .await?
        {
            if assignment.is_membership_of(id) && assignment.until()? == entry.until {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Posts a membership. `valid_from` is left out, because a membership is made only once its
    /// window has begun.
    async fn post(&self, group: &GroupId, entry: &GroupAddition) -> Result<Posted> {
        let (kind, id) = KisiAssignee::of(&entry.account.id)?.assignee();
        let mut line = json!({
            "applies_to_type": "Group",
            "applies_to_id": number(&group.0)?,
            "assignee_type": kind,
            "assignee_id": id,
            "role_id": BASIC,
            "notify": false,
        });
        if let (Some(until), Some(line)) = (entry.until, line.as_object_mut()) {
            line.insert("valid_until".to_owned(), json!(until.to_string()));
        }
        let body = json!({ "role_assignment": line });
        let answer = self
            .client
            .write(Method::POST, &["role_assignments"], Some(&body))
            .await?;
        match answer.status() {
            StatusCode::CONFLICT => Ok(Posted::Twice),
            // Either the group or the person is gone `[C]`.
            StatusCode::NOT_FOUND => {
                self.there_is(group).await?;
                Err(account_gone())
            }
            _ => done(answer).map(|_| Posted::Made),
        }
    }

    async fn take_out_all(&self, rows: &[GroupMember]) -> Result<()> {
        for row in rows {
            self.take_out(row).await?;
        }
        Ok(())
    }

    /// Removes a member. A 404 means "already gone" `[D]` only if the membership itself answers 404
    /// too. Otherwise Doorstep would forget the claim while the access remains.
    ///
    /// # Errors
    /// [`Error::Permanent`] for a team: Doorstep does not know its members, and one may be
    /// protected.
    async fn take_out(&self, row: &GroupMember) -> Result<()> {
        if KisiAssignee::of(&row.account).is_err() {
            return Err(Error::permanent(
                "a Kisi team is in this group: Doorstep removes only people; remove the team by hand",
            ));
        }
        let line = number(row.handle())?.to_string();
        let path = ["role_assignments", line.as_str()];
        let answer = self.client.write(Method::DELETE, &path, None).await?;
        if answer.status() != StatusCode::NOT_FOUND {
            return done(answer).map(drop);
        }
        match self.client.get(&path).await?.status() {
            StatusCode::NOT_FOUND => Ok(()),
            _ => Err(Error::retry(
                "Kisi reports that a membership does not exist, but still lists it; reading again",
            )),
        }
    }
}

fn in_already() -> Error {
    Error::retry("Kisi reports that this person is in the group already; reading again")
}

/// Returns the error of a vendor that asks for a pause.
fn asked_pause(result: &Result<()>) -> Option<Error> {
    match result {
        Err(error @ Error::Retry { after: Some(_), .. }) => Some(error.clone()),
        _ => None,
    }
}
