//! A real browser: headless Chromium by chromedriver, spoken to by HTTP in the protocol of the W3C.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::wait;

/// How the protocol names an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a profile of its own. Dropped, it goes with everything it started.
pub struct Browser {
    driver: Child,
    session: String,
    agent: Agent,
    profile: TempDir,
}

impl Browser {
    /// A browser, or `None` where there is no chromedriver.
    pub fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        let mut driver = command.spawn().ok()?;
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            line.ok()?
                .strip_prefix("ChromeDriver was started successfully on port ")?
                .strip_suffix('.')?
                .parse::<u16>()
                .ok()
        });
        let port = port.expect("chromedriver says its port");
        // What else it says is of no interest, but must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::Builder::new().prefix("colophon-browser-").tempdir().unwrap();
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1)));
        let session = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { driver, session, agent: config.build().into(), profile };
        let opened = browser.send("POST", "", &browser.capabilities()).expect("a browser starts");
        browser.session = format!("{}/{}", browser.session, opened["sessionId"].as_str().unwrap());
        Some(browser)
    }

    /// Quiet towards the world: the test asks only what it asks.
    fn capabilities(&self) -> Value {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &profile,
        ];
        let options = json!({ "args": arguments });
        let always = json!({
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        });
        json!({ "capabilities": { "alwaysMatch": always } })
    }

    /// Opens an address in a new page, so that a mere change of the fragment loads it too.
    pub fn open(&self, url: &str) {
        self.done("POST", "/url", &json!({ "url": "about:blank" }));
        self.done("POST", "/url", &json!({ "url": url }));
    }

    /// What a function body gives in the page.
    pub fn run(&self, script: &str) -> Value {
        self.done("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The text of the first element that fits, once there is one.
    pub fn text(&self, selector: &str) -> String {
        let element = self.element(selector);
        self.done("GET", &format!("/element/{element}/text"), &Value::Null).as_str().unwrap().to_owned()
    }

    /// Waits until an element's text holds these words.
    pub fn sees(&self, selector: &str, words: &str) {
        wait::until(&format!("{selector} shows {words:?}"), || {
            let script = format!(
                "return [...document.querySelectorAll({selector:?})].map(e => e.textContent).join('\\n')"
            );
            self.run(&script).as_str().is_some_and(|text| text.contains(words))
        });
    }

    /// How many elements fit now.
    pub fn count(&self, selector: &str) -> u64 {
        self.run(&format!("return document.querySelectorAll({selector:?}).length")).as_u64().unwrap()
    }

    /// Clicks as a person does: only what can be seen and is not covered.
    pub fn click(&self, selector: &str) {
        wait::until(&format!("{selector} can be clicked"), || {
            let element = self.element(selector);
            // As one scrolls to what one wants to click, away from the bar that stays on top.
            self.run(&format!("document.querySelector({selector:?})?.scrollIntoView({{ block: 'center' }})"));
            self.send("POST", &format!("/element/{element}/click"), &json!({})).is_ok()
        });
    }

    /// Types into an element; `\u{E007}` is the key Enter.
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.done("POST", &format!("/element/{element}/value"), &json!({ "text": text }));
    }

    pub fn url(&self) -> String {
        self.done("GET", "/url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Errors that the page or its policy caused since the last look; a refusal of the API is not one.
    pub fn complaints(&self) -> Vec<String> {
        let entries = self.done("POST", "/se/log", &json!({ "type": "browser" }));
        let messages =
            entries.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned());
        messages.filter(|message| !message.contains("Failed to load resource")).collect()
    }

    /// Says what the system says to pages that ask for its colours, and how wide the window is.
    pub fn appear(&self, colours: &str, width: u32) {
        let features = json!([{ "name": "prefers-color-scheme", "value": colours }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    fn devtools(&self, command: &str, params: &Value) -> Value {
        self.done("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    fn element(&self, selector: &str) -> String {
        let by = json!({ "using": "css selector", "value": selector });
        let found = wait::some(&format!("there is {selector}"), || self.send("POST", "/element", &by).ok());
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        self.send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let url = format!("{}{path}", self.session);
        let answer = match method {
            "GET" => self.agent.get(url).call(),
            "DELETE" => self.agent.delete(url).call(),
            _ => self
                .agent
                .post(url)
                .header("content-type", "application/json")
                .send(body.to_string().as_bytes()),
        };
        let mut answer = answer.expect("chromedriver answers");
        let text = answer.body_mut().with_config().limit(1 << 28).read_to_string().unwrap();
        let value = serde_json::from_str::<Value>(&text).unwrap()["value"].take();
        if answer.status().is_success() { Ok(value) } else { Err(value) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
