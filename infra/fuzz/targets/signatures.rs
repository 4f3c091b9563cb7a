//! Signature headers: nothing that was not signed verifies, whatever its headers are, and a body
//! that differs from the signed one in any way is refused.

#![no_main]

use doorstep_fuzz::sign::{Sender, delivery};
use doorstep_fuzz::{choice, now, parts, pick};
use doorstep_vendors::delivery::Delivery;
use doorstep_vendors::doors::attempts::PushAttempts;
use doorstep_vendors::doors::kisi::webhook::EventWebhook;
use doorstep_vendors::platform::PlatformVendor;
use libfuzzer_sys::fuzz_target;

/// The headers that any sender signs with.
const NAMES: [&str; 9] = [
    "officernd-signature",
    "x-nexudus-hook-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "x-signature",
];
/// What every signed body is.
const SIGNED: &[u8] = br#"{"event":"booking.created","data":{"object":{"_id":"b"}}}"#;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = choice(data) else {
        return;
    };
    let sender = pick(&Sender::ALL, first & 0x7f);
    if first & 0x80 == 0 {
        let mut pieces = parts(rest);
        let body = pieces.next().unwrap_or_default();
        let headers: Vec<_> = pieces
            .filter_map(choice)
            .map(|(name, value)| (pick(&NAMES, name), value.to_vec()))
            .collect();
        let posted = delivery(sender.path(1), &headers, body);
        assert!(!verifies(sender, posted), "nothing of this was signed");
    } else {
        let signed = sender.headers(SIGNED).into_iter();
        let headers: Vec<_> = signed
            .map(|(name, value)| (name, value.into_bytes()))
            .collect();
        let posted = delivery(sender.path(1), &headers, rest);
        assert_eq!(verifies(sender, posted), rest == SIGNED);
    }
});

fn verifies(sender: Sender, posted: Delivery) -> bool {
    let secrets = sender.secrets();
    match sender {
        Sender::Platform(kind) => kind.vendor().verify(posted, &secrets, now()).is_ok(),
        Sender::Kisi => EventWebhook.verify(posted, &secrets).is_ok(),
    }
}
