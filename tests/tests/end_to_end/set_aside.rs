//! What phones say that the council can't take as it is, and what they leave open: nothing of it
//! delays help, nothing is lost, and a person decides, with a reason. On both databases.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use doorstep_council::records::verify;
use doorstep_council::{DatabaseAt, Environment, Service, TimeSource};
use doorstep_domain::conduct::{About, Concern, Event, Hazard, LoneWorking, SealedNote, Severity, Started, VisitKind};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Bytes, Limits, Verdict};
use doorstep_domain::v2::{HeadClass, Held, ReceiptVerdict, Standing, WholeRecord};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::{HandPhone, link};
use doorstep_tests::harness::{TestCouncil, eventually, json};
use doorstep_tests::hostile::{HostilePhone, MadeUpVisit};
use serde_json::{Value, json};

use crate::boundary::{on_both_databases, plain_picture, seen};

const APPOINTMENT: &str = "WO-261124-00038";

/// A smell of gas, noticed when it was recorded.
pub(crate) fn gas() -> Event {
    let about = About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency };
    Event::ConcernRaised(Concern { about, words: "A smell of gas".to_owned(), noticed_at: chrono::Utc::now() })
}

/// A visit to a home without an appointment.
fn elsewhere() -> Event {
    Event::Started(Started {
        appointment: None,
        uprn: Some("586912078656".to_owned().try_into().unwrap()),
        visit_kind: VisitKind::Other,
        address: None,
        purpose: None,
        notice: None,
    })
}

/// What waits under "Set aside", as somebody sees it.
fn waiting(council: &TestCouncil, user: &str) -> Value {
    let mut list = ConsoleClient::of(user, council).reads("/api/set-aside");
    list.as_object_mut().unwrap().remove("as_of");
    list
}

/// The set-aside records of a phone, as somebody sees them.
fn of_phone(council: &TestCouncil, user: &str, device: &str) -> Vec<Value> {
    let page = ConsoleClient::of(user, council).reads(&format!("/api/set-aside/{device}"));
    page["records"].as_array().unwrap().clone()
}

/// Decides about all records of a phone that somebody sees. Gives the HTTP status and the answer.
fn decides(council: &TestCouncil, user: &str, device: &str, deed: &str, because: &str) -> (u16, Value) {
    let records: Vec<Value> = of_phone(council, user, device)
        .into_iter()
        .filter(|row| row["decided"].is_null())
        .map(|row| row["hash"].clone())
        .collect();
    let said = json!({ "deed": deed, "records": records, "because": because });
    let answer = ConsoleClient::of(user, council).sends("POST", &format!("/api/set-aside/{device}"), &said);
    let status = answer.status().as_u16();
    (status, answer.json().unwrap_or_default())
}

fn checked(council: &TestCouncil) -> Value {
    json(&council.does(&["check-records", "--json"]))
}

fn audited(council: &TestCouncil, action: &str) -> Vec<String> {
    let lines = council.export("audit").into_iter().filter(|line| line["action"] == action);
    lines.map(|line| line["detail"].clone()).collect()
}

