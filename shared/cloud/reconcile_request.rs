//! Requests to compare everything of one site, and the decision whether to run one now.
//!
//! A request holds the number of reconciles of the site that had begun when it was made. Requests
//! with the same number are one, and any reconcile that begins later serves all of them:
//!
//! ```text
//! a reconcile that began later   another message   a function asked, and the last one
//! has succeeded                  holds the lease   began within PACE, and it never waited   step
//! yes                            any               any                                      nothing: it is served
//! no                             yes               any                                      wait until the lease ends
//! no                             no                yes                                      wait until PACE is over
//! no                             no                no                                       reconcile
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::runs::{Lease, Runs};
use doorstep_core::budgets::reconcile::{LEASE, PACE};
use doorstep_core::model::ids::SiteId;

/// The origin of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskedBy {
    /// The schedule, every 15 minutes.
    Clock,
    /// The operator, who waits for it.
    Operator,
    /// A function that found a state which only a comparison can repair.
    Function,
}

/// A request: the body of a message of the reconcile queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileRequest {
    /// The site.
    pub site: SiteId,
    /// How many reconciles of the site had begun when it was made.
    pub begun: u64,
    /// The origin of the request.
    pub by: AskedBy,
}

impl ReconcileRequest {
    /// Returns the deduplication id. The queue takes the first of several equal requests until
    /// another reconcile begins.
    pub fn dedup_id(&self) -> String {
        let by = match self.by {
            AskedBy::Clock | AskedBy::Operator => "now",
            AskedBy::Function => "paced",
        };
        format!("{}-{by}", self.begun)
    }
}

/// A delivery of a request by the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The message id.
    pub message: String,
    /// How often the message was delivered, including this time.
    pub times: u32,
}

/// The decision about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestDecision {
    /// A reconcile has served it already.
    Served,
    /// The request waits until this instant.
    Wait(Timestamp),
    /// The reconcile runs, under this lease.
    Run(Runs),
}

/// Decides what to do with a request: see the table above.
pub fn decide(
    runs: &Runs,
    request: &ReconcileRequest,
    handed: &Handed,
    now: Timestamp,
) -> RequestDecision {
    if runs.ended > request.begun {
        return RequestDecision::Served;
    }
    let other = runs
        .lease
        .as_ref()
        .filter(|lease| lease.holder != handed.message && lease.until > now);
    if let Some(lease) = other {
        return RequestDecision::Wait(lease.until);
    }
    // Only requests of functions are paced: the schedule paces its own, and the operator waits for
    // the result.
    let paced = request.by == AskedBy::Function && handed.times <= 1;
    let next = runs.at.and_then(|at| at.checked_add(PACE).ok());
    match next.filter(|next| paced && *next > now) {
        Some(next) => RequestDecision::Wait(next),
        None => {
            let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
            let lease = Some(Lease {
                holder: handed.message.clone(),
                until,
            });
            RequestDecision::Run(Runs {
                begun: runs.begun + 1,
                at: Some(now),
                ended: runs.ended,
                ended_at: runs.ended_at,
                lease,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("an instant")
    }

    fn request(begun: u64, by: AskedBy) -> ReconcileRequest {
        ReconcileRequest {
            site: "riverside".into(),
            begun,
            by,
        }
    }

    fn handed(message: &str, times: u32) -> Handed {
        Handed {
            message: message.to_owned(),
            times,
        }
    }

    fn runs(begun: u64, ended: u64, lease: Option<(&str, i64)>) -> Runs {
        let lease = lease.map(|(holder, until)| Lease {
            holder: holder.to_owned(),
            until: at(until),
        });
        Runs {
            begun,
            at: Some(at(10)),
            ended,
            ended_at: None,
            lease,
        }
    }

    #[test]
    fn a_request_is_served_by_a_reconcile_that_began_later_and_ended_well() {
        let step = |runs: Runs| {
            decide(
                &runs,
                &request(3, AskedBy::Function),
                &handed("m", 1),
                at(60),
            )
        };
        assert_eq!(step(runs(4, 4, None)), RequestDecision::Served);
        assert!(
            matches!(step(runs(4, 3, None)), RequestDecision::Run(_)),
            "one that began later, and failed, serves nothing"
        );
        assert!(
            matches!(step(runs(3, 3, None)), RequestDecision::Run(_)),
            "one that had begun before serves nothing"
        );
    }

    #[test]
    fn two_messages_never_reconcile_a_site_at_the_same_time() {
        let step = |message: &str, now: i64| {
            decide(
                &runs(4, 3, Some(("m", 25))),
                &request(4, AskedBy::Operator),
                &handed(message, 1),
                at(now),
            )
        };
        assert_eq!(step("other", 24), RequestDecision::Wait(at(25)));
        assert!(
            matches!(step("other", 25), RequestDecision::Run(_)),
            "its function is gone"
        );
        assert!(
            matches!(step("m", 11), RequestDecision::Run(_)),
            "a message that is handed out again had a function that is gone"
        );
    }

    #[test]
    fn functions_keep_their_distance_once_and_no_one_else_does() {
        let step = |by, times, now| {
            decide(
                &runs(4, 4, None),
                &request(4, by),
                &handed("m", times),
                at(now),
            )
        };
        assert_eq!(
            step(AskedBy::Function, 1, 12),
            RequestDecision::Wait(at(15))
        );
        assert!(matches!(
            step(AskedBy::Function, 1, 15),
            RequestDecision::Run(_)
        ));
        assert!(
            matches!(step(AskedBy::Function, 2, 12), RequestDecision::Run(_)),
            "it has waited already"
        );
        assert!(matches!(
            step(AskedBy::Operator, 1, 12),
            RequestDecision::Run(_)
        ));
        assert!(matches!(
            step(AskedBy::Clock, 1, 12),
            RequestDecision::Run(_)
        ));
    }

    #[test]
    fn a_run_is_numbered_and_holds_the_lease_as_long_as_a_function_can_live() {
        let RequestDecision::Run(next) = decide(
            &runs(4, 2, None),
            &request(4, AskedBy::Clock),
            &handed("m", 1),
            at(30),
        ) else {
            panic!("it runs");
        };
        assert_eq!((next.begun, next.ended, next.at), (5, 2, Some(at(30))));
        assert_eq!(
            next.lease,
            Some(Lease {
                holder: "m".to_owned(),
                until: at(45)
            })
        );
    }

    #[test]
    fn requests_of_one_time_are_one_and_no_one_who_waits_is_merged_with_one_that_may() {
        let id = |begun, by| request(begun, by).dedup_id();
        assert_eq!(id(3, AskedBy::Function), id(3, AskedBy::Function));
        assert_eq!(id(3, AskedBy::Clock), id(3, AskedBy::Operator));
        assert_ne!(id(3, AskedBy::Function), id(3, AskedBy::Operator));
        assert_ne!(id(3, AskedBy::Function), id(4, AskedBy::Function));
    }
}
