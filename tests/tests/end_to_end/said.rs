//! What phones say about homes, times and notice: shown as their word, and counted by what the
//! council knows itself or a supervisor has decided. On both databases.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use doorstep_domain::conduct::{
    About, Concern, Event, Hazard, LoneWorking, Notice, NoticeMethod, NoticeStanding, Photo, PhotoPurpose, Severity,
    Started, VisitKind,
};
use doorstep_domain::ledger::Hash;
use doorstep_domain::v2::{HeadClass, Held, Running};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{TestCouncil, eventually, sample};
use serde_json::{Value, json};

use crate::boundary::{on_both_databases, plain_picture};
use crate::version_2::with_its_day;

const APPOINTMENT: &str = "WO-261124-00038";
/// The home of an appointment of another firm.
const HOME: &str = "042307689879";

fn started(appointment: Option<&str>, uprn: Option<&str>, notice: Option<Notice>) -> Event {
    Event::Started(Started {
        appointment: appointment.map(|text| text.to_owned().try_into().unwrap()),
        uprn: uprn.map(|text| text.to_owned().try_into().unwrap()),
        visit_kind: VisitKind::Other,
        address: None,
        purpose: None,
        notice,
    })
}

/// Notice in writing, long before: what a phone says that wants an attempt to count.
fn made_up_notice() -> Notice {
    Notice {
        standing: NoticeStanding::Good,
        given_at: Some(Utc::now() - TimeDelta::days(30)),
        method: Some(NoticeMethod::Letter),
        minutes: Some(30 * 24 * 60),
        written: true,
        told_who_and_why: true,
        earliest: None,
    }
}

/// The home without access that the council lists, by its UPRN.
fn home(council: &TestCouncil, uprn: &str) -> Value {
    let list = ConsoleClient::of("super-1", council).reads("/api/no-access");
    let homes = list["homes"].as_array().unwrap();
    homes.iter().find(|home| home["uprn"] == uprn).cloned().unwrap_or_default()
}

fn decides(council: &TestCouncil, user: &str, visit: &str, decision: &str, because: &str) -> u16 {
    let said = json!({ "decision": decision, "because": because });
    ConsoleClient::of(user, council).sends("POST", &format!("/api/visits/{visit}"), &said).status().as_u16()
}

/// Imports the sample's appointments with one word of one of them changed.
fn imports_changed(council: &TestCouncil, line: &str, from: &str, to: &str) {
    let table = fs::read_to_string(sample("appointments-2026-11-24.csv")).unwrap();
    let changed: Vec<String> =
        table.lines().map(|row| if row.starts_with(line) { row.replace(from, to) } else { row.to_owned() }).collect();
    assert_ne!(changed.join("\n"), table.trim_end(), "something changes");
    let file = council.data().with_file_name("changed.csv");
    fs::write(&file, changed.join("\n") + "\n").unwrap();
    council.does(&["import-appointments", &file.display().to_string()]);
}

