//! The program behind `cargo xtask run`, which builds everything first. `open` starts the council
//! and the app for a person. `walk` drives both by itself on a display of its own, and leaves
//! pictures and the export in `target/demo/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use doorstep_tests::harness::{Line, LineState, PASSWORD, TestCouncil, programs, root};
use doorstep_tests::sample::appointments_today;
use doorstep_tests::window::{Desk, Look, Window};

#[tokio::main]
async fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("open") => open(),
        _ => walk().await,
    }
}

fn council() -> TestCouncil {
    println!("Starting the council on its embedded database, with sample people and appointments.");
    let council = TestCouncil::open();
    let file = council.data().join("today.csv");
    fs::write(&file, appointments_today()).expect("sample data can be written");
    council.does(&["import-appointments", &file.display().to_string()]);
    council
}

fn open() {
    let council = council();
    let store = tempfile::tempdir().expect("the app needs a folder");
    println!("\nThe console is at http://{}: user super-1, password {PASSWORD}.", council.address());
    println!("In the app: the address http://{} and the code {}", council.address(), council.code_for("melton-2"));
    println!("Close the app's window to end.\n");
    let ended = Command::new(programs().join("doorstep-app")).arg("--store").arg(store.path()).status();
    println!("The app has ended: {ended:?}.");
}

async fn walk() {
    let folder = root().join("target/demo");
    let _old_pictures = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the pictures can be made");
    for (scheme, look) in [("dark", Look::Dark), ("light", Look::Light)] {
        let council = council();
        let line = Line::to(council.address());
        println!("Opening the real window ({scheme}).");
        let desk = Desk::new(390, 844, look);
        visit(&desk, &council, &line, &Album { folder: folder.clone(), scheme }).await;
        console(&council, &folder, scheme);
        if look == Look::Light {
            export(&council, &folder);
        }
    }
    println!("\nDone. Pictures of each screen and the export are in target/demo/.");
    println!(
        "To use it yourself, run `cargo xtask run` on a machine with a display. Open next: README.md, docs/architecture.md."
    );
}

fn export(council: &TestCouncil, folder: &Path) {
    let export = folder.join("visits.csv");
    council.does(&["export", "--what", "visits", "--format", "csv", "--out", &export.display().to_string()]);
    println!("\nThe export, target/demo/visits.csv:");
    for row in council.export("visits") {
        println!("  {} | {} | {} | {}", row["tenant_name"], row["address"], row["outcome"], row["received_at"]);
    }
}

/// The folder for pictures of the app, and the colour scheme that goes into their names.
struct Album {
    folder: PathBuf,
    scheme: &'static str,
}

impl Album {
    async fn take(&self, window: &Window, name: &str) {
        window.picture(&self.folder.join(format!("app-{name}-{}.png", self.scheme))).await;
    }
}

async fn visit(desk: &Desk, council: &TestCouncil, line: &Line, album: &Album) {
    let window = desk.open().await;
    window.sees("h1", "Set up this phone").await;
    album.take(&window, "01-first-run").await;
    window.types("#code", &council.code_for("melton-2")).await;
    window.types("#server", &format!("http://{}", line.address())).await;
    window.tap("#enrol").await;
    window.sees("h1", "Choose a PIN").await;
    album.take(&window, "02-pin").await;
    window.types("#pin", "493817").await;
    window.types("#again", "493817").await;
    window.tap("#set-pin").await;
    window.sees("h1", "Sign the Code").await;
    album.take(&window, "02-the-code").await;
    window.tap("#sign").await;
    window.tap("#check").await;
    window.sees("h2", "4 The Old Dairy").await;
    album.take(&window, "03-today").await;

    println!("Network off. A visit is ticked off.");
    line.set(LineState::Cut);
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("#shut", "clause 3.2").await;
    album.take(&window, "04-visit-before").await;
    for step in ["id_worn", "introduced", "reason_stated", "id_shown", "adult_present"] {
        window.tap(&format!("[data-step='{step}'] .step-main")).await;
        window.sees(&format!("[data-step='{step}']"), ":").await;
    }
    album.take(&window, "05-at-the-door").await;
    window.tap("#go-in").await;
    window.tap("[data-consent='tenant']").await;
    window.sees("#entered", "Went in").await;
    window.tap("[data-step='shoe_covers'] .step-main").await;
    window.tap("[data-step='area_tidy'] .step-main").await;
    window.tap("#completed").await;
    window.sees("#ended", "Completed").await;
    album.take(&window, "06-completed").await;

    println!("A visit is refused.");
    window.tap("#to-today").await;
    window.tap("[data-ref='WO-TODAY-2']").await;
    window.tap("#refused").await;
    window.sees("main", "That is their right").await;
    album.take(&window, "07-refused").await;
    window.tap("[data-reason='support_needs']").await;
    window.sees("#refused-saved", "Saved").await;
    album.take(&window, "08-refused-saved").await;
    window.tap("#back").await;
    window.tap("#concern").await;
    window.sees("main", "Is anyone in danger now?").await;
    album.take(&window, "09-concern").await;
    window.tap("#sending").await;
    window.sees("main", "when there is signal").await;
    album.take(&window, "10-outbox-waiting").await;

    println!("The app is killed and opened again.");
    desk.kill_app();
    window.forget().await;
    let window = desk.open().await;
    window.sees("h1", "Enter your PIN").await;
    album.take(&window, "11-lock").await;
    window.types("#pin", "493817").await;
    window.tap("#sign-in").await;
    window.sees("main", "Done").await;
    album.take(&window, "12-today-after-the-kill").await;

    println!("Network on. It is sent.");
    line.set(LineState::Whole);
    window.tap("#sending").await;
    window.tap("#send-now").await;
    window.sees("#all-sent", "with the council").await;
    album.take(&window, "13-all-sent").await;
    window.close().await;
}

/// Takes pictures of the console in Chromium.
fn console(council: &TestCouncil, folder: &Path, scheme: &str) {
    println!("Both visits are in the console.");
    let taken = Command::new("node")
        .arg("console/browser/pictures.mjs")
        .current_dir(root().join("ui"))
        .env("DOORSTEP_CONSOLE", format!("http://{}", council.address()))
        .env("DOORSTEP_PASSWORD", PASSWORD)
        .env("DOORSTEP_PICTURES", folder)
        .env("DOORSTEP_SCHEME", scheme)
        .status();
    assert!(taken.is_ok_and(|status| status.success()), "the console can't be pictured");
}