#[test]
fn an_urgent_concern_that_is_set_aside_has_its_case_at_once_and_counts_once_it_is_released() {
    on_both_databases(|council| {
        let colleague = HostilePhone::of("melton-1", council).user;
        let mut phone = HostilePhone::of("vale-1", council);
        let device = phone.device.to_string();
        let visit = MadeUpVisit::new();
        let said = phone.says(&visit, gas(), |envelope| envelope.actor = colleague);
        assert_eq!(phone.sends(&visit, vec![said], |_| {}), [Verdict::SetAside("other-person".to_owned())]);

        let supervisor = ConsoleClient::of("super-1", council);
        let cases = supervisor.reads("/api/cases");
        let case = &cases["cases"][0];
        assert_eq!((&case["kind"], &case["unconfirmed"]), (&json!("emergency_hazard"), &json!(true)));
        let case = case["case"].as_str().unwrap();
        let detail = supervisor.reads(&format!("/api/cases/{case}"));
        assert_eq!((&detail["concern"]["words"], &detail["set_aside"]), (&json!("A smell of gas"), &json!(device)));
        assert_eq!(supervisor.reads("/api/concerns")["concerns"], json!([]), "it is nobody's yet");

        // A firm's people and phones' people see nothing of it, and an auditor only looks.
        assert_eq!(ConsoleClient::of("vale-super", council).asks("GET", "/api/set-aside").status(), 404);
        assert_eq!(waiting(council, "audit-1")["records"][0]["reason"], json!("other-person"));
        assert_eq!(decides(council, "audit-1", &device, "release", "because").0, 404);
        let shown = of_phone(council, "super-1", &device);
        assert_eq!(shown[0]["line"]["event"]["concern_raised"]["words"], json!("A smell of gas"));
        assert_eq!(decides(council, "super-1", &device, "release", " ").0, 422, "a reason is asked for");
        let (status, after) = decides(council, "super-1", &device, "release", "Rang both: she used his phone");
        assert_eq!((status, &after["done"]), (200, &json!(1)));
        assert_eq!(after["records"][0]["decided"]["by"], json!("super-1"));

        assert_eq!(waiting(council, "super-1")["records"], json!([]));
        assert_eq!(supervisor.reads("/api/concerns")["concerns"][0]["visitor_name"], json!("Harriet Swann"));
        assert_eq!(supervisor.reads("/api/cases")["cases"][0]["unconfirmed"], json!(false), "one case, and confirmed");
        assert_eq!(supervisor.reads("/api/cases")["open"], json!(1));
        let line = &audited(council, "set_aside_decided")[0];
        assert!(line.contains("she used his phone") && line.contains("release"), "{line}");
        assert_eq!(checked(council)["faults"], json!([]));
        assert_eq!(decides(council, "super-1", &device, "release", "again").0, 404, "there is nothing more to decide");
    });
}

#[test]
fn what_was_set_aside_is_judged_again_by_what_the_council_knows_and_its_phone_is_told() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        phone.sends(|_| {});
        let device = phone.enrolment.to_string();
        let chain = phone.starts(APPOINTMENT);
        let made = phone.chains[&chain].records[0].clone();
        let grant = phone.given[APPOINTMENT].1.clone();
        let whole = WholeRecord {
            chain,
            sequence: 1,
            envelope: Bytes(made.bytes.clone()),
            body: Bytes(made.body.clone()),
            grant: Some(grant),
        };
        phone.sends(|request| {
            request.runs.clear();
            request.visit_keys.clear();
            request.whole.push(whole);
        });
        assert_eq!(phone.receipts[&made.hash].reason.as_deref(), Some("no-visit-key"));
        let page = || of_phone(council, "super-1", &device);
        assert_eq!(page()[0]["can_be_released"], json!(false), "nobody can check what it says");
        let (status, refused) = decides(council, "super-1", &device, "release", "because");
        assert_eq!((status, &refused["reason"]), (422, &json!("not-to-be-released")));
        assert_eq!(decides(council, "super-1", &device, "judge_again", "a look").1["done"], json!(0));
        assert!(page()[0]["decided"].is_null(), "it waits as before");
        let asks = |phone: &mut HandPhone| {
            let asked = vec![link(&made)];
            phone.sends(|request| request.set_aside = Some(asked)).earlier
        };
        assert_eq!(asks(&mut phone), [], "there is nothing new to tell");

        // The key comes with the visit's next record.
        phone.says(chain, Event::NoAnswer, |_| {});
        phone.sends(|_| {});
        let (status, after) = decides(council, "admin", &device, "judge_again", "The key is here now");
        assert_eq!((status, &after["done"], &after["records"]), (200, &json!(1), &json!([])));
        let detail = ConsoleClient::of("vale-super", council).reads(&format!("/api/visits/{}", phone.visit(chain)));
        assert_eq!(detail["appointment"]["ref"], json!(APPOINTMENT), "as if it had passed when it came");
        let told = asks(&mut phone);
        assert_eq!((told.len(), told[0].verdict, told[0].record), (1, ReceiptVerdict::STORED, link(&made)));
        let counts = checked(council);
        assert_eq!((&counts["faults"], &counts["set_aside"], &counts["records"]), (&json!([]), &json!(0), &json!(2)));
    });
}

