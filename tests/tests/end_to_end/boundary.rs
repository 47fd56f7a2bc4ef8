//! What the council believes of a phone that lies, on both databases. Each test looks at what
//! happened to everybody else, and not only at the council's answer.

use chrono::Utc;
use doorstep_domain::conduct::{About, Acknowledgement, Concern, Event, Photo, PhotoPurpose, Signing};
use doorstep_domain::ledger::{Hash, Seal};
use doorstep_domain::protocol::{BlobState, DeviceState, Limits, PROTOCOL, SentRecord, Verdict};
use doorstep_domain::v2::HeadClass;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{Phone, TestCouncil, sample};
use doorstep_tests::hostile::{HostilePhone, MadeUpVisit};
use doorstep_tests::postgres::Postgres;
use serde_json::{Value, json};

/// Runs a story at a council on each database.
pub(crate) fn on_both_databases(story: impl Fn(&TestCouncil)) {
    let with_appointments = |council: TestCouncil| {
        council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
        story(&council);
    };
    with_appointments(TestCouncil::open());
    let server = Postgres::start();
    with_appointments(TestCouncil::open_on_postgres(&server.database()));
}

fn set_aside(verdicts: &[Verdict], reason: &str) {
    assert_eq!(verdicts, [Verdict::SetAside(reason.to_owned())]);
}

/// A JPEG with nothing in it but the picture, as the app makes it.
pub(crate) fn plain_picture() -> Vec<u8> {
    let mut plain = std::io::Cursor::new(Vec::new());
    let picture = image::load_from_memory(&doorstep_tests::sample::photo(600)).unwrap();
    picture.write_to(&mut plain, image::ImageFormat::Jpeg).unwrap();
    plain.into_inner()
}

/// A signature under a version of the Code.
pub(crate) fn signed(label: &str) -> Acknowledgement {
    Acknowledgement {
        code: Hash::of_file(label.as_bytes()).to_string(),
        label: label.to_owned(),
        name: "Dafydd Ó Briain".to_owned(),
        position: "Tenancy officer".to_owned(),
        organisation: "Melton Borough Council".to_owned(),
        signed: Signing::Typed("Dafydd Ó Briain".to_owned()),
    }
}

/// What a firm and the council see of everything, for comparing.
pub(crate) fn seen(council: &TestCouncil, user: &str) -> Vec<Value> {
    let console = ConsoleClient::of(user, council);
    let pages = ["/api/visits", "/api/concerns", "/api/no-access", "/api/appointments", "/api/acknowledgements"];
    let mut seen: Vec<Value> = pages.iter().map(|page| console.reads(page)).collect();
    seen.push(console.reads("/api/today")["planned"].clone());
    for page in &mut seen {
        if let Some(page) = page.as_object_mut() {
            page.remove("as_of");
        }
    }
    seen
}

#[test]
fn nobody_speaks_in_a_colleague_s_name() {
    on_both_databases(|council| {
        let (own, others) = (seen(council, "super-1"), seen(council, "vale-super"));
        let colleague = HostilePhone::of("melton-1", council).user;
        let mut phone = HostilePhone::of("vale-1", council);
        let visit = MadeUpVisit::new();
        let started =
            phone.says(&visit, HostilePhone::starts("WO-261124-00009"), |envelope| envelope.actor = colleague);
        set_aside(&phone.sends(&visit, vec![started], |_| {}), "other-person");
        assert_eq!((seen(council, "super-1"), seen(council, "vale-super")), (own, others));

        // What the phone says afterwards in its own name is kept all the same.
        let after = MadeUpVisit::new();
        let started = phone.says(&after, HostilePhone::starts("WO-261124-00001"), |_| {});
        assert_eq!(phone.sends(&after, vec![started], |_| {}), [Verdict::Stored]);
    });
}

