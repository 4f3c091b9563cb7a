//! The sites that are pushed to the stack.

/// A site, its file, and what its platform signs with.
#[derive(Clone, Copy)]
pub struct Site {
    /// Its id, which is its file's name too.
    pub id: &'static str,
    /// Its platform.
    pub platform: &'static str,
    /// Its organisation at the platform.
    pub organization: &'static str,
    /// Its place at the door system.
    pub place: &'static str,
    /// What proves its deliveries.
    pub secret: &'static str,
}

/// One site.
pub const RIVERSIDE: Site = Site {
    id: "riverside",
    platform: "officernd",
    organization: "riverside-hub",
    place: "11",
    secret: "riverside signs with this",
};
/// Another one.
pub const HARBOUR: Site = Site {
    id: "harbour",
    platform: "officernd",
    organization: "harbour-hub",
    place: "22",
    secret: "harbour signs with that",
};
/// One whose platform cannot be asked.
pub const LOFT: Site = Site {
    id: "loft",
    platform: "andcards",
    organization: "",
    place: "33",
    secret: "whsec_bG9mdCBzaWducyB3aXRoIHRoaXMgbG9uZyBzZWNyZXQ=",
};

/// What Kisi signs with for Riverside.
pub const KISI_SECRET: &str = "kisi signs with this";

impl Site {
    /// The site file.
    pub fn file(&self) -> String {
        let Site {
            id,
            platform,
            organization,
            place,
            ..
        } = self;
        let organization = match *platform {
            "officernd" => format!("organization = \"{organization}\""),
            _ => String::new(),
        };
        let plans = match *platform {
            "andcards" => "\n[[rule]]\nplan = \"*\"\nopens = [\"Meeting floor\"]\n",
            _ => "",
        };
        format!(
            r#"
site = "{id}"
timezone = "Europe/London"
mode = "full"

[platform]
kind = "{platform}"
{organization}
secret = "{id}/{platform}"
url = "sandbox"

[doors.main]
kind = "kisi"
place = "{place}"
secret = "{id}/kisi"
url = "sandbox"
protected = ["ops@example.test", "owner@example.test"]

[bookings]
before = "0m"
after = "0m"

[[rule]]
resource = "Boardroom"
opens = ["Meeting floor"]
{plans}"#
        )
    }
}
