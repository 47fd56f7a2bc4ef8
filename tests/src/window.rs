//! The real window on a display of its own, with a key store of its own, driven as a person would: by what is on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::cast;

/// A display, a session bus with a key store, and the driver of windows. All of it ends with it.
#[derive(Debug)]
pub struct Desk {
    folder: tempfile::TempDir,
    children: Vec<Child>,
    environment: Vec<(String, String)>,
    port: u16,
    size: (u32, u32),
    look: Look,
}

/// How somebody has set their screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As it comes.
    Light,
    /// Dark.
    Dark,
    /// With more contrast.
    HighContrast,
}

impl Look {
    fn theme(self) -> &'static str {
        match self {
            Self::Light => "Adwaita",
            Self::Dark => "Adwaita:dark",
            Self::HighContrast => "HighContrast",
        }
    }

    /// What a page asks to know of it, as a media query.
    fn media(self) -> &'static str {
        match self {
            Self::Light => "(prefers-color-scheme: light)",
            Self::Dark => "(prefers-color-scheme: dark)",
            Self::HighContrast => "(prefers-contrast: more)",
        }
    }
}

/// A child that says one line about itself first.
fn child_with_first_line(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap_or_else(|error| {
        panic!("{command:?} does not start: {error}; `cargo xtask test` installs what it needs");
    });
    let mut line = String::new();
    let out = child.stdout.take().expect("the child has an output");
    BufReader::new(out).read_line(&mut line).expect("the child says something");
    (child, line.trim().to_owned())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a port has an address").port()
}

