//! What axe-core finds on a page.

use serde_json::Value;

use crate::browser::Browser;

/// Runs every rule of axe-core. Fails with what it finds.
pub async fn finds_nothing(browser: &Browser, place: &str) {
    let path = std::env::var("DOORSTEP_AXE").expect("DOORSTEP_AXE: run `make test-console`");
    let axe = std::fs::read_to_string(path).expect("axe-core is installed");
    browser.script(&axe).await;
    let script = "const done = arguments[arguments.length - 1]; \
        axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map((one) => \
        one.id + ': ' + one.help + ' at ' + one.nodes.map((node) => node.target.join(' ')).join(', '))));";
    let found = browser.script_until_done(script).await;
    assert_eq!(found, Value::Array(Vec::new()), "{place}");
}