#[test]
fn whoever_works_alone_is_looked_for_although_their_phone_was_revoked() {
    on_both_databases(|council| {
        let mut phones = ["vale-1", "vale-2"].map(|user| HandPhone::of(user, council));
        for phone in &mut phones {
            phone.sends(|_| {});
            let address = format!("/api/phones/{}", phone.enrolment);
            assert_eq!(ConsoleClient::of("admin", council).asks("DELETE", &address).status(), 200);
        }
        let [mut phone, mut other] = phones;
        let alone = Event::LoneWorking(LoneWorking { expected_end: Utc::now() - TimeDelta::hours(1), device_on: true });
        // One who is out since, one of whom nobody has heard, and one of whom somebody releases
        // only that they are alone.
        let [out, overdue, in_part] = [(); 3].map(|()| {
            let chain = phone.begins(HeadClass::VISIT);
            phone.says(chain, elsewhere(), |_| {});
            phone.says(chain, alone.clone(), |_| {});
            chain
        });
        phone.says(out, Event::SafeSaid, |_| {});
        // Somebody else's phone says that all is well there.
        let visit = phone.visit(overdue);
        let lie = other.begins(HeadClass::VISIT);
        other.says(lie, elsewhere(), |envelope| envelope.visit = visit);
        other.says(lie, Event::SafeSaid, |envelope| envelope.visit = visit);
        other.sends(|_| {});
        phone.sends(|_| {});
        let device = phone.enrolment.to_string();
        let alone = link(&phone.chains[&in_part].records[1]).hash;
        let release = json!({ "deed": "release", "records": [alone], "because": "It was theirs" });
        let supervisor = ConsoleClient::of("super-1", council);
        assert_eq!(supervisor.sends("POST", &format!("/api/set-aside/{device}"), &release).status(), 200);
        let cases = || supervisor.reads("/api/cases")["cases"].as_array().unwrap().clone();
        eventually("a look at the clock", || cases().len() >= 2);
        let alarms: BTreeSet<String> = cases()
            .iter()
            .filter(|case| case["kind"] == "overdue_check_in" && case["unconfirmed"] == true)
            .map(|case| case["visit"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(alarms, [overdue, in_part].map(|chain| phone.visit(chain).to_string()).into());
        assert_eq!(cases().len(), 2, "and none of whoever is out");
    });
}

#[test]
fn a_revoked_phone_is_receipted_and_what_it_sends_stands_apart_until_somebody_releases_it() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        phone.sends(|_| {});
        let device = phone.enrolment.to_string();
        let open = phone.starts(APPOINTMENT);
        phone.sends(|_| {});
        let administrator = ConsoleClient::of("admin", council);
        assert_eq!(administrator.asks("DELETE", &format!("/api/phones/{device}")).status(), 200);
        let before = seen(council, "super-1");

        let picture = plain_picture();
        let sha256 = Hash::of_file(&picture);
        phone.says(open, Event::NoAnswer, |_| {});
        let fresh = phone.begins(HeadClass::VISIT);
        phone.says(fresh, elsewhere(), |_| {});
        phone.says(fresh, gas(), |_| {});
        phone.says(fresh, photo(&picture), |envelope| envelope.photos = vec![sha256]);
        let answer = phone.sends(|_| {});
        assert_eq!(answer.standing, Standing::REVOKED);
        assert!(answer.changes.is_some_and(|changes| changes.given.is_empty()));
        assert_eq!((phone.chains[&open].received, phone.chains[&fresh].received), (2, 3), "it may give up its keys");
        let stored = phone.receipts.values().all(|receipt| receipt.verdict == ReceiptVerdict::STORED);
        assert!(stored, "as if all had been taken");
        let pieces = (0_u64..).step_by(Limits::BLOB_CHUNK).zip(picture.chunks(Limits::BLOB_CHUNK));
        let held = pieces.map(|(at, piece)| phone.sends_piece(sha256, at, piece).state).last();
        assert_eq!(held, Some(Held::WHOLE), "its photo is kept whole");

        assert_eq!(seen(council, "super-1"), before, "nothing of it is in anybody's lists");
        let supervisor = ConsoleClient::of("super-1", council);
        let cases = supervisor.reads("/api/cases");
        assert_eq!(cases["cases"][0]["unconfirmed"], json!(true), "help is not delayed");
        let case = supervisor.reads(&format!("/api/cases/{}", cases["cases"][0]["case"].as_str().unwrap()));
        assert_eq!(case["listed"], json!(false));
        assert_eq!(case["said_place"]["uprn"], json!("586912078656"), "and it can be sent");
        assert!(case["said_place"]["known_address"].as_str().unwrap().contains("Quarry Lane"), "{case}");
        let list = waiting(council, "super-1");
        assert_eq!(
            (&list["records"][0]["reason"], &list["records"][0]["records"]),
            (&json!("revoked-phone"), &json!(4))
        );
        assert_eq!(decides(council, "super-1", &device, "judge_again", "a look").1["done"], json!(0));
        let (status, after) = decides(council, "super-1", &device, "release", "He brought it back");
        assert_eq!((status, &after["done"]), (200, &json!(4)));
        let detail = supervisor.reads(&format!("/api/visits/{}", phone.visit(open)));
        assert_eq!(detail["visit"]["ending"]["outcome"], json!("no_answer"));
        assert_eq!(supervisor.reads("/api/concerns")["concerns"].as_array().unwrap().len(), 1);
        assert_eq!(checked(council)["faults"], json!([]));
        phone.says(fresh, Event::SafeSaid, |_| {});
        phone.sends(|_| {});
        assert_eq!(waiting(council, "super-1")["records"][0]["records"], json!(1), "what comes later waits again");
    });
}

