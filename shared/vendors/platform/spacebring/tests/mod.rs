//! Spacebring, tested with deliveries of its catalogue and an API that answers from a script.
