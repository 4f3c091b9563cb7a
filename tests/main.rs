//! Doorstep from outside: one binary, so that it is linked once.

mod naive;
mod property;
