//! What several unit tests of this crate need.

use jiff::Timestamp;

use doorstep_core::decide::guard::{Hold, Scope};

/// Returns a hold of one revoke, open since 09:00 UTC on 2 March 2026.
pub(crate) fn hold() -> Hold {
    let since: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    Hold {
        checksum: "0123456789abcdef".into(),
        site: "s".into(),
        scope: Scope::Site,
        revokes: 1,
        accounts: 0,
        cards: 0,
        rests: 0,
        moves: 0,
        version: 0,
        reason: "half of all people".into(),
        since,
        reported: since,
        approved: None,
        pieces: 0,
    }
}
