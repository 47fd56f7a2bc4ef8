//! A locked phone in its real window: it shows nothing that it holds, and still lets somebody
//! leave, be safe, raise a concern, and go on with a new code.

use doorstep_core::Clock;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Line, LineState, TestCouncil, eventually};
use doorstep_tests::window::{Desk, Look};
use serde_json::json;

use crate::window::{import_todays, is_accessible, set_up};

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_phone_shows_nothing_and_still_leaves_says_safe_and_takes_a_concern() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(320, 568, Look::Light);
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    let started = window.asks("start_visit", &json!({ "appointment": "WO-TODAY-1" })).await;
    let expected_end = doorstep_core::SystemClock.now().utc() + chrono::TimeDelta::minutes(30);
    let command = json!({ "work_alone": { "device_on": true, "expected_end": expected_end } });
    window.asks("act", &json!({ "visit": started["visit"]["visit"], "command": command })).await;
    line.set(LineState::Cut);
    window.tap("#sending").await;
    window.tap("#lock").await;
    window.sees("h1", "Enter your PIN").await;
    is_accessible(&window, "locked in a visit").await;
    let shown = window.text_of("body").await;
    for held in ["Kwame", "Old Dairy", "Dafydd", "Boiler"] {
        assert!(!shown.contains(held), "a locked phone shows {held}: {shown}");
    }

    window.tap("#concern-locked").await;
    window.tap("[data-concern='safeguarding']").await;
    window.types("#note", "A child alone in the flat").await;
    is_accessible(&window, "a concern on a locked phone").await;
    window.tap("#save-concern").await;
    window.sees("#concern-saved", "Saved and sealed").await;
    window.tap("#concern-done").await;
    window.tap("#leave-locked").await;
    window.sees("#left-locked", "Saved").await;
    window.tap("#safe-locked").await;
    window.sees("#said-safe", "you are safe").await;
    is_accessible(&window, "left while locked").await;
    desk.kill_app();
    window.forget().await;

    // The battery died, and nobody enters the PIN: what was said is sent all the same.
    line.set(LineState::Whole);
    let window = desk.open().await;
    window.sees("h1", "Enter your PIN").await;
    tokio::task::block_in_place(|| {
        let lead = ConsoleClient::of("lead-1", &council);
        eventually("the note is with the council", || {
            lead.reads("/api/safeguarding")["notes"].as_array().is_some_and(|notes| notes.len() == 1)
        });
    });
    eventually("the visit has ended", || council.export("visits").iter().any(|row| row["outcome"] == "withdrawn"));

    // The PIN is forgotten.
    window.tap("#new-code").await;
    window.sees("#new-code-means", "still goes to the council").await;
    is_accessible(&window, "a new code").await;
    set_up(&window, &council, &line).await;
    window.sees("#sending", "All sent").await;
    window.close().await;
}