#[test]
fn a_home_that_only_the_phone_names_counts_once_a_supervisor_has_confirmed_it() {
    on_both_databases(|council| {
        let mut theirs = HandPhone::of("melton-2", council);
        // An appointment there that is still to come.
        let tomorrow = (Utc::now() + TimeDelta::days(1)).format("%Y-%m-%d").to_string();
        imports_changed(council, "WO-261124-00009", "2026-11-24T", &format!("{tomorrow}T"));
        let told = |phone: &mut HandPhone| {
            phone.sends(|_| {});
            phone.given["WO-261124-00009"].0.known_attempts.len()
        };
        assert_eq!(told(&mut theirs), 0);

        let mut phone = HandPhone::of("vale-1", council);
        let mut visits = Vec::new();
        for _ in 0..3 {
            let chain = phone.begins(HeadClass::VISIT);
            phone.says(chain, started(None, Some(HOME), Some(made_up_notice())), |_| {});
            phone.says(chain, Event::NoAnswer, |_| {});
            visits.push(phone.visit(chain).to_string());
        }
        phone.sends(|_| {});
        let listed = home(council, HOME);
        assert_eq!((&listed["counting"], &listed["in_court"]), (&json!(0), &json!(0)), "{listed}");
        assert_eq!(listed["attempts"][0]["home"], json!("said"));
        assert_eq!(told(&mut theirs), 0, "no other phone is told of it");
        let export = council.export("no-access");
        assert!(export.iter().all(|row| row["counts_towards_enforcement"] == "no: home not confirmed"), "{export:?}");

        assert_eq!(
            decides(council, "vale-super", &visits[0], "confirmed", "We were there"),
            404,
            "not the firm's to say"
        );
        assert_eq!(decides(council, "super-1", &visits[0], "confirmed", ""), 422);
        assert_eq!(decides(council, "super-1", &visits[0], "confirmed", "The van's tracker shows it"), 200);
        assert_eq!(decides(council, "super-1", &visits[1], "not_there", "The van was in Oakham"), 200);
        let listed = home(council, HOME);
        assert_eq!((&listed["counting"], &listed["in_court"]), (&json!(1), &json!(0)), "nobody knows of any notice");
        let homes: Vec<&Value> = listed["attempts"].as_array().unwrap().iter().map(|one| &one["home"]).collect();
        assert_eq!(homes, [&json!("confirmed"), &json!("not_there"), &json!("said")]);
        assert_eq!(told(&mut theirs), 1, "the one that was confirmed");
        assert_eq!(decides(council, "super-1", &visits[0], "not_there", "It was another van's tracker"), 200);
        assert_eq!(told(&mut theirs), 0, "and a decision that is taken back reaches them too");
        assert_eq!(decides(council, "super-1", &visits[0], "confirmed", "The van's tracker shows it"), 200);
        let detail = ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{}", visits[0]));
        assert_eq!(detail["decisions"][0]["because"], json!("The van's tracker shows it"));
        assert!(detail["known_address"].as_str().unwrap().contains("Old Dairy"), "the council knows where that is");
        let firm = ConsoleClient::of("vale-super", council).reads(&format!("/api/visits/{}", visits[0]));
        assert_eq!((&firm["decisions"][0]["because"], &firm["known_address"]), (&Value::Null, &Value::Null));

        // What was decided is about that home. The phone says afterwards that it was another.
        let chain = *phone.chains.iter().find(|(_, chain)| chain.visit.to_string() == visits[0]).unwrap().0;
        let start = phone.chains[&chain].records[0].envelope.record;
        phone.says(chain, Event::StruckOut { record: start, reason: "Wrong house".to_owned() }, |_| {});
        phone.says(chain, started(None, Some("532979068556"), None), |_| {});
        phone.sends(|_| {});
        let elsewhere = home(council, "532979068556");
        assert_eq!((&elsewhere["counting"], &elsewhere["attempts"][0]["home"]), (&json!(0), &json!("said")));
        let lines = council.export("audit");
        assert!(lines.iter().any(|line| line["action"] == "visit_decided" && line["detail"].contains("tracker")));
    });
}

#[test]
fn a_home_has_the_council_s_address_whatever_phones_call_it() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        let chain = phone.begins(HeadClass::VISIT);
        let lie = Event::Started(Started {
            appointment: None,
            uprn: Some(HOME.to_owned().try_into().unwrap()),
            visit_kind: VisitKind::Other,
            address: Some("House of lies".to_owned()),
            purpose: None,
            notice: None,
        });
        phone.says(chain, lie, |_| {});
        phone.says(chain, Event::NoAnswer, |_| {});
        phone.sends(|_| {});
        assert!(home(council, HOME)["address"].as_str().unwrap().contains("Old Dairy"));
        let pack = ConsoleClient::of("super-1", council).reads(&format!("/api/no-access/{HOME}"));
        assert!(pack["home"]["address"].as_str().unwrap().contains("Old Dairy"), "{pack}");
        let detail = ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{}", phone.visit(chain)));
        assert_eq!(detail["visit"]["address"], json!("House of lies"), "what it said stays with the visit");
        let of = |user: &str| ConsoleClient::of(user, council).reads(&format!("/api/visits/{}", phone.visit(chain)));
        let known = |user: &str| of(user)["known_address"].clone();
        assert!(known("super-1").to_string().contains("Old Dairy"));
        assert_eq!(known("vale-super"), Value::Null, "a firm does not learn it by naming the home");
    });
}