#[test]
fn an_appointment_of_somebody_else_can_be_named_and_tells_nothing() {
    on_both_databases(|council| {
        let theirs = "WO-261124-00009";
        let tenant = "Patel";
        let planned = |user: &str| ConsoleClient::of(user, council).reads(&format!("/api/appointments?q={theirs}"));
        let before = planned("super-1");
        assert_eq!(before["appointments"].as_array().unwrap().len(), 1);

        let mut phone = HostilePhone::of("vale-1", council);
        let visit = MadeUpVisit::new();
        // It says that the appointment is at another home, which is then erased on request.
        let elsewhere = "538964271083";
        let records = vec![
            phone.says(&visit, HostilePhone::starts_at(theirs, elsewhere), |_| {}),
            phone.says(&visit, Event::NoAnswer, |_| {}),
        ];
        assert_eq!(phone.sends(&visit, records, |_| {}), [Verdict::Stored, Verdict::Stored]);

        let firm = ConsoleClient::of("vale-super", council);
        let detail = firm.reads(&format!("/api/visits/{}", visit.id));
        assert_eq!(detail["appointment"], Value::Null);
        for page in ["/api/visits", "/api/no-access", &format!("/api/visits?q={tenant}"), "/api/today"] {
            let said = firm.reads(page).to_string();
            assert!(!said.contains(tenant) && !said.contains("Old Dairy"), "{page}: {said}");
        }
        let table = firm.asks("GET", "/api/exports/visits.csv").text().unwrap();
        assert!(!table.contains(tenant), "{table}");

        council.does(&["erase", "--uprn", elsewhere, "--because", "Asked for", "--apply"]);
        assert_eq!(firm.asks("GET", &format!("/api/visits/{}", visit.id)).status(), 404, "that visit is erased");

        // Whose appointment it is still has it, and can go.
        assert_eq!(planned("super-1")["appointments"], before["appointments"]);
        let whose = Phone::of("melton-2", council, council.address());
        let real = whose.starts(theirs);
        whose.does(&["visit", "no-answer", &real]);
        whose.does(&["sync"]);
        let detail = ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{real}"));
        assert_eq!(detail["appointment"]["ref"], json!(theirs));
        let shown = planned("super-1");
        assert_eq!(shown["appointments"][0]["visit"], json!(real));
    });
}

#[test]
fn a_photo_that_is_here_is_not_lost_by_what_another_phone_says_of_it() {
    on_both_databases(|council| {
        let picture = plain_picture();
        let (sha256, total) = (Hash::of_file(&picture), u64::try_from(picture.len()).unwrap());
        let names = |phone: &mut HostilePhone, visit: &MadeUpVisit, appointment: &str| -> Vec<SentRecord> {
            let bytes = u32::try_from(total).unwrap();
            let photo = Photo { sha256, purpose: PhotoPurpose::Before, bytes, width: 1, height: 1 };
            let started = phone.says(visit, HostilePhone::starts(appointment), |_| {});
            vec![started, phone.says(visit, Event::PhotoTaken(photo), |envelope| envelope.photos = vec![sha256])]
        };
        let (mut honest, visit) = (HostilePhone::of("melton-2", council), MadeUpVisit::new());
        let records = names(&mut honest, &visit, "WO-261124-00009");
        assert!(honest.sends(&visit, records, |_| {}).iter().all(|verdict| *verdict == Verdict::Stored));
        let mut state = BlobState::Partial { held: 0 };
        while let BlobState::Partial { held } = state {
            let from = usize::try_from(held).unwrap();
            let piece = &picture[from..picture.len().min(from + 65_536)];
            state = honest.sends_piece(sha256, total, held, piece);
        }
        assert_eq!(state, BlobState::Complete);

        let mut stranger = HostilePhone::of("vale-1", council);
        assert_eq!(stranger.sends_piece(sha256, 0, 0, &[]), BlobState::NotNamed, "nobody there named it");
        let own = MadeUpVisit::new();
        let records = names(&mut stranger, &own, "WO-261124-00001");
        stranger.sends(&own, records, |_| {});
        for (total, piece) in [(0, &[][..]), (5, b"other"), (u64::MAX, b"x")] {
            let told = stranger.sends_piece(sha256, total, 0, piece);
            assert!(matches!(told, BlobState::Partial { .. }), "{told:?}: another firm's picture is not theirs");
        }
        assert_eq!(honest.sends_piece(sha256, total, 0, &[]), BlobState::Complete);
        let shown =
            ConsoleClient::of("super-1", council).asks("GET", &format!("/api/visits/{}/photos/{sha256}", visit.id));
        assert_eq!(shown.bytes().unwrap(), picture, "it is still here");
    });
}

#[test]
fn a_clock_of_1970_makes_nothing_old() {
    on_both_databases(|council| {
        let mut phone = HostilePhone::of("melton-2", council);
        phone.clock_ms = 0;
        let visit = MadeUpVisit::new();
        let records = vec![
            phone.says(&visit, HostilePhone::starts("WO-261124-00009"), |_| {}),
            phone.says(&visit, Event::NoAnswer, |_| {}),
        ];
        assert_eq!(phone.sends(&visit, records, |_| {}), [Verdict::Stored, Verdict::Stored]);
        for label in ["Version 1", "Version 2"] {
            let (signature, code) = (MadeUpVisit::new(), signed(label));
            let record = phone.signs(&signature, &code);
            assert_eq!(phone.sends(&signature, vec![record], |_| {}), [Verdict::Stored]);
        }
        council.does(&["retention", "--apply"]);
        let detail = ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{}", visit.id));
        assert_eq!(detail["visit"]["ending"]["outcome"], json!("no_answer"), "it came today");
        assert_eq!(council.export("acknowledgements").len(), 2, "and so did the signatures");
    });
}

