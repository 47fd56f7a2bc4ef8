//! The app's real window, driven as a person would, by what is on the screen.

use std::fs;
use std::path::Path;
use std::time::Duration;

use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::harness;

/// The app's window.
#[derive(Debug)]
pub struct Window {
    pub(super) client: Client,
}

/// How long something may take to appear. It is long because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

impl Window {
    /// Waits for the element that a CSS selector finds, and taps it.
    ///
    /// # Panics
    /// When it does not appear.
    pub async fn tap(&self, selector: &str) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector} is not there to be tapped: {error}"));
        let mut last = None;
        for _ in 0..50 {
            // As a person would, scroll it clear of the foot of the screen, and tap once it is
            // still.
            let script = "const [thing, done] = arguments;
                thing.scrollIntoView({ block: 'center' });
                const before = thing.getBoundingClientRect().top;
                setTimeout(() => done(thing.getBoundingClientRect().top === before), 50)";
            let still = self.client.execute_async(script, vec![json!(element)]).await;
            if still.is_ok_and(|still| still == false) {
                continue;
            }
            match element.click().await {
                Ok(()) => return,
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{selector} can't be tapped: {last:?}");
    }

    /// Replaces the text of the field that a selector finds.
    ///
    /// # Panics
    /// When it does not appear.
    pub async fn types(&self, selector: &str, text: &str) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector} is not there to type into: {error}"));
        element.clear().await.expect("a field can be cleared");
        element.send_keys(text).await.expect("a field takes text");
    }

    /// Chooses a file in the file field that a selector finds.
    ///
    /// # Panics
    /// When there is no such field.
    pub async fn uploads(&self, selector: &str, file: &Path) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        let field = found.unwrap_or_else(|error| panic!("{selector} is not there to take a file: {error}"));
        field.send_keys(&file.display().to_string()).await.expect("a field takes a file");
    }

    /// Waits until the picture that a selector finds is drawn.
    ///
    /// # Panics
    /// When it is not drawn within about 20 seconds.
    pub async fn shows_picture(&self, selector: &str) {
        let script = "return document.querySelector(arguments[0])?.naturalWidth > 0";
        for _ in 0..200 {
            if self.client.execute(script, vec![json!(selector)]).await.is_ok_and(|drawn| drawn == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{selector} shows no picture");
    }

    /// Waits until the element that a selector finds contains a text.
    ///
    /// # Panics
    /// When it does not contain it within about 20 seconds.
    pub async fn sees(&self, selector: &str, text: &str) {
        let mut seen = String::new();
        for _ in 0..200 {
            if let Ok(element) = self.client.find(Locator::Css(selector)).await {
                seen = element.text().await.unwrap_or_default();
                if seen.contains(text) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{selector} does not say {text:?}, but {seen:?}");
    }

    /// Waits until a selector finds nothing.
    ///
    /// # Panics
    /// When it still finds something after about 20 seconds.
    pub async fn misses(&self, selector: &str) {
        for _ in 0..200 {
            if self.client.find_all(Locator::Css(selector)).await.is_ok_and(|found| found.is_empty()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{selector} is still there");
    }

    /// Waits until the value of the field that a selector finds is exactly this text.
    ///
    /// # Panics
    /// When it is not within about 20 seconds.
    pub async fn holds(&self, selector: &str, text: &str) {
        let mut held = None;
        for _ in 0..200 {
            if let Ok(element) = self.client.find(Locator::Css(selector)).await {
                held = element.prop("value").await.unwrap_or_default();
                if held.as_deref() == Some(text) {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{selector} does not hold {text:?}, but {held:?}");
    }

    /// Draws a stroke on the element that a selector finds, as a finger would.
    ///
    /// # Panics
    /// When it does not appear.
    pub async fn draws(&self, selector: &str) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector} is not there to draw on: {error}"));
        let script = "const field = document.querySelector(arguments[0]);
            field.scrollIntoView({ block: 'center' });
            field.setPointerCapture = () => {};
            const box = field.getBoundingClientRect();
            const at = (kind, across, down) => field.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerId: 1,
                clientX: box.left + across * box.width, clientY: box.top + down * box.height }));
            at('pointerdown', 0.1, 0.7);
            for (let step = 1; step <= 20; step += 1) at('pointermove', 0.1 + step / 30, 0.7 - 0.4 * Math.sin(step / 2));
            at('pointerup', 0.8, 0.5);
            return true";
        self.client.execute(script, vec![json!(selector)]).await.expect("a script runs");
    }

    /// The visible text of the element that a selector finds. Does not wait.
    ///
    /// # Panics
    /// When there is no such element.
    pub async fn text_of(&self, selector: &str) -> String {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector} is not there to be read: {error}"));
        element.text().await.expect("an element has text")
    }

    /// Saves a picture of the window.
    ///
    /// # Panics
    /// When it can't be saved.
    pub async fn picture(&self, file: &Path) {
        let picture = self.client.screenshot().await.expect("a window can be pictured");
        fs::write(file, picture).expect("a picture can be written");
    }

    /// Violations of WCAG 2.2 AA that axe finds in what is shown, one text each.
    ///
    /// # Panics
    /// When axe can't be run.
    pub async fn axe_violations(&self) -> Vec<String> {
        let axe =
            fs::read_to_string(harness::root().join("ui/node_modules/axe-core/axe.min.js")).expect("axe is installed");
        self.client.execute(&format!("{axe}; return true"), vec![]).await.expect("axe can be loaded");
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(
                (result) => done(result.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '))),
                (error) => done(['axe failed: ' + error]))";
        let found = self.client.execute_async(script, vec![]).await.expect("axe runs");
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Asks the app's core as a screen does, and returns its answer.
    ///
    /// # Panics
    /// When the core refuses.
    pub async fn asks(&self, command: &str, said: &Value) -> Value {
        let script = "const [command, said, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, said).then(done, (refused) => done({ refused }))";
        let answer = self.client.execute_async(script, vec![json!(command), said.clone()]).await;
        let answer = answer.expect("the core is asked");
        assert!(answer.get("refused").is_none_or(|refused| refused.is_null()), "{command}: {answer}");
        answer
    }

    /// Runs a script and returns the number with which it calls `done`.
    ///
    /// # Panics
    /// When the script fails, or calls `done` with something else.
    pub async fn measures(&self, script: &str) -> f64 {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        let measured = self.client.execute_async(&script, vec![]).await.expect("a script runs");
        measured.as_f64().expect("a measurement is a number")
    }

    /// Elements that can be tapped but are smaller than 48 by 48 pixels or reach past the sides of
    /// the window, and a bar or foot that is not fully inside the window.
    ///
    /// # Panics
    /// When the window is gone.
    pub async fn small_or_outside(&self) -> Vec<String> {
        let script = "const tapped = [...document.querySelectorAll('button, a[href], input, select, textarea, summary')];
            const always = [...document.querySelectorAll('.bar, .foot')];
            const of = (elements) => elements.map((e) => [e, e.getBoundingClientRect()]);
            return of(tapped)
            .filter(([e, r]) => r.width > 0 && (r.height < 47.5 || r.width < 47.5 || r.left < 0 || r.right > innerWidth + 0.5))
            .concat(of(always).filter(([e, r]) => r.top < -0.5 || r.bottom > innerHeight + 0.5))
            .map(([e, r]) => e.outerHTML.slice(0, 120) + ' ' + Math.round(r.width) + 'x' + Math.round(r.height))";
        let found = self.client.execute(script, vec![]).await.expect("a script runs");
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Sets the size of all text, in percent of the normal size.
    ///
    /// # Panics
    /// When the window is gone.
    pub async fn enlarges_text(&self, percent: u32) {
        let script = "document.documentElement.style.fontSize = (1.125 * arguments[0] / 100) + 'rem'; return true";
        self.client.execute(script, vec![json!(percent)]).await.expect("a script runs");
    }

    /// The window's width and height, in pixels.
    ///
    /// # Panics
    /// When the window is gone.
    pub async fn size(&self) -> (u32, u32) {
        let (width, height) = self.client.get_window_size().await.expect("a window has a size");
        (u32::try_from(width).unwrap_or(0), u32::try_from(height).unwrap_or(0))
    }

    /// Sets the window's width and height, in pixels.
    ///
    /// # Panics
    /// When the page does not reach that width within about 5 seconds.
    pub async fn resizes(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("a window has a size");
        self.is_as_wide_as(width).await;
    }

    /// Waits until the page has this width, in pixels.
    async fn is_as_wide_as(&self, width: u32) {
        for _ in 0..100 {
            if self.client.execute("return innerWidth", vec![]).await.is_ok_and(|wide| wide == width) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the window does not become {width} pixels wide");
    }

    /// Closes the window.
    pub async fn close(self) {
        let _already_gone = self.client.close().await;
    }

    /// Ends the driver's session with a window that was killed.
    pub async fn forget(self) {
        let _already_gone = tokio::time::timeout(Duration::from_secs(5), self.client.close()).await;
    }
}
