//! The real window, from enrolment to receipt.

use doorstep_core::Clock;
use doorstep_tests::harness::{Line, LineState, TestCouncil, eventually, json as read};
use doorstep_tests::window::{Desk, Look, Window};
use serde_json::json;

/// Sample appointments of today, so that the app shows them as today's.
pub(crate) fn import_todays(council: &TestCouncil) {
    let table = doorstep_tests::sample::appointments_today();
    let file = council.data().join("today.csv");
    std::fs::write(&file, table).unwrap();
    council.does(&["import-appointments", &file.display().to_string()]);
}

/// Sets the phone up: enters the code, chooses a PIN, and signs the Code of conduct.
pub(crate) async fn set_up(window: &Window, council: &TestCouncil, line: &Line) {
    enrols(window, council, line).await;
    window.sees("h1", "Sign the Code").await;
    is_accessible(window, "first run, the Code").await;
    window.tap("#sign").await;
    window.tap("#check").await;
    window.sees("h2", "Flat 19, 4 The Old Dairy").await;
}

async fn enrols(window: &Window, council: &TestCouncil, line: &Line) {
    window.types("#code", &council.code_for("melton-2")).await;
    window.types("#server", &format!("http://{}", line.address())).await;
    window.tap("#enrol").await;
    window.sees("h1", "Choose a PIN").await;
    is_accessible(window, "choosing a PIN").await;
    window.types("#pin", "493817").await;
    window.types("#again", "493817").await;
    window.tap("#set-pin").await;
}

