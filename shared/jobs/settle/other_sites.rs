//! Door systems that this site shares with other sites of the stack. What these sites hold is read
//! before a decision, and written as a condition of the decision. A site without shared door
//! systems reads and writes nothing more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt, stream};

use super::evaluate::Evaluation;
use super::load::AT_ONCE;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_cloud::other_sites::conditions;
use doorstep_cloud::other_sites::load::of_person;
use doorstep_cloud::store::Write;
use doorstep_cloud::store::key::Key;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::other_sites::OtherSites;
use doorstep_core::model::shared_group::Neighbour;

/// What other sites hold, by person of this site; an error if it could not be read.
pub type OthersByPerson = HashMap<PersonId, Result<OtherSites>>;

/// Loads what other sites hold of everyone in a round.
pub async fn read_others(context: &SiteContext, evaluations: &[Evaluation]) -> OthersByPerson {
    if context.neighbours.is_empty() {
        return OthersByPerson::new();
    }
    let each = evaluations.iter().map(|evaluation| async move {
        let person = &evaluation.state.person;
        (
            person.id.clone(),
            of_person(&context.environment.store, &context.neighbours, person).await,
        )
    });
    let each: Vec<_> = each.collect();
    stream::iter(each).buffer_unordered(AT_ONCE).collect().await
}

/// Loads it again for one person, whose accounts may have changed.
pub async fn read_again(context: &SiteContext, work: &mut PersonWork) -> Result<()> {
    if !context.neighbours.is_empty() {
        work.others = of_person(
            &context.environment.store,
            &context.neighbours,
            &work.person,
        )
        .await?;
    }
    Ok(())
}

/// Adds the conditions of a decision to the writes, and the sites to trigger afterwards. Must run
/// before the claims change.
pub fn note(work: &mut PersonWork, decision: &PersonDecision) {
    let mut needed: BTreeMap<Key, Write> = BTreeMap::new();
    let mut messages: BTreeSet<(Neighbour, AccountId)> = BTreeSet::new();
    let linked = |doors: &DoorsName| {
        work.person
            .accounts
            .get(doors)
            .map(|linked| &linked.account.id)
    };
    let moves = decision.actions().filter_map(|(doors, step)| {
        let account = match step {
            Action::Revoke { row, .. } => Some(&row.account),
            Action::Suspend | Action::Delete | Action::Untag(_) => linked(doors),
            Action::Grant { replaces, .. } if !replaces.is_empty() => linked(doors),
            _ => None,
        };
        Some((doors, account?, true))
    });
    let disowned = decision.by_doors.iter().flat_map(|(doors, here)| {
        let claims = here
            .disown
            .iter()
            .filter_map(|group| work.person.claim(doors, group));
        claims.map(move |claim| (doors, &claim.account, true))
    });
    let adopted = decision.by_doors.values().flat_map(|here| &here.adopt);
    let adopted = adopted.map(|claim| (&claim.doors, &claim.account, false));
    for (doors, account, concerns) in moves.chain(disowned).chain(adopted) {
        let more = conditions(&work.others, doors, account).into_iter();
        needed.extend(more.map(|write| (write.key().clone(), write)));
        if concerns {
            messages.extend(
                work.others
                    .knowing(doors, account)
                    .map(|other| (other.clone(), account.clone())),
            );
        }
    }
    work.writes.extend(needed.into_values());
    work.messages.extend(messages);
}

/// Enqueues triggers for the sites that share a changed membership, to check the account. Their
/// next reconcile makes up for a lost trigger.
pub async fn trigger_others(context: &SiteContext, messages: BTreeSet<(Neighbour, AccountId)>) {
    for (Neighbour { site, doors }, id) in messages {
        let message = TriggerMessage::new(&site, Trigger::Account { doors, id });
        if let Err(error) = context.environment.triggers.enqueue(&message, None).await {
            tracing::warn!(site = context.site.id.as_str(), other = site.as_str(), %error, "the other site of a shared group got no trigger: its next reconcile checks the account");
        }
    }
}
