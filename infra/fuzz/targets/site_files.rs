//! Site files: each is parsed without a panic, and what is wrong with it can be shown beside it.

#![no_main]

use doorstep_core::site::Site;
use doorstep_fuzz::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let file = text(data);
    if let Err(wrong) = Site::parse(&file) {
        assert!(!wrong.to_string().is_empty());
    }
});
