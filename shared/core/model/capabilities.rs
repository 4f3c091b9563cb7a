//! What a door system can do by itself.

/// What a door system can do, as far as a decision depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The door system ends a membership at its end.
    pub ends_by_itself: bool,
    /// The account of a guest can be suspended. Where it cannot, it takes no seat.
    pub suspends_guests: bool,
    /// An account can have one card only.
    pub one_card: bool,
    /// Each active account takes one of a limited number of seats.
    pub counts_seats: bool,
}
