//! The ids that Doorstep makes of Spacebring's: of guests, who have none of their own, and of day
//! passes.

use doorstep_core::model::fact::{Holder, Id};

/// Separates the parts of an id. Neither a UUID nor an instant contains it.
const BETWEEN: char = '~';
/// Separates a series from the instant of an occurrence. `[D]`
const OCCURRENCE: char = '_';

/// Returns whether a booking is an occurrence of a series.
pub(super) fn is_occurrence(booking: &str) -> bool {
    booking.contains(OCCURRENCE)
}

/// Returns the beginning of the ids of a series' occurrences; `None` for an occurrence.
pub(super) fn occurrences_of(series: &str) -> Option<String> {
    (!is_occurrence(series)).then(|| format!("{series}{OCCURRENCE}"))
}

/// Returns the id of a guest of a booking.
pub(super) fn guest(booking: &str, user: &str) -> Id {
    format!("{booking}{BETWEEN}{user}").into()
}

/// Begins the id of the visitor of a visit. It is no UUID, so it begins no booking's id.
const VISIT: &str = "visit";

/// Returns the id of the visitor of a visit.
pub(super) fn visitor(visit: &str) -> Id {
    format!("{VISIT}{BETWEEN}{visit}").into()
}

/// Returns the visit of a visitor; `None` for the guest of a booking.
pub(super) fn visit_of(visitor: &str) -> Option<&str> {
    visitor.strip_prefix(VISIT)?.strip_prefix(BETWEEN)
}

/// Returns the booking of a guest.
pub(super) fn booking_of(guest: &str) -> Option<&str> {
    guest.split_once(BETWEEN).map(|(booking, _)| booking)
}

/// The parts of the id of a day pass: whose it is, and which of the holder's balances.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PassId {
    /// The company or membership.
    pub(super) holder: Holder,
    /// The subscription that allocates the days; empty if none does.
    pub(super) subscription: String,
    /// The instant at which the days expire, as Spacebring writes it; empty if they do not.
    pub(super) expires: String,
}

impl PassId {
    /// Returns the id.
    pub(super) fn id(&self) -> Id {
        let (kind, holder) = match &self.holder {
            Holder::Team(id) => ("company", id),
            Holder::Member(id) | Holder::Visitor(id) => ("membership", id),
        };
        let (subscription, expires) = (&self.subscription, &self.expires);
        [kind, holder, subscription, expires]
            .join(&BETWEEN.to_string())
            .into()
    }

    /// Returns the parts of an id.
    pub(super) fn read(id: &str) -> Option<PassId> {
        let mut parts = id.split(BETWEEN);
        let (kind, holder) = (parts.next()?, Id::from(parts.next()?));
        let (subscription, expires) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let holder = match kind {
            "company" => Holder::Team(holder),
            "membership" => Holder::Member(holder),
            _ => return None,
        };
        Some(PassId {
            holder,
            subscription,
            expires,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        for holder in [Holder::Team("c".into()), Holder::Member("m".into())] {
            let pass = PassId {
                holder,
                subscription: String::new(),
                expires: "2026-02-01T00:00:00.000Z".into(),
            };
            assert_eq!(PassId::read(&pass.id()), Some(pass));
        }
        assert_eq!(PassId::read("c~m"), None);
        assert_eq!(
            booking_of(&guest("b_2026-01-12T09:00:00.000Z", "u")),
            Some("b_2026-01-12T09:00:00.000Z")
        );
        assert_eq!(occurrences_of("b").as_deref(), Some("b_"));
        assert_eq!(occurrences_of("b_2026-01-12T09:00:00.000Z"), None);
    }
}
