//! What Spacebring's records contain if a world does not say: every field that the OpenAPI document
//! requires, with a usual value. `[D]`

use serde_json::{Value, json};

/// Returns the usual record of a list.
pub fn record(list: &str) -> Value {
    match list {
        "locations" => json!({
            "address": "", "currencyCode": "EUR", "description": "", "email": "hello@space.example",
            "locale": "en", "timezoneId": "UTC", "title": "",
        }),
        "floors" => json!({
            "mappings": {}, "plan": {}, "title": "", "visibility": "public",
        }),
        "plans" => json!({
            "addons": [], "commitmentCycles": 0, "credits": 0, "customTax": tax(), "dayPasses": 0,
            "description": "", "discounts": discounts(),
            "exclusiveAccess": { "benefitRefs": [], "resourceRefs": [] },
            "grantedDiscounts": [], "locale": "en", "period": "month", "price": 0,
            "selfSignup": { "enabled": false, "type": "immediate" }, "setupFee": 0, "title": "",
        }),
        "resources" => json!({
            "assignments": [], "bookingPermission": "members", "bufferTime": "zeroMinutes",
            "children": [],
            "confirmationEmail": {
                "bookingCreatedByAdmin": false, "bookingCreatedByMember": false,
                "bookingCreatedByNetworkMember": false, "bookingCreatedByPublic": false,
                "template": "",
            },
            "credits": { "enabled": false, "tiers": [] }, "description": "",
            "duration": {
                "max": 1440, "min": 15, "public": { "enabled": false, "max": 1440, "min": 15 },
            },
            "dynamicPricing": { "deltaAbove": 0, "deltaBelow": 0, "enabled": false },
            "locale": "en", "media": [], "money": { "enabled": false, "tiers": [] },
            "preparationMinutes": "zeroMinutes", "refundThreshold": "noRefund", "title": "",
            "type": "room", "visibility": "public",
        }),
        "companies" => json!({ "metadata": {}, "notes": "", "title": "" }),
        "memberships" => json!({
            "credits": { "expiring": 0, "permanent": 0 }, "metadata": {}, "notes": "",
            "role": "member", "status": "approved", "type": "member",
        }),
        "subscriptions" => json!({
            "addPendingItemsToInvoice": false,
            "advanceInvoicing": { "days": 0, "type": "default" },
            "assignments": [], "billingCycleAnchor": "any", "credits": 0, "dayPasses": 0,
            "items": [],
            "payWithInvoice": {
                "creditPackages": false, "desks": false, "events": false, "rooms": false,
                "shop": false,
            },
            "period": "month", "price": 0, "startFixed": true,
        }),
        "assignments" => json!({ "entire": true }),
        "bookings" => json!({ "attendees": [] }),
        "visits" => json!({ "code": "0000" }),
        "dayPasses" => json!({
            "amount": 1, "amounts": [], "status": "succeeded", "type": "adminAllocation",
        }),
        _ => json!({}),
    }
}

/// Returns the usual item of a subscription.
pub fn item() -> Value {
    json!({
        "autoUpdateFromProduct": false, "credits": 0, "customEnd": false, "customStart": false,
        "customTax": tax(), "dayPasses": 0, "endFixed": false, "grantedDiscounts": [], "price": 0,
        "quantity": 1, "setupFee": 0, "startFixed": false, "type": "recurring",
    })
}

/// Returns the fields of a record that are left out unless a world gives them. `[D]`
pub fn optional(list: &str) -> &'static [&'static str] {
    match list {
        "plans" => &["access", "printing"],
        "resources" => &[
            "autoRelease",
            "avigilonAltaGroupRef",
            "bookingStepMinutes",
            "brivoGroupRef",
            "capacity",
            "checkIn",
            "dayPassesEnabled",
            "googleCalendar",
            "imageUrl",
            "kisiGroupRef",
            "networkRef",
            "parentRef",
            "plans",
            "saltoksAccessGroupRef",
            "schedule",
            "tapkeyGroupRef",
            "unifiAccessGroupRef",
        ],
        "subscriptions" => &[
            "company",
            "companyRef",
            "contract",
            "currentInterval",
            "customer",
            "customerRef",
            "deleteDate",
            "discounts",
            "endDate",
            "membershipRef",
            "networkRef",
            "nextInterval",
            "pausePaymentCollection",
            "payment",
            "purchaseDate",
            "startDate",
            "status",
            "subscriptionType",
            "timezoneId",
            "user",
            "userCreator",
            "userRef",
        ],
        "assignments" => &[
            "company",
            "customer",
            "membership",
            "quantity",
            "resourceRef",
            "subscription",
            "user",
        ],
        "bookings" => &[
            "deleteDate",
            "endDate",
            "entire",
            "membershipRefOwner",
            "memo",
            "payment",
            "payments",
            "resourceRef",
            "seats",
            "startDate",
            "title",
            "updateDate",
            "userOwner",
        ],
        "visits" => &[
            "checkInDate",
            "checkInRef",
            "checkOutDate",
            "comment",
            "customer",
            "date",
            "deleteDate",
            "location",
            "membershipRefHost",
            "userHost",
            "userRefHost",
            "userRefVisitor",
            "visitor",
        ],
        "dayPasses" => &[
            "booking",
            "company",
            "companyRef",
            "customer",
            "description",
            "membershipRef",
            "membershipRefCreator",
            "networkRef",
            "product",
            "refund",
            "user",
            "userCreatedBy",
            "userCreator",
            "userOwner",
            "userRefCreator",
            "userRefOwner",
        ],
        "floors" => &[],
        _ => &[
            "billingAddress",
            "businessAddress",
            "companyRef",
            "companyRole",
            "dayPasses",
            "deleteDate",
            "invitationDate",
            "legalName",
            "networkRef",
            "subscriptionRef",
            "taxId",
            "user",
            "userRef",
        ],
    }
}

fn tax() -> Value {
    json!({ "enabled": false, "rate": 0 })
}

fn discounts() -> Value {
    json!({
        "creditPackages": 0, "desks": 0, "equipment": 0, "events": 0, "rooms": 0, "shop": 0,
    })
}