impl Desk {
    /// A desk with a display of this size, as somebody has set it.
    ///
    /// # Panics
    /// When a part of it does not start.
    #[must_use]
    pub fn new(width: u32, height: u32, look: Look) -> Self {
        let folder = tempfile::tempdir().expect("a desk needs a folder");
        let screen = format!("{width}x{height}x24");
        let (display, number) = child_with_first_line(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &screen,
            "-nolisten",
            "tcp",
        ]));
        let runtime = folder.path().join("runtime");
        fs::create_dir_all(&runtime).expect("a folder can be made");
        fs::set_permissions(&runtime, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .expect("a folder can be closed");
        let mut environment = vec![
            ("DISPLAY".to_owned(), format!(":{number}")),
            ("XDG_RUNTIME_DIR".to_owned(), runtime.display().to_string()),
            ("XDG_DATA_HOME".to_owned(), folder.path().join("data").display().to_string()),
            ("NO_AT_BRIDGE".to_owned(), "1".to_owned()),
            ("GTK_THEME".to_owned(), look.theme().to_owned()),
        ];
        let (bus, address) = child_with_first_line(
            Command::new("dbus-daemon").args(["--session", "--nofork", "--print-address=1"]).envs(environment.clone()),
        );
        environment.push(("DBUS_SESSION_BUS_ADDRESS".to_owned(), address));
        let mut desk =
            Self { folder, children: vec![display, bus], environment, port: free_port(), size: (width, height), look };
        desk.unlock_key_store();
        desk.start_driver();
        desk
    }

    fn unlock_key_store(&mut self) {
        let mut keys = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the key store starts");
        let mut input = keys.stdin.take().expect("the key store has an input");
        input.write_all(b"a password for a test").expect("the key store takes its password");
        drop(input);
        self.children.push(keys);
    }

    fn start_driver(&mut self) {
        let installed = cast::root().join("target/tools/bin/tauri-driver");
        let driver = if installed.exists() { installed } else { PathBuf::from("tauri-driver") };
        let native = free_port();
        let driver = Command::new(driver)
            .args(["--port", &self.port.to_string(), "--native-port", &native.to_string()])
            .envs(self.environment.clone())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tauri-driver starts; `cargo xtask test` installs it");
        self.children.push(driver);
        // The driver listens before the one behind it does, and drops what it is asked until then.
        let listens = |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        let port = self.port;
        cast::eventually("tauri-driver", || listens(port) && listens(native));
    }

    /// Brings in a desktop that shows notifications.
    ///
    /// # Panics
    /// When it does not come.
    pub fn shows_notifications(&mut self) {
        let dunst = self.command(Path::new("dunst")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.children.push(dunst.expect("dunst starts; `cargo xtask test` installs it"));
        let answers = || self.dunst("count").is_some();
        cast::eventually("dunst", answers);
    }

    /// Everything that notifications have said, as they said it.
    #[must_use]
    pub fn notifications(&self) -> String {
        self.dunst("history").unwrap_or_default()
    }

    fn dunst(&self, word: &str) -> Option<String> {
        if word == "history" {
            // What is still on the display comes into the history by being closed.
            let _nothing_to_close = self.command(Path::new("dunstctl")).arg("close-all").output();
        }
        let answered = self.command(Path::new("dunstctl")).arg(word).output().ok()?;
        answered.status.success().then(|| String::from_utf8_lossy(&answered.stdout).into_owned())
    }

    /// The folder of the app's store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// A program that runs at the desk, with its display and its key store.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.clone());
        command
    }

    /// A file that lies on the desk.
    ///
    /// # Panics
    /// When it can't be written.
    #[must_use]
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("a file can be written");
        path
    }

    /// Opens the app's window.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn open(&self) -> Window {
        let application = cast::programs().join("doorstep-app");
        assert!(application.exists(), "build the shell first: cargo build -p doorstep-app --features custom-protocol");
        let store = self.store().display().to_string();
        let options = json!({ "application": application, "args": ["--store", store] });
        let mut capabilities = Capabilities::new();
        capabilities.insert("browserName".to_owned(), json!("wry"));
        capabilities.insert("tauri:options".to_owned(), options);
        let address = format!("http://127.0.0.1:{}", self.port);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .expect("the window opens");
        let (width, height) = self.size;
        let window = Window { client };
        window.resizes(width, height).await;
        let script = format!("done(matchMedia('{}').matches ? 1 : 0)", self.look.media());
        assert!(window.measures(&script).await > 0.5, "the window does not look {:?}", self.look);
        window
    }

    /// Kills the app outright, as an operating system short of memory would.
    ///
    /// # Panics
    /// When there is no app to kill.
    pub fn kill_app(&self) {
        let store = self.store().display().to_string();
        let killed = Command::new("pkill").args(["-KILL", "-f", &format!("doorstep-app --store {store}")]).status();
        assert!(killed.is_ok_and(|status| status.success()), "the app was not there to be killed");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // The driver first, and gently: it takes its own children with it.
        for child in self.children.iter_mut().rev() {
            let _asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            for _ in 0..30 {
                if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// The app's window.
#[derive(Debug)]
pub struct Window {
    client: Client,
}

/// How long something may take to appear. It is a bound, not a measure: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

impl Window {
    /// Taps what a selector finds, once it is there.
    ///
    /// # Panics
    /// When it does not appear.
    pub async fn tap(&self, selector: &str) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector} is not there to be tapped: {error}"));
        let mut last = None;
        for _ in 0..50 {
            // As a thumb would: what is half under the foot of the screen is pulled up first.
            // And once it is still.
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

    /// Types into what a selector finds, in place of what is there.
    ///
    /// # Panics
    /// When it does not appear.
    pub async fn types(&self, selector: &str, text: &str) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector} is not there to type into: {error}"));
        element.clear().await.expect("a field can be cleared");
        element.send_keys(text).await.expect("a field takes text");
    }

    /// Chooses a file in a field for files.
    ///
    /// # Panics
    /// When there is no such field.
    pub async fn uploads(&self, selector: &str, file: &Path) {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        let field = found.unwrap_or_else(|error| panic!("{selector} is not there to take a file: {error}"));
        field.send_keys(&file.display().to_string()).await.expect("a field takes a file");
    }

    /// Waits until a picture is drawn.
    ///
    /// # Panics
    /// When it is not.
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

    /// Waits until what a selector finds says something.
    ///
    /// # Panics
    /// When it does not.
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

    /// Waits until a selector finds nothing any more.
    ///
    /// # Panics
    /// When it still does.
    pub async fn misses(&self, selector: &str) {
        for _ in 0..200 {
            if self.client.find_all(Locator::Css(selector)).await.is_ok_and(|found| found.is_empty()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{selector} is still there");
    }

    /// Waits until a field holds a text.
    ///
    /// # Panics
    /// When it does not.
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

    /// Draws a stroke on what a selector finds, as a finger would.
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

    /// Everything that is to be read in what a selector finds.
    ///
    /// # Panics
    /// When the window is gone.
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

    /// Violations of WCAG 2.2 AA in what is shown, found by axe: one line each.
    ///
    /// # Panics
    /// When axe can't be run.
    pub async fn axe_violations(&self) -> Vec<String> {
        let axe =
            fs::read_to_string(cast::root().join("ui/node_modules/axe-core/axe.min.js")).expect("axe is installed");
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

    /// Runs a script that measures something, and calls `done` with it.
    ///
    /// # Panics
    /// When it measures nothing.
    pub async fn measures(&self, script: &str) -> f64 {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        let measured = self.client.execute_async(&script, vec![]).await.expect("a script runs");
        measured.as_f64().expect("a measurement is a number")
    }

    /// Elements that can be tapped and are smaller than 48 by 48 pixels, or reach outside of the window.
    ///
    /// # Panics
    /// When the window is gone.
    pub async fn small_or_outside(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('button, a[href], input, select, textarea, summary')]
            .map((e) => [e, e.getBoundingClientRect()])
            .filter(([e, r]) => r.width > 0 && (r.height < 47.5 || r.width < 47.5 || r.left < 0 || r.right > innerWidth + 0.5))
            .map(([e, r]) => e.outerHTML.slice(0, 120) + ' ' + Math.round(r.width) + 'x' + Math.round(r.height))";
        let found = self.client.execute(script, vec![]).await.expect("a script runs");
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Makes all text so many percent of its size.
    ///
    /// # Panics
    /// When the window is gone.
    pub async fn enlarges_text(&self, percent: u32) {
        let script = "document.documentElement.style.fontSize = (1.125 * arguments[0] / 100) + 'rem'; return true";
        self.client.execute(script, vec![json!(percent)]).await.expect("a script runs");
    }

    /// The window's size, in pixels.
    ///
    /// # Panics
    /// When the window is gone.
    pub async fn size(&self) -> (u32, u32) {
        let (width, height) = self.client.get_window_size().await.expect("a window has a size");
        (u32::try_from(width).unwrap_or(0), u32::try_from(height).unwrap_or(0))
    }

    /// Makes the window another size.
    ///
    /// # Panics
    /// When it does not become so wide.
    pub async fn resizes(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.expect("a window has a size");
        self.is_as_wide_as(width).await;
    }

    /// Waits until the page is as wide as the display.
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

    /// Forgets the window, which has been killed.
    pub async fn forget(self) {
        let _already_gone = tokio::time::timeout(Duration::from_secs(5), self.client.close()).await;
    }
}
