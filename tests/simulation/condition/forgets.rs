//! A door system answers with success and does nothing: every change is lost.
//!
//! Widened: it counts as failing until 15 minutes after it (I1, I2, I5). An addition that the vendor
//! forgot has a record and did not happen, so there may be more records than changes from then on
//! at this door system; fewer are still a finding (I7).

use serde_json::json;

use crate::reference_model::Minute;
use crate::simulation::day::Vendor;
use crate::simulation::stage::Stage;

impl Stage<'_> {
    pub async fn forget_changes(&mut self, vendor: &Vendor, lasts: Minute) {
        let fault = json!({ "match": "*", "after": "nothing", "times": -1 });
        self.fail(vendor, &fault, lasts).await;
        let word = self.word(vendor);
        let doors = self.play.scenario.doors.iter();
        let here = doors.filter(|doors| Some(doors.kind) == word);
        self.forgetful.extend(here.map(|doors| doors.name));
    }
}