pub(crate) async fn is_accessible(window: &Window, screen: &str) {
    let pictures = doorstep_tests::harness::root().join("target/pictures/app");
    std::fs::create_dir_all(&pictures).unwrap();
    let picture = |name: &str| pictures.join(format!("{}.png", name.replace([' ', ','], "-")));
    window.picture(&picture(screen)).await;
    assert_eq!(window.axe_violations().await, Vec::<String>::new(), "{screen}");
    assert_eq!(window.small_or_outside().await, Vec::<String>::new(), "{screen}");
    // On the smallest phone.
    let (width, height) = window.size().await;
    window.resizes(320, 568).await;
    window.picture(&picture(&format!("{screen}, 320 wide"))).await;
    assert_eq!(window.small_or_outside().await, Vec::<String>::new(), "{screen}, 320 pixels wide");
    window.resizes(width, height).await;
    // Text twice as large, as a phone's own setting makes it.
    window.enlarges_text(200).await;
    window.picture(&picture(&format!("{screen}, 200 percent"))).await;
    assert_eq!(window.small_or_outside().await, Vec::<String>::new(), "{screen}, with text of 200 %");
    window.enlarges_text(100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_goes_from_enrolment_to_receipt_through_a_kill_and_a_cut_line() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(390, 844, Look::Light);
    let window = desk.open().await;
    is_accessible(&window, "first run").await;
    set_up(&window, &council, &line).await;
    is_accessible(&window, "today").await;

    line.set(LineState::Cut);
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("#shut", "clause 3.2").await;
    for step in ["id_worn", "introduced", "reason_stated", "id_shown", "adult_present"] {
        window.tap(&format!("[data-step='{step}'] .step-main")).await;
        window.sees(&format!("[data-step='{step}']"), ":").await;
    }
    is_accessible(&window, "visit at the door").await;
    window.tap("#my-id").await;
    window.sees("#id-name", "Dafydd Ó Briain").await;
    window.sees("main", "01664 502 502").await;
    is_accessible(&window, "my ID").await;
    window.tap("#id-done").await;
    window.sees("[data-step='adult_present']", "Adult present").await;
    desk.kill_app();
    window.forget().await;

    let window = desk.open().await;
    is_accessible(&window, "lock").await;
    window.types("#pin", "111222").await;
    window.tap("#sign-in").await;
    window.sees("[role=alert]", "not your PIN").await;
    window.types("#pin", "493817").await;
    window.tap("#sign-in").await;
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("[data-step='adult_present']", "Adult present").await;
    window.tap("#go-in").await;
    window.tap("[data-consent='tenant']").await;
    window.sees("#entered", "Went in").await;
    window.tap("[data-step='shoe_covers'] .step-main").await;
    let photo = desk.file("IMG_0001.jpg", &doorstep_tests::sample::photo(400));
    let fake = desk.file("IMG_0002.jpg", b"not a picture");
    window.uploads("[data-add-photo='before']", &fake).await;
    window.sees("[role=alert]", "not a photo").await;
    window.uploads("[data-add-photo='before']", &photo).await;
    window.sees("[data-photo='before']", "Saved on this phone").await;
    window.shows_picture("[data-photo='before'] img").await;
    is_accessible(&window, "visit inside").await;
    window.tap("#concern").await;
    is_accessible(&window, "concern").await;
    // A desktop may not be able to call: the number is shown, and the app stays open.
    window.tap("[data-call='999']").await;
    window.sees("[role=status]", "999").await;
    window.tap("[data-concern='safeguarding']").await;
    is_accessible(&window, "safeguarding").await;
    window.types("#note", "The boy said he sleeps in the shed.").await;
    window.tap("#save-concern").await;
    window.sees("#concern-saved", "sealed").await;
    window.tap("#concern-done").await;
    window.tap("#completed").await;
    window.sees("#ended", "Completed").await;
    window.sees("#custody", "Saved on this phone").await;
    window.tap("#sending").await;
    window.sees("main", "Flat 19, 4 The Old Dairy").await;
    let outbox = window.text_of("main").await.to_lowercase();
    assert!(
        !outbox.contains("safeguarding") && !outbox.contains("concern"),
        "the outbox tells that there is a concern: {outbox}"
    );
    is_accessible(&window, "outbox").await;

    line.set(LineState::Whole);
    window.tap("#send-now").await;
    window.sees("#all-sent", "with the council").await;
    window.sees("#photos-sent", "No photos wait").await;
    window.sees("#sending", "All sent").await;
    window.close().await;

    let rows = council.export("visits");
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0]["photos_taken"].as_str(), rows[0]["photos_held"].as_str()), ("1", "1"));
    assert_eq!((rows[0]["outcome"].as_str(), rows[0]["tenant_name"].as_str()), ("completed", "Иван Patel"));
    assert_eq!(rows[0]["shoe_covers"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_three_taps_and_sends_itself_on_the_smallest_phone_in_the_dark() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(320, 568, Look::Dark);
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    is_accessible(&window, "today, small and dark").await;

    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("[data-step='introduced']", "Said who I am").await;
    is_accessible(&window, "visit, small and dark").await;
    window.tap("#refused").await;
    is_accessible(&window, "refused, small and dark").await;
    window.tap("[data-reason='support_needs']").await;
    window.sees("#refused-saved", "Saved").await;
    window.types("#words", "Not without my daughter").await;
    window.tap("#save-words").await;
    window.sees("main", "Not without my daughter").await;
    is_accessible(&window, "refused and saved, small and dark").await;
    // Nobody taps "Send now".
    window.sees("#sending", "All sent").await;
    window.close().await;

    let rows = council.export("visits");
    assert_eq!((rows[0]["outcome"].as_str(), rows[0]["refusal_validity"].as_str()), ("entry_refused", "valid"));
    assert_eq!(rows[0]["refusal_words"], "Not without my daughter");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_is_read_searched_and_signed_and_only_then_does_a_visit_start() {
    let council = TestCouncil::open();
    import_todays(&council);
    council.publishes_code();
    let line = Line::to(council.address());
    let desk = Desk::new(390, 844, Look::HighContrast);
    let window = desk.open().await;
    enrols(&window, &council, &line).await;
    window.sees("h1", "Sign the Code").await;
    window.tap("#back").await;
    window.sees("h1", "The Code").await;
    window.tap("#back").await;
    window.sees("#sign-the-code", "waits for your signature").await;
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("[role=alert]", "sign the Code of conduct first (clause 9)").await;

    line.set(LineState::Cut);
    window.tap("#code").await;
    window.types("#search", "shoes").await;
    window.misses("[data-clause='3.1']").await;
    window.sees("[data-clause='3.3']", "covers over your shoes").await;
    is_accessible(&window, "the Code, searched").await;
    window.tap("#to-sign").await;
    window.draws("svg.signature").await;
    is_accessible(&window, "signing the Code").await;
    window.tap("#sign").await;
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("#shut", "clause 3.2").await;

    line.set(LineState::Whole);
    window.tap("#sending").await;
    window.tap("#send-now").await;
    window.sees("#all-sent", "with the council").await;
    window.close().await;
    let register = council.export("acknowledgements");
    assert_eq!((register[0]["name"].as_str(), register[0]["signed_by"].as_str()), ("Dafydd Ó Briain", "drawn by hand"));
}

#[tokio::test(flavor = "multi_thread")]
async fn short_notice_is_agreed_consent_is_taken_back_and_leaving_is_one_tap_from_any_screen() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(320, 568, Look::Dark);
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    window.tap("[data-ref='WO-TODAY-5']").await;
    window.sees("#notice", "Short notice").await;
    for step in ["introduced", "reason_stated", "id_shown"] {
        window.tap(&format!("[data-step='{step}'] .step-main")).await;
        window.sees(&format!("[data-step='{step}']"), ":").await;
    }
    window.sees("#shut", "short notice").await;
    is_accessible(&window, "short notice, small and dark").await;
    window.tap("[data-agreed='tenant']").await;
    window.sees("#agreed", "agreed to short notice").await;
    window.tap("#untold summary").await;
    window.tap("[data-told='in_person']").await;
    window.tap("#before-more summary").await;
    window.tap("[data-minutes='30']").await;
    window.sees("#alone", "device on").await;
    is_accessible(&window, "before the door, small and dark").await;
    window.tap("#go-in").await;
    window.tap("[data-consent='tenant']").await;
    window.sees("#entered", "Went in").await;
    window.tap("#withdraw-consent").await;
    window.tap("[data-back='tenant']").await;
    window.sees("#taken-back", "Leave politely").await;
    window.tap("#tenant-signs summary").await;
    window.types("#signer", "Kwame Null").await;
    window.draws("svg.signature").await;
    window.tap("#take-signature").await;
    window.sees("#signed-by", "Kwame Null signed").await;
    is_accessible(&window, "consent taken back, small and dark").await;
    window.tap("#back").await;

    // "Leave now" also works from the screen Today.
    window.tap("#leave-now").await;
    window.sees("#left-now", "you left at").await;
    is_accessible(&window, "left now, small and dark").await;
    window.tap("#i-am-safe").await;
    window.sees("#safe", "safe").await;
    window.tap("[data-withdrawal='consent_withdrawn']").await;
    window.sees("#explained", "They asked me to go").await;
    window.tap("#to-today").await;
    window.sees("#sending", "All sent").await;
    window.close().await;

    let rows = council.export("visits");
    let said = |column: &str| rows[0][column].clone();
    assert_eq!((said("outcome"), said("withdrawal_reason")), ("withdrawn".into(), "consent_withdrawn".into()));
    assert_eq!((said("short_notice_agreed_by"), said("told_who_and_why")), ("tenant".into(), "yes".into()));
    assert_eq!(said("findings"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_to_a_tenant_stays_on_the_list_and_what_is_half_typed_survives_a_kill() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(390, 844, Look::HighContrast);
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    window.tap("[data-before='WO-TODAY-2']").await;
    window.tap("#before-more summary").await;
    window.tap("#cancel").await;
    is_accessible(&window, "calling it off").await;
    window.tap("[data-by='visitor']").await;
    window.tap("[data-why='running_late']").await;
    window.sees("main", "does not know yet").await;
    window.types("#new-time", "Thursday at 10").await;
    is_accessible(&window, "called off, tenant not told").await;
    window.tap("#to-today").await;
    window.sees("#to-do", "Tell the tenant").await;
    window.tap("#unplanned").await;
    window.types("#address", "Flat 3, Corn Cross").await;
    // The app saves a draft shortly after the last key.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    desk.kill_app();
    window.forget().await;

    let window = desk.open().await;
    window.types("#pin", "493817").await;
    window.tap("#sign-in").await;
    window.tap("[data-owed='tell_tenant']").await;
    window.holds("#new-time", "Thursday at 10").await;
    window.tap("[data-told='phone']").await;
    window.sees("#told-of-cancellation", "Thursday at 10").await;
    window.tap("#to-today").await;

    window.tap("#unplanned").await;
    window.holds("#address", "Flat 3, Corn Cross").await;
    is_accessible(&window, "without an appointment").await;
    window.types("#purpose", "Water through the ceiling").await;
    window.tap("#start-unplanned").await;
    window.sees("main", "Flat 3, Corn Cross").await;
    window.tap("#no-answer").await;
    window.sees("#refused-saved", "No answer").await;
    window.tap("[data-card='yes']").await;
    window.sees("#card", "Card left").await;
    window.types("#needs", "Knock at the back").await;
    window.tap("#save-needs").await;
    window.sees("#needs-saved", "Knock at the back").await;
    is_accessible(&window, "no answer").await;
    window.tap("#concern").await;
    window.tap("[data-concern='complaint']").await;
    window.types("#note", "They have waited six weeks").await;
    window.tap("#told-of-process").await;
    is_accessible(&window, "complaint").await;
    window.tap("#save-concern").await;
    window.sees("#concern-saved", "runs from when they said it").await;
    window.tap("#concern-done").await;
    window.tap("#past").await;
    window.sees("main", "Flat 3, Corn Cross").await;
    is_accessible(&window, "my visits").await;
    window.tap("#back").await;
    window.tap("#watched").await;
    window.sees("main", "Hidden").await;
    assert!(!window.text_of("body").await.contains("Kwame Null"), "a name is shown while somebody can see the screen");
    window.sees("#sending", "All sent").await;
    window.close().await;

    let visits = council.export("visits");
    let cancelled = visits.iter().find(|row| row["outcome"] == "cancelled").unwrap();
    assert_eq!(cancelled["tenant_told_of_cancellation"], "yes");
    let concerns = council.export("concerns");
    assert_eq!((concerns[0]["kind"].as_str(), concerns[0]["tenant_told_of_process"].as_str()), ("complaint", "yes"));
    assert_eq!(council.export("no-access").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_alone_who_is_late_is_asked_by_a_notification_that_names_nobody() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let mut desk = Desk::new(390, 844, Look::Light);
    desk.shows_notifications();
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    let started = window.asks("start_visit", &json!({ "appointment": "WO-TODAY-1" })).await;
    let expected_end = doorstep_core::SystemClock.now().utc() - chrono::TimeDelta::minutes(20);
    let command = json!({ "work_alone": { "device_on": true, "expected_end": expected_end } });
    window.asks("act", &json!({ "visit": started["visit"]["visit"], "command": command })).await;
    window.sees("#overdue", "Are you safe?").await;
    eventually("a notification", || desk.notifications().contains("Are you safe?"));
    let said = desk.notifications();
    for personal in ["Kwame", "Old Dairy", "Dafydd", "Boiler"] {
        assert!(!said.contains(personal), "a locked phone shows {personal}: {said}");
    }
    is_accessible(&window, "overdue").await;
    window.tap("#overdue button").await;
    window.misses("#overdue").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_said_and_kept_whole_and_one_that_can_t_be_used_is_tried_again() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(390, 844, Look::HighContrast);
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    window.close().await;

    let file = desk.store().join("doorstep.db");
    let mut damaged = std::fs::read(&file).unwrap();
    damaged.iter_mut().take(4096).for_each(|byte| *byte ^= 0x5a);
    std::fs::write(&file, &damaged).unwrap();
    let window = desk.open().await;
    window.types("#pin", "493817").await;
    window.tap("#sign-in").await;
    window.sees("#salvaged", "kept as it was found").await;
    window.sees("#salvaged", "came back").await;
    is_accessible(&window, "a mended store").await;
    let folder = std::fs::read_dir(desk.store().join("set-aside")).unwrap().next().unwrap().unwrap();
    assert_eq!(std::fs::read(folder.path().join("doorstep.db")).unwrap(), damaged);
    window.tap("#salvaged-read").await;
    window.misses("#salvaged").await;
    window.sees("[data-ref='WO-TODAY-1']", "Start").await;
    window.close().await;

    // A folder that can't be used for now.
    let journal = desk.store().join("doorstep.journal");
    let kept = desk.store().join("elsewhere");
    std::fs::rename(&journal, &kept).unwrap();
    std::fs::create_dir(&journal).unwrap();
    let window = desk.open().await;
    window.sees("#trouble", "can't be used").await;
    is_accessible(&window, "trouble").await;
    std::fs::remove_dir(&journal).unwrap();
    std::fs::rename(&kept, &journal).unwrap();
    window.tap("#try-again").await;
    window.sees("h1", "Enter your PIN").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_revoked_says_so_and_what_was_begun_is_finished_and_sent() {
    let council = TestCouncil::open();
    import_todays(&council);
    let line = Line::to(council.address());
    let desk = Desk::new(390, 844, Look::Light);
    let window = desk.open().await;
    set_up(&window, &council, &line).await;
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.sees("[data-step='introduced']", "Said who I am").await;
    window.sees("#sending", "All sent").await;
    let phones = read(&council.does(&["phones", "--json"]));
    council.does(&["revoke-phone", phones[0]["device"].as_str().unwrap()]);
    window.tap("#back").await;
    window.tap("#check").await;
    window.sees("#standing", "has ended the use of this phone").await;
    window.sees("#standing", "Finish the visit that you are in").await;
    window.misses("#unplanned").await;
    window.misses("[data-ref='WO-TODAY-2']").await;
    is_accessible(&window, "today, revoked").await;
    window.tap("[data-ref='WO-TODAY-1']").await;
    window.tap("#refused").await;
    window.tap("[data-reason='support_needs']").await;
    window.sees("#refused-saved", "Saved").await;
    window.sees("#sending", "All sent").await;
    window.types("#words", "Not without my daughter").await;
    window.tap("#save-words").await;
    window.sees("main", "Not without my daughter").await;
    window.sees("#sending", "All sent").await;
    is_accessible(&window, "refused, revoked").await;
    window.close().await;
}