#[test]
fn notice_in_writing_is_what_the_council_gave_and_not_what_a_phone_says() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("melton-2", council);
        phone.sends(|_| {});
        let given = phone.given["WO-261124-00009"].clone();
        let chain = phone.begins(HeadClass::VISIT);
        let pinned = given.1.hash();
        // The tenant was told by telephone. The phone says that it was a letter.
        let lie = started(Some("WO-261124-00009"), Some(HOME), Some(made_up_notice()));
        phone.says(chain, lie, |envelope| envelope.grant = Some(pinned));
        phone.says(chain, Event::NoAnswer, |_| {});
        phone.sends(|request| {
            for run in &mut request.runs {
                run.grant = Some(given.1.clone());
            }
        });
        let listed = home(council, HOME);
        assert_eq!(listed["attempts"][0]["home"], json!("given"));
        assert_eq!((&listed["counting"], &listed["in_court"]), (&json!(1), &json!(0)), "{listed}");
        let row = council.export("visits").remove(0);
        assert_eq!((row["notice_method"].as_str(), row["notice_in_writing"].as_str()), ("phone", "no"));
    });
}

#[test]
fn a_time_that_the_phone_s_clock_cannot_have_shown_is_marked_and_counts_in_court_once_it_is_accepted() {
    on_both_databases(|council| {
        // Appointment 1 had notice by letter, five days before.
        let (reference, uprn) = ("WO-261124-00001", "532979068556");
        let mut phone = HandPhone::of("melton-2", council);
        phone.sends(|_| {});
        let given = phone.given[reference].clone();
        let visits: Vec<String> = [0, Utc::now().timestamp_millis()]
            .into_iter()
            .map(|clock_ms| {
                phone.clock_ms = clock_ms;
                let chain = phone.begins(HeadClass::VISIT);
                let pinned = given.1.hash();
                phone.says(chain, started(Some(reference), Some(uprn), None), |envelope| envelope.grant = Some(pinned));
                phone.says(chain, Event::NoAnswer, |_| {});
                phone.sends(|request| {
                    for run in &mut request.runs {
                        run.grant = Some(given.1.clone());
                    }
                });
                assert_eq!(phone.chains[&chain].received, 2, "nothing is refused for its clock");
                phone.visit(chain).to_string()
            })
            .collect();
        let listed = home(council, uprn);
        assert_eq!((&listed["counting"], &listed["in_court"]), (&json!(2), &json!(1)), "{listed}");
        let detail = |visit: &str| ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{visit}"));
        let marked = detail(&visits[0]);
        assert_eq!((&marked["times"], &detail(&visits[1])["times"]), (&json!("in_doubt"), &json!("as_said")));
        let line = &marked["visit"]["timeline"][1];
        let when = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        assert_eq!(when(&line["at"]).timestamp(), 2, "what the clock showed stays");
        let (from, to) = (when(&line["doubt"]["from"]), when(&line["doubt"]["to"]));
        assert!(Utc::now() - from < TimeDelta::minutes(5) && from <= to, "{from} to {to}");
        assert_eq!(decides(council, "super-1", &visits[0], "accepted", "The tenant says ten o'clock too"), 200);
        assert_eq!(home(council, uprn)["in_court"], json!(2));
        let rows = council.export("no-access");
        let times: Vec<&str> = rows.iter().map(|row| row["times"].as_str()).collect();
        assert!(times.contains(&"accepted") && times.contains(&"as_said"), "{times:?}");
    });
}

