//! A virtual display with a key store, on which the app runs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::ClientBuilder;
use fantoccini::wd::Capabilities;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use super::driven::Window;
use crate::harness;

/// A virtual display, a session bus with a key store, and the driver of windows. All of them stop
/// when this value is dropped.
#[derive(Debug)]
pub struct Desk {
    folder: tempfile::TempDir,
    children: Vec<Child>,
    environment: Vec<(String, String)>,
    port: u16,
    size: (u32, u32),
    look: Look,
}

/// The look that somebody has chosen for their screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The system's default theme.
    Light,
    /// A dark theme.
    Dark,
    /// A theme with more contrast.
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

    /// The media query that is true for a page in this look.
    fn media(self) -> &'static str {
        match self {
            Self::Light => "(prefers-color-scheme: light)",
            Self::Dark => "(prefers-color-scheme: dark)",
            Self::HighContrast => "(prefers-contrast: more)",
        }
    }
}

/// Starts a program and waits for its first line, which says where it can be reached.
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
    /// A desk with a display of this width and height, in pixels.
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
        let installed = harness::root().join("target/tools/bin/tauri-driver");
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
        // `tauri-driver` listens before the native driver behind it does, and drops requests until
        // then.
        let listens = |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        let port = self.port;
        harness::eventually("tauri-driver", || listens(port) && listens(native));
    }

    /// Starts a program that shows desktop notifications (`dunst`).
    ///
    /// # Panics
    /// When it does not start.
    pub fn shows_notifications(&mut self) {
        let dunst = self.command(Path::new("dunst")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.children.push(dunst.expect("dunst starts; `cargo xtask test` installs it"));
        let answers = || self.dunst("count").is_some();
        harness::eventually("dunst", answers);
    }

    /// All notifications so far, as `dunstctl history` prints them. Closes those that are shown.
    #[must_use]
    pub fn notifications(&self) -> String {
        self.dunst("history").unwrap_or_default()
    }

    fn dunst(&self, word: &str) -> Option<String> {
        if word == "history" {
            // Close those on the display: only closed notifications are in the history.
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

    /// A command that runs a program with the desk's display and key store.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.clone());
        command
    }

    /// Writes a file into the desk's folder and returns its path.
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
        let application = harness::programs().join("doorstep-app");
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
        // Stop the last one first, with TERM, so that the driver can end its own children.
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
