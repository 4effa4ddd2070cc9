// SPDX-License-Identifier: AGPL-3.0-or-later
//! Chromium, steered over WebDriver.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
    key::Key,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::{Mutex, MutexGuard},
};

/// One browser test at a time: a browser is large, and two of them slow each other down.
static TURN: Mutex<()> = Mutex::const_new(());

/// A running chromedriver. It ends with this value, and its browsers with it.
pub(crate) struct Driver {
    _child: Child,
    address: String,
    _turn: MutexGuard<'static, ()>,
}

/// A browser with a profile of its own.
pub(crate) struct Browser {
    pub(crate) client: Client,
    _profile: TempDir,
}

impl Driver {
    /// Starts chromedriver, or says that the test is skipped.
    pub(crate) async fn start() -> Option<Self> {
        let turn = TURN.lock().await;
        for program in ["chromium", "chromedriver"] {
            let found = Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .await;
            if !found.is_ok_and(|status| status.success()) {
                medmij_test::skip(&format!("{program} is not installed, no page was tried in a browser"));
                return None;
            }
        }
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // what it says later is read, so that it never waits for a full pipe
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self {
            _child: child,
            address: format!("http://127.0.0.1:{port}"),
            _turn: turn,
        })
    }

    pub(crate) async fn browser(&self) -> Browser {
        self.open(json!({}), json!({}), false).await
    }

    pub(crate) async fn browser_without_javascript(&self) -> Browser {
        let prefs = json!({ "profile.managed_default_content_settings.javascript": 2 });
        self.open(prefs, json!({}), false).await
    }

    /// A browser whose pages are so wide, whatever its window is.
    pub(crate) async fn browser_of_width(&self, width: u32) -> Browser {
        self.browser_that_shows(width, 900, false).await
    }

    /// The same, of that height, for somebody who likes dark pages or not.
    pub(crate) async fn browser_that_shows(&self, width: u32, height: u32, dark: bool) -> Browser {
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 1.0 });
        self.open(json!({}), json!({ "deviceMetrics": metrics }), dark).await
    }

    async fn open(&self, prefs: serde_json::Value, emulation: serde_json::Value, dark: bool) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let mut capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--lang=nl", "--window-size=900,1100",
                    format!("--user-data-dir={}", profile.path().display()),
                    format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)),
                ],
                "prefs": prefs,
            },
        });
        if emulation != json!({}) {
            capabilities["goog:chromeOptions"]["mobileEmulation"] = emulation;
        }
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&self.address)
            .await
            .unwrap();
        Browser {
            client,
            _profile: profile,
        }
    }
}

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits until the heading of the page holds this text, through errors of a page that is on its way out.
    pub(crate) async fn at(&self, heading: &str) {
        let path = format!("//h1[contains(., \"{heading}\")]");
        let begun = Instant::now();
        while self.client.find(Locator::XPath(&path)).await.is_err() {
            if begun.elapsed() > Duration::from_secs(60) {
                let url = self.client.current_url().await;
                let source = self.client.source().await.unwrap_or_default();
                panic!("not at \"{heading}\" but at {url:?}: {source}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn find(&self, css: &str) -> Element {
        self.client.find(Locator::Css(css)).await.unwrap()
    }

    /// Presses the button of a page of the DVZA with this answer.
    pub(crate) async fn answer(&self, reply: &str) {
        self.find(&format!("button[name=answer][value={reply}]"))
            .await
            .click()
            .await
            .unwrap();
    }

    /// From the landingspagina to what follows the login of this person of the stub.
    pub(crate) async fn log_in(&self, persoon: &str) {
        self.at("Gegevens van").await;
        self.answer("login").await;
        self.at("Wie wilt u zijn?").await;
        self.find(&format!("button[name=persoon][value=\"{persoon}\"]"))
            .await
            .click()
            .await
            .unwrap();
    }

    pub(crate) async fn press(&self, key: Key) {
        let value = char::from(key);
        let press = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.client.perform_actions(press).await.unwrap();
    }

    /// Goes on with the tab key until an element has the focus whose text holds this, and says which.
    pub(crate) async fn tab_to(&self, text: &str) -> Element {
        let mut seen = Vec::new();
        for _ in 0..30 {
            self.press(Key::Tab).await;
            let element = self.client.active_element().await.unwrap();
            let found = element.text().await.unwrap();
            // a focus that cannot be seen is none (WCAG 2.4.7)
            if element.tag_name().await.unwrap() != "body" {
                let outline = element.css_value("outline-style").await.unwrap();
                assert_ne!(outline, "none", "the focus on \"{found}\" cannot be seen");
            }
            if found.contains(text) {
                return element;
            }
            seen.push(found);
        }
        panic!("\"{text}\" never has the focus: {seen:?}");
    }

    pub(crate) async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Opens another tab and goes on in it; says which one it came from and which one it is.
    pub(crate) async fn tab(&self) -> [fantoccini::wd::WindowHandle; 2] {
        let before = self.client.window().await.unwrap();
        let tab = self.client.new_window(true).await.unwrap().handle;
        self.client.switch_to_window(tab.clone()).await.unwrap();
        [before, tab]
    }

    pub(crate) async fn switch(&self, tab: &fantoccini::wd::WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.unwrap();
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }
}
