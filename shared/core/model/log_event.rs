//! Log events that an alarm counts or that an operator searches for. Each is the value of the field
//! `event` of its log line. The metric filters of `infra/watch.yaml` and the queries of
//! `docs/operations.md` match that field, so the message beside it may be reworded.

/// A delivery could not be verified: a wrong secret, a wrong clock, or a forged delivery.
pub const DELIVERY_REFUSED: &str = "delivery-refused";

/// Every site was asked to reconcile. The field `oldest_read_minutes` has the age of the oldest
/// complete read.
pub const RECONCILES_DISPATCHED: &str = "reconciles-dispatched";

/// A site was reconciled. The fields count what was granted, revoked, foreign, held and a problem.
pub const RECONCILED: &str = "reconciled";

/// Every event.
pub const ALL: [&str; 3] = [DELIVERY_REFUSED, RECONCILES_DISPATCHED, RECONCILED];