#[test]
fn how_long_a_phone_has_run_narrows_when_it_can_have_been() {
    const HOUR_MS: i64 = 3_600_000;
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let mut phone = with_its_day("vale-1", &council);
    // Enrolled nine hours ago, and without signal for eight.
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    assert_eq!(database.execute("UPDATE device SET enrolled_ms = enrolled_ms - ?1", [9 * HOUR_MS]).unwrap(), 1);
    let contact_ms = Utc::now().timestamp_millis() - 8 * HOUR_MS;
    phone.clock_ms = 0;
    let chain = phone.starts(APPOINTMENT);
    let mut says = |hours_run: i64, boot: u64| {
        phone.says(chain, Event::SafeSaid, |envelope| {
            (envelope.monotonic_ms, envelope.boot) = (u64::try_from(hours_run * HOUR_MS).unwrap(), boot);
            envelope.council_contact_ms = Some(contact_ms);
        });
    };
    // Run for an hour, for six, then started anew; and years that can't be, which are cut at now.
    for (hours_run, boot) in [(1, 7), (6, 7), (1, 8), (3, 8), (1_000_000, 8)] {
        says(hours_run, boot);
    }
    phone.sends(|_| {});
    let visit = phone.visit(chain);
    let detail = ConsoleClient::of("super-1", &council).reads(&format!("/api/visits/{visit}"));
    let lines = detail["visit"]["timeline"].as_array().unwrap();
    let after: Vec<i64> = lines
        .iter()
        .skip(1)
        .map(|line| line["doubt"]["from"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap().timestamp_millis())
        .map(|from_ms| (from_ms - contact_ms + HOUR_MS / 60) / HOUR_MS)
        .collect();
    assert_eq!(after, [0, 5, 0, 2, 8], "hours after the contact");

    // What it has run when it sends tells how long ago that was. Only a fresh request is believed.
    let since_contact = |phone: &mut HandPhone, is_fresh: bool| {
        let chain = phone.starts(APPOINTMENT);
        phone.says(chain, Event::SafeSaid, |envelope| {
            (envelope.monotonic_ms, envelope.boot) = (u64::try_from(2 * HOUR_MS).unwrap(), 9);
            envelope.council_contact_ms = Some(contact_ms);
        });
        phone.sends(|request| {
            request.running = Some(Running { boot: 9, monotonic_ms: u64::try_from(5 * HOUR_MS).unwrap() });
            request.reckoned_ms = request.reckoned_ms.filter(|_| is_fresh);
        });
        let visit = phone.visit(chain);
        let detail = ConsoleClient::of("super-1", &council).reads(&format!("/api/visits/{visit}"));
        let from = detail["visit"]["timeline"][1]["doubt"]["from"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        (from.timestamp_millis() - contact_ms + HOUR_MS / 60) / HOUR_MS
    };
    assert_eq!(since_contact(&mut phone, true), 5, "three hours before it was sent");
    assert_eq!(since_contact(&mut phone, false), 0);
}

#[test]
fn deadlines_and_alarms_run_from_when_it_can_have_been_whatever_a_clock_shows() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        phone.sends(|_| {});
        let gas = |noticed_at| {
            let about = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
            Event::ConcernRaised(Concern { about, words: "Gas".to_owned(), noticed_at })
        };
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // A clock of 1970, and words of years ahead and of years ago.
        for (clock_ms, noticed) in [
            (0, at("1970-01-01T00:00:00Z")),
            (Utc::now().timestamp_millis(), at("2036-01-01T00:00:00Z")),
            (at("2036-01-01T00:00:00Z").timestamp_millis(), at("2036-01-01T00:00:00Z")),
        ] {
            phone.clock_ms = clock_ms;
            let chain = phone.begins(HeadClass::VISIT);
            phone.says(chain, gas(noticed), |_| {});
            phone.sends(|_| {});
        }
        let supervisor = ConsoleClient::of("super-1", council);
        let cases = supervisor.reads("/api/cases");
        let cases = cases["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 3);
        for case in cases {
            let due = at(case["due_at"].as_str().unwrap());
            assert!((due - Utc::now()).num_hours().abs() <= 24, "{case}");
        }
        // Somebody alone, whose phone's clock is back at 1970, expected to be out a moment ago.
        phone.clock_ms = 0;
        let chain = phone.begins(HeadClass::VISIT);
        phone.says(chain, started(None, None, None), |_| {});
        let out = DateTime::UNIX_EPOCH - TimeDelta::minutes(30);
        phone.says(chain, Event::LoneWorking(LoneWorking { expected_end: out, device_on: true }), |_| {});
        phone.sends(|_| {});
        let overdue = || {
            let cases = supervisor.reads("/api/cases");
            let kinds =
                cases["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "overdue_check_in").cloned();
            kinds.collect::<Vec<_>>()
        };
        eventually("a look at the clock", || !overdue().is_empty());
        let opened = at(overdue()[0]["opened_at"].as_str().unwrap());
        assert!((Utc::now() - opened).num_minutes().abs() < 60, "{opened}: by the council's clock");
    });
}

#[test]
fn a_visit_shows_its_appointment_as_its_visitor_was_given_it() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        phone.sends(|_| {});
        let chain = phone.starts(APPOINTMENT);
        phone.says(chain, Event::NoAnswer, |_| {});
        phone.sends(|_| {});
        imports_changed(council, APPOINTMENT, "Priya Shaw", "Somebody Else");
        imports_changed(council, APPOINTMENT, "7 Quarry Lane", "9 Church Row");
        let visit = phone.visit(chain);
        let detail = ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{visit}"));
        assert_eq!(detail["appointment"]["tenant_name"], json!("Priya Shaw"));
        assert_eq!(
            detail["appointment_now"]["address"][0],
            json!("Flat 11, 9 Church Row"),
            "a later change shows as one"
        );
        let firm = ConsoleClient::of("vale-super", council);
        assert_eq!(firm.reads(&format!("/api/visits/{visit}"))["appointment_now"], Value::Null);
        let found = |words: &str| firm.reads(&format!("/api/visits?q={words}"))["visits"].as_array().unwrap().len();
        assert_eq!((found("Quarry"), found("Shaw"), found("Church")), (1, 1, 0));
        let row = council.export("visits").remove(0);
        assert_eq!((row["tenant_name"].as_str(), row["address"].contains("Quarry")), ("Priya Shaw", true));
        // A visit that begins now is to the appointment as it is given now.
        phone.sends(|_| {});
        let again = phone.starts(APPOINTMENT);
        phone.sends(|_| {});
        let detail = firm.reads(&format!("/api/visits/{}", phone.visit(again)));
        assert_eq!(detail["appointment"]["address"][0], json!("Flat 11, 9 Church Row"));
    });
}