#[test]
fn a_seal_over_another_record_is_a_sign_of_two_histories_and_stops_no_check() {
    on_both_databases(|council| {
        let mut phone = HostilePhone::of("vale-1", council);
        let visit = MadeUpVisit::new();
        let started = phone.says(&visit, HostilePhone::starts("WO-261124-00001"), |_| {});
        let lie: Seal = phone.seal(1, Hash::of_file(b"another record"));
        let ahead: Seal = phone.seal(2, Hash::of_file(b"a record that never comes"));
        let verdicts = phone.sends(&visit, vec![started], |request| request.seals = vec![lie, ahead]);
        assert_eq!(verdicts, [Verdict::Stored]);
        let no_answer = phone.says(&visit, Event::NoAnswer, |_| {});
        phone.sends(&visit, vec![no_answer], |_| {});
        council.does(&["check-records"]);
    });
}

/// How many records the council holds.
fn records(council: &TestCouncil) -> u64 {
    doorstep_tests::harness::json(&council.does(&["counts", "--json"]))["records"].as_u64().unwrap()
}

#[test]
fn a_request_that_somebody_recorded_fetches_nothing_when_it_comes_again() {
    on_both_databases(|council| {
        let mut phone = HostilePhone::of("vale-3", council);
        let visit = MadeUpVisit::new();
        let started = phone.says(&visit, HostilePhone::starts("WO-261124-00032"), |_| {});
        let request = phone.request(&visit, vec![started], |_| {});
        let first = phone.asks(&request).unwrap();
        assert!(first.changes.snapshot && !first.changes.appointments.is_empty(), "the phone is given its day");

        let again = phone.asks(&request).unwrap();
        assert_eq!(again.receipts[0].verdict, Verdict::Duplicate, "what was sent is receipted as always");
        assert!(again.changes.appointments.is_empty(), "no home is told twice to one request");
        assert_eq!((again.changes.snapshot, again.changes.cursor), (false, 0), "the phone asks for all again");

        let next = phone.asks(&phone.request(&visit, Vec::new(), |_| {})).unwrap();
        assert_eq!(next.changes.appointments.len(), first.changes.appointments.len(), "a new request is answered");
    });
}

#[test]
fn a_batch_over_the_limit_is_refused_whole_and_one_at_the_limit_is_taken() {
    on_both_databases(|council| {
        let before = records(council);
        let mut phone = HostilePhone::of("vale-3", council);
        let visit = MadeUpVisit::new();
        let most: Vec<SentRecord> =
            (0..Limits::BATCH_RECORDS).map(|_| phone.says(&visit, Event::SafeSaid, |_| {})).collect();
        let one_more = phone.says(&visit, Event::SafeSaid, |_| {});
        let too_many = most.iter().cloned().chain([one_more]).collect();
        assert_eq!(phone.asks(&phone.request(&visit, too_many, |_| {})).unwrap_err(), 413);
        assert_eq!(records(council), before, "nothing of it was taken");
        let verdicts = phone.sends(&visit, most, |_| {});
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Stored) && verdicts.len() == Limits::BATCH_RECORDS);
    });
}

#[test]
fn a_phone_that_never_stops_is_told_to_come_later_and_the_others_are_served() {
    let council = TestCouncil::open();
    let phone = HostilePhone::of("vale-3", &council);
    let visit = MadeUpVisit::new();
    let answers: Vec<u16> =
        (0..700).map(|_| phone.asks(&phone.request(&visit, Vec::new(), |_| {})).err().unwrap_or(200)).collect();
    assert!(answers[..600].iter().all(|status| *status == 200), "so much is allowed");
    assert!(answers.contains(&503), "and not without end");
    let other = HostilePhone::of("melton-2", &council);
    assert!(other.asks(&other.request(&visit, Vec::new(), |_| {})).is_ok());
}

