//! A browser: Chromium without a window, driven by its own driver.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::error::WebDriverResult;
use thirtyfour::{
    By, ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver, WebElement,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Longest wait for anything that a page does.
const PATIENCE: Duration = Duration::from_secs(30);

/// Times that a browser is started before the test fails: on a busy machine Chromium sometimes ends at its start.
const STARTS: usize = 3;

/// How a browser is opened.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub width: u32,
    pub height: u32,
    pub scripts: bool,
    pub dark: bool,
}

/// A usual window.
pub const USUAL: View = View {
    width: 1280,
    height: 900,
    scripts: true,
    dark: false,
};

/// A browser. It ends with its driver, and the driver with this value.
pub struct Browser {
    pub client: WebDriver,
    _driver: Child,
    _home: Home,
}

/// The home folder of one browser: browsers that start side by side share none.
struct Home(PathBuf);

impl Home {
    fn new() -> Home {
        Home(std::env::temp_dir().join(format!("doorstep-browser-{}", uuid::Uuid::new_v4())))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl Browser {
    pub async fn open(view: View) -> Browser {
        // The client of the driver's commands takes the process's provider, although it never uses TLS.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut refusals = Vec::new();
        for _ in 0..STARTS {
            match start(view).await {
                Ok(browser) => {
                    browser.narrow(view).await;
                    return browser;
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        panic!("Chromium does not start: {refusals:?}")
    }

    /// Sets the size of the page by the browser's own protocol: Chromium makes no window narrower than about 500 pixels.
    async fn narrow(&self, view: View) {
        let size = json!({ "width": view.width, "height": view.height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        let scheme = if view.dark { "dark" } else { "light" };
        let features = [
            json!({ "name": "prefers-color-scheme", "value": scheme }),
            json!({ "name": "prefers-reduced-motion", "value": "reduce" }),
        ];
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        let answer = self.client.cdp().send_raw(command, parameters).await;
        answer.expect("the browser takes the command");
    }

    pub async fn goto(&self, address: &str) {
        self.client.goto(address).await.expect("a page");
    }

    /// The text of the first element of this selector.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.expect("a text")
    }

    pub async fn find(&self, selector: &str) -> WebElement {
        let found = self.client.find(By::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    pub async fn has(&self, selector: &str) -> bool {
        let found = self.client.find_all(By::Css(selector)).await;
        !found.expect("a page").is_empty()
    }

    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        element.click().await.expect("it can be clicked");
    }

    /// Follows the link with this text.
    pub async fn follow(&self, text: &str) {
        let link = self.client.find(By::LinkText(text)).await;
        let link = link.unwrap_or_else(|error| panic!("the link {text}: {error}"));
        link.click().await.expect("it can be followed");
    }

    /// Types into a field, instead of what it has.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it can be typed into");
    }

    /// Types keys where the focus is.
    pub async fn type_keys(&self, keys: &str) {
        self.active()
            .await
            .send_keys(keys)
            .await
            .expect("keys are taken");
    }

    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.path().to_owned()
    }

    /// Waits until an element of this selector has this text in it.
    pub async fn wait_for(&self, selector: &str, text: &str) {
        let is_there = async || {
            let found = self.client.find(By::Css(selector)).await.ok()?;
            Some(found.text().await.ok()?.contains(text))
        };
        let seen = tokio::time::timeout(PATIENCE, async {
            while is_there().await != Some(true) {
                tokio::task::yield_now().await;
            }
        });
        let seen = seen.await;
        assert!(seen.is_ok(), "{selector} never says {text}");
    }

    /// Runs a script in the page, as a tool of the browser and not of the page.
    pub async fn script(&self, script: &str) -> Value {
        let answer = self.client.execute(script, Vec::new()).await;
        answer.expect("the script runs").json().clone()
    }

    /// Runs a script that calls the function behind its arguments with a result.
    pub async fn script_until_done(&self, script: &str) -> Value {
        let answer = self.client.execute_async(script, Vec::new()).await;
        answer.expect("the script runs").json().clone()
    }

    /// The element that has the focus.
    pub async fn active(&self) -> WebElement {
        self.client.active_element().await.expect("an element")
    }

    pub async fn close(self) {
        self.client.quit().await.expect("it closes");
    }
}

fn arguments(view: View) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--headless=new",
        // A container has no user namespaces for Chromium's own sandbox.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--window-size={},{}", view.width, view.height));
    arguments
}

/// Starts a browser with a driver and a home folder of its own.
async fn start(view: View) -> WebDriverResult<Browser> {
    let home = Home::new();
    let (driver, port) = start_driver(&home.0).await;
    let client = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted(view)).await?;
    Ok(Browser {
        client,
        _driver: driver,
        _home: home,
    })
}

fn wanted(view: View) -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    for argument in arguments(view) {
        wanted.add_arg(&argument).expect("an argument");
    }
    let scripts = if view.scripts { 1 } else { 2 };
    let settings = json!({ "profile.managed_default_content_settings.javascript": scripts });
    wanted
        .add_experimental_option("prefs", settings)
        .expect("settings");
    wanted
}

/// Starts the driver at a free port.
async fn start_driver(home: &Path) -> (Child, u16) {
    let driver = std::env::var("DOORSTEP_CHROMEDRIVER").unwrap_or("chromedriver".to_owned());
    let mut child = Command::new(driver)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .args(["--port=0", "--allowed-ips="])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver is installed: run `make test-console`");
    let out = child.stdout.take().expect("its output");
    let mut lines = BufReader::new(out).lines();
    while let Some(line) = lines.next_line().await.expect("a line") {
        let port = line
            .split_once("successfully on port ")
            .and_then(|(_, rest)| rest.trim_end_matches('.').parse().ok());
        if let Some(port) = port {
            // The rest of its output has a reader as long as the driver lives.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, port);
        }
    }
    panic!("chromedriver says no port")
}
