//! Ranges of sort keys within one partition.

/// The sort keys that a query loads.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeyRange<'a> {
    /// Every sort key.
    All,
    /// Sort keys that begin with this text. The empty text begins every key.
    Prefix(&'a str),
    /// Sort keys below this one.
    Below(&'a str),
    /// This sort key and those above it.
    From(&'a str),
    /// Sort keys from the first to the second, both included.
    Between(&'a str, &'a str),
}

impl<'a> KeyRange<'a> {
    /// Returns the key condition of the range, and its values in their order.
    pub(super) fn condition(self) -> (&'static str, [Option<&'a str>; 2]) {
        match self {
            KeyRange::All | KeyRange::Prefix("") => ("pk = :pk", [None, None]),
            KeyRange::Prefix(prefix) => ("pk = :pk AND begins_with(sk, :a)", [Some(prefix), None]),
            KeyRange::Below(end) => ("pk = :pk AND sk < :a", [Some(end), None]),
            KeyRange::From(start) => ("pk = :pk AND sk >= :a", [Some(start), None]),
            KeyRange::Between(first, last) => (
                "pk = :pk AND sk BETWEEN :a AND :b",
                [Some(first), Some(last)],
            ),
        }
    }
}
