//! Doorstep keeps doors in step with bookings. Reading this list is watching a fact become an open door.

// Everything outside, and what failed there.
pub mod aws;
pub mod error;
pub mod http;
pub mod network;
pub mod time;
