//! The console in Chromium.

use doorstep_tests::browser;
use doorstep_tests::harness::{Phone, TestCouncil, json, sample};

#[test]
fn the_console_shows_exports_and_hides_what_it_should() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let officer = Phone::of("melton-2", &council, council.address());
    let ivan = officer.enters("WO-261124-00009");
    officer.does(&["visit", "flag", &ivan, "--kind", "safeguarding", "--note", "The boy said he sleeps in the shed."]);
    let folder = tempfile::tempdir().unwrap();
    for (purpose, side) in [("before", 600), ("after", 500)] {
        let file = folder.path().join("photo.jpg");
        std::fs::write(&file, doorstep_tests::sample::photo(side)).unwrap();
        officer.does(&["visit", "photo", &ivan, "--purpose", purpose, &file.display().to_string()]);
    }
    officer.does(&["visit", "leave", &ivan, "--outcome", "completed"]);
    let refused = officer.starts("WO-261124-00026");
    officer.does(&["visit", "refuse", &refused, "--reason", "other", "--words", "I have the flu"]);
    officer.does(&["sync"]);
    // A copy of the phone makes other records: both histories are kept, and the desk is told.
    let copy = officer.cloned();
    for (phone, visit) in [(&officer, &refused), (&copy, &ivan)] {
        phone.does(&[
            "visit",
            "flag",
            visit,
            "--kind",
            "safeguarding",
            "--note",
            "The boy said he sleeps in the shed.",
        ]);
        phone.does(&["visit", "welfare", &refused]);
    }
    officer.does(&["sync"]);
    assert_eq!(copy.says(&["sync"])["waiting"], 0);
    assert_eq!(copy.says(&["status"])["set_aside"], 0, "what was set aside was issued again under a new number");
    let electrician = Phone::of("vale-3", &council, council.address());
    let oconnor = electrician.starts("WO-261124-00032");
    electrician.does(&["visit", "no-answer", &oconnor]);
    let said = |kind: &str, words: &str| {
        electrician.does(&["visit", "concern", &oconnor, "--kind", kind, "--words", words]);
    };
    said("complaint", "The gate was left open");
    said("breach", "My mate was rude at the door");
    electrician.does(&["sync"]);

    // A phone that was revoked still sends what it has. It stands apart until somebody decides.
    let trader = Phone::of("vale-4", &council, council.address());
    let gate = trader.starts("WO-261124-00044");
    let phones = json(&council.does(&["phones", "--search", "vale-4", "--json"]));
    council.does(&["revoke-phone", phones[0]["device"].as_str().unwrap()]);
    trader.does(&["visit", "concern", &gate, "--kind", "gift", "--words", "A box of biscuits, not taken"]);
    trader.does(&["sync"]);

    let photo = &officer.says(&["visit", "show", &ivan])["photos"][0]["photo"]["sha256"];

    let told = [("DOORSTEP_OTHERS_VISIT", ivan.as_str()), ("DOORSTEP_OTHERS_PHOTO", photo.as_str().unwrap())];
    browser::goes_through("pages", &council, &told);
}