fn photo(picture: &[u8]) -> Event {
    Event::PhotoTaken(doorstep_domain::conduct::Photo {
        sha256: Hash::of_file(picture),
        purpose: doorstep_domain::conduct::PhotoPurpose::Before,
        bytes: u32::try_from(picture.len()).unwrap(),
        width: 600,
        height: 450,
    })
}

#[test]
fn a_safeguarding_note_that_is_set_aside_shows_to_leads_alone() {
    on_both_databases(|council| {
        let colleague = HostilePhone::of("melton-1", council).user;
        let mut phone = HostilePhone::of("vale-1", council);
        let device = phone.device.to_string();
        let everybody = ["super-1", "admin", "audit-1"];
        let see = |user: &str| (waiting(council, user), seen(council, user), of_phone(council, user, &device));
        let metrics = || council.does(&["counts", "--json"]);
        let before: Vec<_> = everybody.iter().map(|user| see(user)).collect();
        let counted = metrics();
        let visit = MadeUpVisit::new();
        let note = Event::ConcernSealed(SealedNote { sealed: vec![7; 300] });
        let said = phone.says(&visit, note, |envelope| envelope.actor = colleague);
        assert_eq!(phone.sends(&visit, vec![said], |_| {}), [Verdict::SetAside("other-person".to_owned())]);
        for (user, before) in everybody.iter().zip(before) {
            assert!(see(user) == before, "{user} learns of a note");
        }
        assert_eq!(metrics(), counted);
        assert_eq!(audited(council, "set_aside_read"), Vec::<String>::new());

        let lead = ConsoleClient::of("lead-1", council);
        let notes = lead.reads("/api/safeguarding");
        assert_eq!((&notes["notes"][0]["unconfirmed"], notes["notes"].as_array().unwrap().len()), (&json!(true), 1));
        let record = notes["notes"][0]["record"].as_str().unwrap().to_owned();
        assert_eq!(
            lead.reads(&format!("/api/safeguarding/{record}"))["note"],
            Value::Null,
            "it is no note of this key"
        );
        let rows = of_phone(council, "lead-1", &device);
        assert_eq!((&rows[0]["note"], &rows[0]["line"], &rows[0]["visit"]), (&json!(true), &Value::Null, &Value::Null));
        let hash = rows[0]["hash"].clone();
        let said = json!({ "deed": "put_to_rest", "records": [hash], "because": "because" });
        let tries = |user: &str| {
            ConsoleClient::of(user, council).sends("POST", &format!("/api/set-aside/{device}"), &said).status().as_u16()
        };
        assert_eq!(everybody.map(tries), [404; 3], "not even somebody who knows its hash");
        assert_eq!(decides(council, "lead-1", &device, "release", "It is hers").1["done"], json!(1));
        assert_eq!(lead.reads("/api/safeguarding")["notes"][0]["unconfirmed"], json!(false));
        assert_eq!(audited(council, "set_aside_decided"), Vec::<String>::new(), "a line would tell of the note");
    });
}