#[test]
fn a_code_is_for_one_key_and_one_person_who_has_not_left() {
    on_both_databases(|council| {
        let (own, other) = (HostilePhone::new_key(), HostilePhone::new_key());
        let enrols = |code: &str, key| HostilePhone::enrols(council, code, key, PROTOCOL).map(|phone| phone.device);
        let first = council.code_for("vale-3");
        let second = council.code_for("vale-3");
        assert_eq!(enrols(&first, &own).unwrap_err(), 403, "a newer code took its place");
        let device = enrols(&second, &own).unwrap();
        assert_eq!(enrols(&second, &own).unwrap(), device, "the answer may have been lost, so it comes again");
        assert_eq!(enrols(&second, &other).unwrap_err(), 403, "nobody else can use it");
        let phones = ConsoleClient::of("audit-1", council).reads("/api/phones?q=vale-3");
        assert_eq!(phones["phones"].as_array().unwrap().len(), 1);

        let left = council.code_for("vale-1");
        council.does(&["person", "vale-1", "leave"]);
        assert_eq!(enrols(&left, &other).unwrap_err(), 403);
        council.does(&["person", "vale-3", "leave"]);
        assert_eq!(enrols(&second, &own).unwrap_err(), 403, "a revoked phone is not enrolled again by its code");
    });
}

#[test]
fn another_version_of_the_protocol_is_refused_and_fetches_nothing() {
    let council = TestCouncil::open();
    let phone = HostilePhone::of("vale-3", &council);
    for protocol in [0, PROTOCOL + 1, 999] {
        let request = phone.request(&MadeUpVisit::new(), Vec::new(), |request| request.protocol = protocol);
        assert_eq!(phone.asks(&request).unwrap_err(), 400);
        let code = council.code_for("vale-1");
        let enrolled = HostilePhone::enrols(&council, &code, &HostilePhone::new_key(), protocol);
        assert_eq!(enrolled.map(|phone| phone.device).unwrap_err(), 400);
    }
}

#[test]
fn what_somebody_did_stays_with_the_firm_that_they_did_it_for() {
    on_both_databases(|council| {
        let concern =
            Concern { about: About::Gift { accepted: false }, words: "A box".to_owned(), noticed_at: Utc::now() };
        let (mut phone, visit) = (HostilePhone::of("vale-1", council), MadeUpVisit::new());
        let records = vec![
            phone.says(&visit, HostilePhone::starts("WO-261124-00038"), |_| {}),
            phone.says(&visit, Event::ConcernRaised(concern), |_| {}),
        ];
        phone.sends(&visit, records, |_| {});
        let (signature, code) = (MadeUpVisit::new(), signed("Version 1"));
        let record = phone.signs(&signature, &code);
        phone.sends(&signature, vec![record], |_| {});
        let listed = |user: &str| -> Vec<usize> {
            let console = ConsoleClient::of(user, council);
            let of = |page: &str, what: &str| console.reads(page)[what].as_array().unwrap().len();
            let signatures = console.asks("GET", "/api/exports/acknowledgements.csv").text().unwrap();
            vec![of("/api/visits", "visits"), of("/api/concerns", "concerns"), signatures.lines().count() - 1]
        };
        assert_eq!(listed("vale-super"), [1, 1, 1]);

        // The plumber moves to another firm, which has a supervisor of its own.
        let folder = tempfile::tempdir().unwrap();
        let people = folder.path().join("people.csv");
        let table = "user,display_name,organisation,organisation_kind,role,position,email\n\
             vale-1,Pete Marlow,Other Ltd,contractor,contractor,Plumber,\n\
             other-super,Olga Other,Other Ltd,contractor,supervisor,Supervisor,\n";
        std::fs::write(&people, table).unwrap();
        council.does(&["import-people", &people.display().to_string()]);
        council.gives_a_password("other-super");
        assert_eq!((listed("vale-super"), listed("other-super")), (vec![1, 1, 1], vec![0, 0, 0]));

        // What was still on the phone is the first firm's too; the phone gets nothing new.
        let late = phone.says(&visit, Event::NoAnswer, |_| {});
        let answer = phone.asks(&phone.request(&visit, vec![late], |_| {})).unwrap();
        assert_eq!(answer.device_state, DeviceState::Revoked, "moving ends the enrolment");
        assert_eq!((listed("vale-super"), listed("other-super")), (vec![1, 1, 1], vec![0, 0, 0]));
        let mut again = HandPhone::of("vale-1", council);
        let chain = again.begins(HeadClass::VISIT);
        again.says(chain, HostilePhone::starts("WO-261124-00038"), |_| {});
        again.sends(|_| {});
        assert_eq!((listed("vale-super"), listed("other-super")), (vec![1, 1, 1], vec![1, 0, 0]));
    });
}
