//! The two sites that are pushed to the stack.

/// A site, its file, and what its platform signs with.
#[derive(Clone, Copy)]
pub struct Site {
    /// Its id, which is its file's name too.
    pub id: &'static str,
    /// Its organisation at the platform.
    pub organization: &'static str,
    /// Its place at the door system.
    pub place: &'static str,
    /// What proves its deliveries.
    pub secret: &'static str,
}

/// One site.
pub const RIVERSIDE: Site =
    Site { id: "riverside", organization: "riverside-hub", place: "11", secret: "riverside signs with this" };
/// Another one.
pub const HARBOUR: Site =
    Site { id: "harbour", organization: "harbour-hub", place: "22", secret: "harbour signs with that" };

impl Site {
    /// The site file.
    pub fn file(&self) -> String {
        let Site { id, organization, place, .. } = self;
        format!(
            r#"
site = "{id}"
timezone = "Europe/London"
mode = "full"

[platform]
kind = "officernd"
organization = "{organization}"
secret = "{id}/officernd"
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
"#
        )
    }
}
