//! Bodies of webhooks that are signed: each is verified, and parsed without a panic.

#![no_main]

use doorstep_core::model::ids::DoorsName;
use doorstep_fuzz::sign::{Sender, delivery};
use doorstep_fuzz::{choice, now, pick};
use doorstep_vendors::delivery::VerifiedDelivery;
use doorstep_vendors::doors::attempts::PushAttempts;
use doorstep_vendors::doors::kisi::webhook::EventWebhook;
use doorstep_vendors::platform::PlatformVendor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = choice(data) else {
        return;
    };
    let Some((action, body)) = choice(rest) else {
        return;
    };
    let sender = pick(&Sender::ALL, first);
    let verified = verified(sender, action, body);
    match sender {
        Sender::Platform(kind) => {
            kind.vendor().parse(&verified);
        }
        Sender::Kisi => {
            let doors = DoorsName::from("main");
            let place = (action & 1 == 1).then_some("1");
            EventWebhook.news(&doors, place, &verified);
        }
    }
});

fn verified(sender: Sender, action: u8, body: &[u8]) -> VerifiedDelivery {
    let headers = sender.headers(body).into_iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name, value.into_bytes()))
        .collect();
    let (posted, secrets) = (
        delivery(sender.path(action), &headers, body),
        sender.secrets(),
    );
    let verified = match sender {
        Sender::Platform(kind) => kind.vendor().verify(posted, &secrets, now()),
        Sender::Kisi => EventWebhook.verify(posted, &secrets),
    };
    verified.expect("it is signed as its sender signs")
}