#[test]
fn a_photo_is_as_large_as_its_record_says_and_each_sends_its_own() {
    on_both_databases(|council| {
        let picture = plain_picture();
        let sha256 = Hash::of_file(&picture);
        let mut phone = with_its_day("vale-1", council);
        assert_eq!(phone.sends_piece(sha256, 0, &[]).state, Held::NOT_NAMED);
        let bytes = u32::try_from(picture.len()).unwrap();
        let takes = |phone: &mut HandPhone, appointment: &str| {
            let chain = phone.starts(appointment);
            let photo = Photo { sha256, purpose: PhotoPurpose::Before, bytes, width: 1, height: 1 };
            phone.says(chain, Event::PhotoTaken(photo), |envelope| envelope.photos = vec![sha256]);
            phone.sends(|_| {});
            phone.visit(chain)
        };
        let visit = takes(&mut phone, APPOINTMENT);
        let mut other = with_its_day("melton-2", council);
        assert_eq!(other.sends_piece(sha256, 0, b"other bytes").state, Held::NOT_NAMED);
        let mut answer = phone.sends_piece(sha256, 0, &[]);
        while answer.state == Held::PART {
            let from = usize::try_from(answer.held).unwrap();
            answer = phone.sends_piece(sha256, answer.held, &picture[from..picture.len().min(from + 65_536)]);
        }
        assert_eq!(answer.state, Held::WHOLE);
        let opens = |user: &str, visit| {
            ConsoleClient::of(user, council).asks("GET", &format!("/api/visits/{visit}/photos/{sha256}"))
        };
        assert_eq!(opens("vale-super", visit).bytes().unwrap(), picture);

        // Another firm's phone names the picture in a visit of its own, and says what it likes of
        // it.
        let theirs = takes(&mut other, "WO-261124-00009");
        let asked = other.sends_piece(sha256, 0, &[]);
        assert_eq!((asked.state, asked.held), (Held::PART, 0), "it has to send the picture itself");
        assert_eq!(opens("super-1", theirs).status(), 404, "it sees nothing of it");
        let altered: Vec<u8> = picture.iter().map(|byte| byte ^ 1).collect();
        let sends_all = |phone: &HandPhone, file: &[u8]| {
            let pieces = (0_u64..).step_by(65_536).zip(file.chunks(65_536));
            pieces.map(|(at, piece)| phone.sends_piece(sha256, at, piece).state).last()
        };
        assert_eq!(sends_all(&other, &altered), Some(Held::REFUSED));
        assert_eq!(opens("vale-super", visit).bytes().unwrap(), picture, "and disturbs nobody");
        let detail = ConsoleClient::of("vale-super", council).reads(&format!("/api/visits/{visit}"));
        assert_eq!((&detail["photos"][0]["held"], &detail["photos"][0]["refused"]), (&json!(true), &Value::Null));
        assert_eq!(sends_all(&other, &picture), Some(Held::WHOLE), "whoever has the picture can send it");
        assert_eq!(opens("super-1", theirs).bytes().unwrap(), picture);
    });
}

