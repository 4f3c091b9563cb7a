//! Values that are left out of stored items because most items have them.

/// Whether a value is what it is for most people. It is left out then: a person is written several times for each
/// booking, and each KiB counts.
pub fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
