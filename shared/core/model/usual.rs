//! Values that are left out of stored items because most items have them.

/// Returns whether a value is the default. Such a value is left out of the stored item: a person is
/// written several times for each booking, and each KiB counts.
pub fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