#[test]
fn what_is_missing_and_a_copied_phone_are_put_to_rest_and_show_again_when_there_is_more() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        phone.sends(|_| {});
        let chain = phone.starts(APPOINTMENT);
        phone.sends(|_| {});
        phone.says(chain, Event::NoAnswer, |_| {});
        phone.says(chain, Event::CardLeft { left: true }, |_| {});
        let says_more = |phone: &mut HandPhone| {
            let head = link(phone.chains[&chain].records.last().unwrap());
            let claim = doorstep_domain::v2::HeadClaim { class: HeadClass::VISIT, head };
            phone.sends(|request| {
                request.runs.clear();
                request.seals.clear();
                request.heads = vec![claim];
            });
        };
        says_more(&mut phone);
        let gap = waiting(council, "super-1")["missing"][0].clone();
        assert_eq!((&gap["first"], &gap["last"]), (&json!(2), &json!(3)));
        let rest = |what: Value| {
            ConsoleClient::of("super-1", council).sends("POST", "/api/set-aside", &what).status().as_u16()
        };
        let of_gap = |because: &str| {
            json!({ "matter": "not_received", "device_id": gap["device_id"], "chain": gap["chain"],
                    "up_to": gap["last"], "because": because })
        };
        assert_eq!(rest(of_gap("")), 422, "a reason is asked for");
        let mut unknown = of_gap("because");
        unknown["chain"] = json!("00".repeat(16));
        assert_eq!(rest(unknown), 404);
        let mut beyond = of_gap("The phone fell into the canal");
        beyond["up_to"] = json!(i64::MAX);
        assert_eq!(rest(beyond), 200, "what comes later is not put to rest with it");
        assert_eq!(rest(of_gap("The phone fell into the canal")), 200);
        assert_eq!(waiting(council, "super-1")["missing"], json!([]));
        assert_eq!(ConsoleClient::of("super-1", council).reads("/api/visits")["missing"], json!([]));
        phone.says(chain, Event::SafeSaid, |_| {});
        says_more(&mut phone);
        let more = waiting(council, "super-1")["missing"][0].clone();
        assert_eq!((&more["first"], &more["last"]), (&json!(4), &json!(4)), "what comes later shows again");
        phone.sends(|_| {});
        assert_eq!(waiting(council, "super-1")["missing"], json!([]), "and what was missing is taken when it comes");

        let mut clone = phone.clone();
        for phone in [&mut phone, &mut clone] {
            phone.says(chain, Event::SafeSaid, |_| {});
        }
        assert_eq!(phone.sends(|_| {}).standing, Standing::ACTIVE);
        assert_eq!(clone.sends(|_| {}).standing, Standing::TWO_PHONES);
        let matter = waiting(council, "super-1")["matters"][0].clone();
        assert_eq!(matter["matter"], json!("two_phones"));
        let of_phones = json!({ "matter": "two_phones", "device_id": matter["device_id"], "chain": null,
                                "up_to": matter["up_to"], "because": "Restored from a copy by IT" });
        assert_eq!(rest(of_phones), 200);
        assert_eq!(waiting(council, "super-1")["matters"], json!([]));
        let phones = ConsoleClient::of("admin", council).reads("/api/phones");
        assert!(phones["phones"].as_array().unwrap().iter().all(|phone| phone["two_phones_at"].is_null()));
        assert!(audited(council, "put_to_rest").iter().any(|line| line.contains("fell into the canal")));
    });
}

