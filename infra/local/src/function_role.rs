//! The functions of the stack.

/// A function of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionRole {
    Receive,
    Entries,
    Settle,
    Reconcile,
}

impl FunctionRole {
    /// Returns the logical id of its function in the template.
    pub(crate) fn logical_id(self) -> &'static str {
        match self {
            FunctionRole::Receive => "Receive",
            FunctionRole::Entries => "Entries",
            FunctionRole::Settle => "Settle",
            FunctionRole::Reconcile => "Reconcile",
        }
    }
}
