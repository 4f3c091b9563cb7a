//! Log events that alarms count on. Each stands in the field `event` of its log line. The metric filters of
//! `infra/watch.yaml` match that field, so the message beside it may be reworded.

/// A delivery could not be verified: a wrong secret, a wrong clock, or a forged delivery.
pub const DELIVERY_REFUSED: &str = "delivery-refused";

/// Every site was asked to reconcile. The field `oldest_read_minutes` has the age of the oldest complete read.
pub const RECONCILES_DISPATCHED: &str = "reconciles-dispatched";

/// Every event.
pub const ALL: [&str; 2] = [DELIVERY_REFUSED, RECONCILES_DISPATCHED];