#[test]
fn more_visits_than_anybody_makes_are_taken_and_marked() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        phone.sends(|_| {});
        for _ in 0..203 {
            let chain = phone.begins(HeadClass::VISIT);
            phone.says(chain, Event::SafeSaid, |_| {});
        }
        // One that shows the council's own grant is not counted, and one that is a note is not
        // told.
        phone.starts(APPOINTMENT);
        let note = phone.begins(HeadClass::NOTE);
        phone.says(note, Event::ConcernSealed(SealedNote { sealed: vec![7; 300] }), |_| {});
        phone.sends(|_| {});
        assert!(phone.chains.values().all(|chain| chain.received == chain.records.len()), "all is taken");
        let matters = waiting(council, "super-1")["matters"].clone();
        assert_eq!(matters[0]["matter"], json!("many_at_once"));
        assert!([3, 4].contains(&matters[0]["count"].as_u64().unwrap()), "{matters}");
        let theirs = ConsoleClient::of("vale-super", council).reads("/api/visits");
        assert_eq!(theirs["visits"].as_array().unwrap().len(), 1, "and the one that has begun is listed");
    });
}

/// A clock that is hours ahead.
#[derive(Debug)]
struct Ahead(i64);

impl TimeSource for Ahead {
    fn now_ms(&self) -> i64 {
        chrono::Utc::now().timestamp_millis() + self.0 * 3_600_000
    }
}

#[test]
fn records_without_a_seal_are_a_fault_after_a_day_until_somebody_puts_them_to_rest() {
    let council = TestCouncil::open();
    let mut phone = HandPhone::of("vale-1", &council);
    let sealed = phone.begins(HeadClass::VISIT);
    phone.says(sealed, Event::SafeSaid, |_| {});
    phone.sends(|_| {});
    let unsealed = phone.begins(HeadClass::VISIT);
    phone.says(unsealed, Event::SafeSaid, |_| {});
    phone.sends(|request| request.seals.clear());
    assert_eq!(
        (&checked(&council)["unsealed"], &checked(&council)["faults"]),
        (&json!(1), &json!([])),
        "it may come yet"
    );
    let faults_after = |hours: i64| {
        let environment = Environment { clock: Arc::new(Ahead(hours)), ..Environment::real() };
        let service = Service::open(&council.data(), &DatabaseAt::InTheDataFolder, environment).unwrap();
        verify::check(&service).unwrap().faults.len()
    };
    assert_eq!(faults_after(25), 1);
    let matter = waiting(&council, "super-1")["matters"][0].clone();
    assert_eq!((&matter["matter"], &matter["count"]), (&json!("not_sealed"), &json!(1)));
    let rest = json!({ "matter": "not_sealed", "device_id": matter["device_id"], "chain": null,
                       "up_to": matter["up_to"], "because": "The phone was lost before it sealed them" });
    assert_eq!(ConsoleClient::of("super-1", &council).sends("POST", "/api/set-aside", &rest).status(), 200);
    assert_eq!(faults_after(25), 0);
    assert_eq!(waiting(&council, "super-1")["matters"], json!([]));
}