#[test]
fn a_file_that_is_no_plain_picture_is_refused_and_its_visit_stays() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let picture = plain_picture();
        let behind_it = [&picture[..], b"PK\x03\x04 and a program"].concat();
        let comment = [&picture[..2], b"\xff\xfe\x00\x0eSandra Moss", &picture[2..]].concat();
        let files: [(&str, &[u8]); 5] = [
            ("a page", b"<!DOCTYPE html><script>alert(1)</script>"),
            ("a PNG", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"),
            ("half a picture", &picture[..picture.len() / 2]),
            ("a program behind a picture", &behind_it),
            ("words in a picture", &comment),
        ];
        let chain = phone.starts(APPOINTMENT);
        let visit = phone.visit(chain);
        for (what, file) in files {
            let sha256 = Hash::of_file(file);
            let bytes = u32::try_from(file.len()).unwrap();
            let photo = Photo { sha256, purpose: PhotoPurpose::Before, bytes, width: 1, height: 1 };
            phone.says(chain, Event::PhotoTaken(photo), |envelope| envelope.photos = vec![sha256]);
            phone.sends(|_| {});
            let pieces = (0_u64..).step_by(65_536).zip(file.chunks(65_536));
            let state = pieces.map(|(at, piece)| phone.sends_piece(sha256, at, piece).state).last();
            assert_eq!(state, Some(Held::REFUSED), "{what}");
            let opened =
                ConsoleClient::of("vale-super", council).asks("GET", &format!("/api/visits/{visit}/photos/{sha256}"));
            assert_eq!(opened.status(), 404, "{what}");
        }
        let detail = ConsoleClient::of("vale-super", council).reads(&format!("/api/visits/{visit}"));
        let photos = detail["photos"].as_array().unwrap();
        assert_eq!(photos.len(), files.len(), "that they were taken is known");
        assert!(photos.iter().all(|photo| photo["refused"].is_string()), "and that they were refused: {photos:?}");
    });
}
