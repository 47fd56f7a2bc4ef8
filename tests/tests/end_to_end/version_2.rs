//! Phones of version 2, honest and not, at a council on each database. The phone is written by
//! hand: what the app does is not in it.

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Epoch, Hash, PublicKey, SigningKey};
use doorstep_domain::protocol::{Bytes, Limits};
use doorstep_domain::v2::{
    Attested, Grant, HeadClaim, HeadClass, Link, Receipt, ReceiptVerdict, Run, Standing, SyncAnswer, WholeRecord,
};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::hand_phone::HandPhone;
use doorstep_tests::harness::{TestCouncil, json};
use doorstep_tests::hostile::HostilePhone;
use serde_json::{Value, json};

use crate::boundary::{on_both_databases, seen};

const APPOINTMENT: &str = "WO-261124-00038";
const OF_ANOTHER_FIRM: &str = "WO-261124-00009";

/// A phone that was given its day.
pub(crate) fn with_its_day(user: &str, council: &TestCouncil) -> HandPhone {
    let mut phone = HandPhone::of(user, council);
    phone.sends(|_| {});
    phone
}

/// The reason for each record that was set aside, of the receipts in an answer.
fn reasons(phone: &HandPhone) -> Vec<String> {
    let set_aside = |receipt: &&Receipt| receipt.verdict == ReceiptVerdict::SET_ASIDE;
    let mut reasons: Vec<_> =
        phone.receipts.values().filter(set_aside).filter_map(|receipt| receipt.reason.clone()).collect();
    reasons.sort_unstable();
    reasons
}

/// What `check-records` counts. It must find no fault.
pub(crate) fn checked(council: &TestCouncil) -> Value {
    json(&council.does(&["check-records", "--json"]))
}

#[test]
fn a_visit_is_received_sealed_and_shown_and_its_receipts_stand_alone() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        assert!(phone.given.contains_key(APPOINTMENT), "it was given its day");
        let chain = phone.starts(APPOINTMENT);
        phone.says(chain, Event::NoAnswer, |_| {});
        let answer = phone.sends(|_| {});
        assert_eq!(answer.standing, Standing::ACTIVE);
        assert_eq!(answer.marks, [], "the council holds what the phone says");
        let head = phone.chains[&chain].records[1].hash;
        let asked = phone.sends(|request| request.chains.push(chain));
        assert_eq!((asked.marks[0].sequence, asked.marks[0].hash), (2, Some(head)));
        assert_eq!(phone.receipts.len(), 2);

        let detail = ConsoleClient::of("vale-super", council).reads(&format!("/api/visits/{}", phone.visit(chain)));
        assert_eq!(detail["appointment"]["ref"], json!(APPOINTMENT));
        assert_eq!(detail["visit"]["ending"]["outcome"], json!("no_answer"));
        let checked = checked(council);
        assert_eq!((&checked["unsealed"], &checked["gaps"], &checked["faults"]), (&json!(0), &json!(0), &json!([])));
    });
}

#[test]
fn what_comes_again_gets_the_receipt_that_was_given_first() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let chain = phone.starts(APPOINTMENT);
        phone.says(chain, Event::NoAnswer, |_| {});
        let lost = phone.request();
        phone.asks(&phone.signs(&lost)).unwrap();
        let first = phone.sends(|_| {}).earlier;
        assert_eq!(first.len(), 2, "the answer was lost, and what it said was not");
        phone.says(chain, Event::CardLeft { left: true }, |_| {});
        phone.chains.get_mut(&chain).unwrap().received = 0;
        let again = phone.sends(|_| {});
        assert_eq!(again.earlier, first, "the same bytes");
        assert_eq!(phone.receipts.len(), 3);
        assert_eq!(checked(council)["records"], json!(3), "one copy stands");
    });
}

#[test]
fn a_request_that_is_not_fresh_is_receipted_and_fetches_nothing() {
    on_both_databases(|council| {
        let mut phone = HandPhone::of("vale-1", council);
        let fetched = |answer: &SyncAnswer| answer.changes.as_ref().map(|changes| changes.given.len());
        let fresh = phone.request();
        let request = phone.signs(&fresh);
        assert!(fetched(&phone.asks(&request).unwrap()).is_some_and(|given| given > 0));
        assert_eq!(fetched(&phone.asks(&request).unwrap()), None, "somebody may have recorded it");

        // A clock back at 1970, one that is years ahead, and a phone that was started since.
        for reckoned in [Some(0), Some(i64::MAX), Some(i64::MIN), None] {
            let chain = phone.begins(HeadClass::VISIT);
            phone.says(chain, Event::SafeSaid, |envelope| envelope.recorded_at_ms = reckoned.unwrap_or(0));
            let answer = phone.sends(|request| request.reckoned_ms = reckoned);
            assert_eq!((fetched(&answer), phone.chains[&chain].received), (None, 1), "{reckoned:?}");
            // It asks again at once with the council's time, and is served.
            let again = phone.sends(|request| request.reckoned_ms = Some(answer.council_time_ms));
            assert!(fetched(&again).is_some_and(|given| given > 0), "{reckoned:?}");
        }
        // Three seconds fast is no wrong clock.
        let soon = phone.sends(|request| request.reckoned_ms = request.reckoned_ms.map(|now| now + 3_000));
        assert!(fetched(&soon).is_some_and(|given| given > 0));
    });
}

#[test]
fn an_appointment_that_the_council_did_not_give_links_to_nothing() {
    on_both_databases(|council| {
        let mut theirs = with_its_day("melton-2", council);
        let stolen = theirs.given[OF_ANOTHER_FIRM].1.clone();
        let own = seen(council, "super-1");
        let mut phone = with_its_day("vale-1", council);
        let said = stolen.peek().unwrap();
        let forged = Attested::new(&Grant { enrolment: phone.enrolment, ..said }, &phone.key());
        let others = phone.given[APPOINTMENT].1.clone();
        for grant in [None, Some(stolen), Some(forged), Some(others)] {
            let chain = phone.starts_with(OF_ANOTHER_FIRM, grant);
            phone.says(chain, Event::NoAnswer, |_| {});
            phone.sends(|_| {});
            assert_eq!(phone.chains[&chain].received, 2, "it is kept all the same");
            let firm = ConsoleClient::of("vale-super", council);
            let detail = firm.reads(&format!("/api/visits/{}", phone.visit(chain)));
            assert_eq!(detail["appointment"], Value::Null);
            assert!(!firm.reads("/api/visits").to_string().contains("Patel"));
        }
        let planned = |seen: &[Value]| seen[3].clone();
        assert_eq!(planned(&seen(council, "super-1")), planned(&own), "it is still theirs to go to");
        let chain = theirs.starts(OF_ANOTHER_FIRM);
        theirs.sends(|_| {});
        let detail = ConsoleClient::of("super-1", council).reads(&format!("/api/visits/{}", theirs.visit(chain)));
        assert_eq!(detail["appointment"]["ref"], json!(OF_ANOTHER_FIRM));

        // Only a supervisor of the council can say that it was to that appointment, with a reason.
        let unlinked = phone.visit(*phone.chains.keys().next().unwrap());
        let said = json!({ "decision": "linked", "because": "Colin sent him there by telephone" });
        let decides =
            |user: &str| ConsoleClient::of(user, council).sends("POST", &format!("/api/visits/{unlinked}"), &said);
        assert_eq!(decides("vale-super").status(), 404);
        assert_eq!(decides("super-1").status(), 200);
        let firm = ConsoleClient::of("vale-super", council);
        let linked = firm.reads(&format!("/api/visits/{unlinked}"));
        assert_eq!(linked["appointment"]["ref"], json!(OF_ANOTHER_FIRM));
        assert_eq!(decides("super-1").status(), 404, "it is linked");
    });
}

#[test]
fn nobody_speaks_for_an_enrolment_but_its_key_with_its_certificate() {
    let elsewhere = TestCouncil::open();
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let other = with_its_day("melton-2", council);
        let before = (seen(council, "super-1"), checked(council)["records"].clone());
        let chain = phone.begins(HeadClass::VISIT);
        phone.says(chain, Event::NoAnswer, |_| {});
        let request = phone.request();
        let asks = |request: &_, key: &SigningKey| phone.asks(&Attested::new(request, key).to_bytes()).unwrap_err();
        let mut as_another = request.clone();
        as_another.enrolment = other.enrolment;
        assert_eq!(asks(&as_another, &phone.key()), 403, "another's enrolment");
        let mut with_another = request.clone();
        with_another.certificate = Some(other.certificate.clone());
        assert_eq!(asks(&with_another, &phone.key()), 403, "another's certificate");
        assert_eq!(asks(&request, &other.key()), 403, "another's key");
        let mut forged = request.clone();
        let said = phone.certificate.peek().unwrap();
        forged.certificate = Some(Attested::new(&said, &phone.key()));
        assert_eq!(asks(&forged, &phone.key()), 403, "a certificate of its own making");
        let key = phone.key().public();
        let there = HandPhone::enrols(&elsewhere, &elsewhere.code_for("vale-1"), &phone.secret, key, |_| {}).unwrap();
        let mut of_elsewhere = request.clone();
        of_elsewhere.certificate = Some(there.certificate.clone());
        assert_eq!(asks(&of_elsewhere, &phone.key()), 403, "another council's certificate for the same key");
        for protocol in [0, 1, 3, 999] {
            let mut newer = request.clone();
            newer.protocol = protocol;
            assert_eq!(asks(&newer, &phone.key()), 400);
        }
        assert_eq!(phone.asks(b"<html>").unwrap_err(), 400);
        assert_eq!((seen(council, "super-1"), checked(council)["records"].clone()), before, "nothing was taken");
        assert!(phone.asks(&phone.signs(&request)).is_ok());
    });
}

#[test]
fn a_key_is_enrolled_by_whoever_has_it_and_only_if_every_verifier_reads_it_alike() {
    on_both_databases(|council| {
        let code = council.code_for("vale-1");
        let (own, other) = (SigningKey::from_bytes(&[21; 32]).public(), SigningKey::from_bytes(&[22; 32]).public());
        let enrols = |key: PublicKey| HandPhone::enrols(council, &code, &[21; 32], key, |_| {}).map(drop);
        assert_eq!(enrols(other).unwrap_err(), 403, "somebody else's key");
        // Points of small order: nought and one.
        for weak in [[0; 32], std::array::from_fn(|at| u8::from(at == 0))] {
            let weak = PublicKey::from_slice(&weak).unwrap();
            assert_eq!(enrols(weak).unwrap_err(), 403, "whoever has it signs nothing");
            let secret = HostilePhone::new_key();
            let first = HostilePhone::enrols_key(council, &code, &secret, weak);
            assert_eq!(first.unwrap_err(), 400, "nor in version 1");
        }
        assert_eq!(enrols(own), Ok(()), "the code is still good");
    });
}

#[test]
fn two_phones_with_one_enrolment_are_told_and_both_their_histories_are_kept() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let chain = phone.starts(APPOINTMENT);
        phone.sends(|_| {});
        let mut clone = phone.clone();
        phone.says(chain, Event::NoAnswer, |_| {});
        assert_eq!(phone.sends(|_| {}).standing, Standing::ACTIVE);
        clone.says(chain, Event::SafeSaid, |_| {});
        // Nothing else has the place of this one, but it follows a record that is not held.
        clone.says(chain, Event::CardLeft { left: false }, |_| {});
        let told = clone.sends(|_| {});
        assert_eq!((told.standing, told.common_seal), (Standing::TWO_PHONES, Some(1)));
        assert_eq!(reasons(&clone), ["fork", "fork"]);

        // It begins anew from the last record that both have, and is received.
        clone.begins_seals();
        let again = clone.goes_on(chain, 0);
        clone.says(again, Event::SafeSaid, |_| {});
        clone.says(again, Event::CardLeft { left: false }, |_| {});
        assert_eq!(clone.sends(|_| {}).standing, Standing::ACTIVE);
        assert_eq!(clone.chains[&again].received, 2);
        phone.says(chain, Event::CardLeft { left: true }, |_| {});
        assert_eq!(phone.sends(|_| {}).standing, Standing::ACTIVE, "the first goes on as before");
        let counts = checked(council);
        assert_eq!((&counts["faults"], &counts["set_aside"]), (&json!([]), &json!(0)), "the fork holds no place");
        let detail = ConsoleClient::of("vale-super", council).reads(&format!("/api/visits/{}", phone.visit(chain)));
        let timeline = detail["visit"]["timeline"].to_string();
        assert!(timeline.contains("safe_said") && timeline.contains("no_answer"), "{timeline}");
    });
}

#[test]
fn a_run_that_cannot_be_made_again_comes_whole_and_delays_nothing() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let (broken, sound) = (phone.begins(HeadClass::VISIT), phone.begins(HeadClass::VISIT));
        phone.says(broken, Event::NoAnswer, |_| {});
        phone.says(sound, Event::NoAnswer, |_| {});
        let altered = |request: &mut doorstep_domain::v2::SyncRequest| {
            let run = request.runs.iter_mut().find(|run| run.chain == broken).unwrap();
            run.records[0].order += 1;
        };
        let answer = phone.sends(altered);
        assert_eq!(answer.unfit.len(), 1, "and the phone is told which");
        assert_eq!((phone.chains[&broken].received, phone.chains[&sound].received), (0, 1));

        let made = phone.chains[&broken].records[0].clone();
        let whole = WholeRecord {
            chain: broken,
            sequence: 1,
            envelope: Bytes(made.bytes[1..].to_vec()),
            body: Bytes(made.body.clone()),
            grant: None,
        };
        phone.sends(|request| {
            request.runs.clear();
            request.whole.push(whole);
        });
        assert_eq!(reasons(&phone), ["unreadable"], "what can't be read is set aside, with its receipt");
        let whole = WholeRecord {
            chain: broken,
            sequence: 1,
            envelope: Bytes(made.bytes),
            body: Bytes(made.body),
            grant: None,
        };
        phone.sends(|request| {
            request.runs.clear();
            request.whole.push(whole);
        });
        assert_eq!(reasons(&phone), ["fork", "unreadable"], "its number is taken: both are kept");
    });
}

#[test]
fn a_body_in_another_form_than_its_schema_writes_is_set_aside() {
    on_both_databases(|council| {
        let before = seen(council, "super-1");
        let mut phone = with_its_day("vale-1", council);
        let body = doorstep_domain::ledger::encode_body(&doorstep_domain::ledger::Body { event: Event::NoAnswer });
        let smuggled = [body.as_slice(), b"\x65Patel"].concat();
        let chain = phone.begins(HeadClass::VISIT);
        phone.says_bytes(chain, smuggled, |_| {});
        phone.sends(|_| {});
        assert_eq!(reasons(&phone), ["body-unreadable"]);
        // A newer schema is not understood, and is kept if it is plain.
        let newer = phone.begins(HeadClass::VISIT);
        phone.says_bytes(newer, vec![0xa1, 0x61, b'n', 1], |envelope| envelope.schema = 99);
        phone.sends(|_| {});
        let verdict = phone.receipts[&phone.chains[&newer].records[0].hash].verdict;
        assert_eq!(verdict, ReceiptVerdict::NOT_UNDERSTOOD);
        assert_eq!(seen(council, "super-1"), before);
        assert_eq!(checked(council)["faults"], json!([]));
    });
}

#[test]
fn numbers_heads_and_seals_of_its_own_making_stop_nobody() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let chain = phone.starts(APPOINTMENT);
        phone.says(chain, Event::NoAnswer, |_| {});
        let hash = Hash::of_file(b"nothing");
        let nowhere = Link { chain, sequence: u64::MAX, hash };
        let lies = |request: &mut doorstep_domain::v2::SyncRequest| {
            request.heads.push(HeadClaim { class: HeadClass(99), head: nowhere });
            let mut beyond = request.runs[0].clone();
            (beyond.first, beyond.previous) = (u64::MAX - 9, Some(hash));
            request.runs.push(beyond);
        };
        let answer = phone.sends(lies);
        assert_eq!((answer.unfit, phone.chains[&chain].received), (vec![1], 2));
        for number in [0, 1, u64::MAX] {
            let mut seal = phone.seal(vec![nowhere]);
            seal.contents.number = number;
            seal.contents.heads.push(nowhere);
            phone.sends(|request| request.seals.push(seal));
            let mut contents = phone.seal(vec![nowhere]).contents;
            contents.number = number;
            let seal = doorstep_domain::v2::SentSeal::new(contents, &phone.key()).unwrap();
            phone.sends(|request| request.seals.push(seal));
        }
        // The last number that there is, in more chains than their gaps could be added up for.
        for _ in 0..3 {
            let last = phone.begins(HeadClass::VISIT);
            phone.says(last, Event::SafeSaid, |envelope| {
                (envelope.sequence, envelope.previous) = (u64::try_from(i64::MAX).unwrap(), hash);
            });
            phone.sends(|_| {});
        }
        let next = phone.begins(HeadClass::VISIT);
        phone.says(next, Event::SafeSaid, |_| {});
        phone.sends(|request| request.seals.clear());
        let counts = checked(council);
        assert_eq!((&counts["faults"], &counts["unsealed"]), (&json!([]), &json!(1)), "nothing was said to be sealed");
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        let key = council.runs(&["backup-key", "--out", &place("key")]);
        council.does(&["backup", "--recipient", key.trim(), "--out", &place("backup")]);
        assert_eq!(ConsoleClient::of("super-1", council).asks("GET", "/api/today").status(), 200);
    });
}

#[test]
fn a_phone_that_claims_any_number_of_chains_fills_nobody_s_page() {
    on_both_databases(|council| {
        let mut honest = with_its_day("melton-2", council);
        let chain = honest.starts(OF_ANOTHER_FIRM);
        honest.says(chain, Event::NoAnswer, |_| {});
        // Its second record is still on the way.
        let first = honest.chains[&chain].records[0].clone();
        let grant = honest.given[OF_ANOTHER_FIRM].1.clone();
        honest.sends(|request| request.runs = vec![Run::pack(vec![first], Some(grant)).unwrap()]);
        let mut phone = with_its_day("vale-1", council);
        let hash = Hash::of_file(b"nothing");
        let made_up = (0..300_u32).map(|number| {
            let name = Hash::of_file(&number.to_be_bytes());
            let chain = Epoch::from_slice(&name.as_bytes()[..16]).unwrap();
            HeadClaim { class: HeadClass::VISIT, head: Link { chain, sequence: 3, hash } }
        });
        let made_up: Vec<HeadClaim> = made_up.collect();
        phone.sends(|request| request.heads.extend(made_up));
        let missing = ConsoleClient::of("super-1", council).reads("/api/visits")["missing"].clone();
        let lines = missing.as_array().unwrap();
        let of = |name: &str| lines.iter().filter(|line| line["visitor_name"] == json!(name)).collect::<Vec<_>>();
        let (hostile, theirs) = (of("Pete Marlow"), of("Dafydd Ó Briain"));
        assert_eq!((hostile.len(), &hostile[4]["others"]), (5, &json!(195)));
        assert_eq!((theirs.len(), &theirs[0]["first"]), (1, &json!(2)), "the other phone's gap is still said");
        assert!(theirs[0]["address"].as_str().unwrap().contains("The Old Dairy"), "and whose door it is");
        let metrics = council.does(&["api-token", "--name", "prometheus", "--may", "metrics"]);
        let metrics = ConsoleClient::with_token(metrics.trim(), council).asks("GET", "/metrics").text().unwrap();
        assert!(metrics.contains("doorstep_records_not_received 601"), "{metrics}");
    });
}

#[test]
fn a_batch_over_the_limit_is_refused_whole() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-3", council);
        let chain = phone.begins(HeadClass::VISIT);
        for _ in 0..=Limits::BATCH_RECORDS {
            phone.says(chain, Event::SafeSaid, |_| {});
        }
        let whole = phone.request();
        assert_eq!(phone.asks(&phone.signs(&whole)).unwrap_err(), 413);
        let seals = vec![whole.seals[0].clone(); 9];
        let with_seals = doorstep_domain::v2::SyncRequest { runs: vec![], seals, ..whole.clone() };
        assert_eq!(phone.asks(&phone.signs(&with_seals)).unwrap_err(), 413, "nor more seals than eight");
        let mut twice = whole;
        twice.runs[0].records.truncate(10);
        twice.runs.push(twice.runs[0].clone());
        assert_eq!(phone.asks(&phone.signs(&twice)).unwrap_err(), 400, "nor a record twice");
        assert_eq!(checked(council)["records"], json!(0), "nothing of it was taken");
        phone.chains.get_mut(&chain).unwrap().records.pop();
        phone.sends(|_| {});
        assert_eq!(phone.chains[&chain].received, Limits::BATCH_RECORDS);
    });
}

#[test]
fn a_phone_that_was_enrolled_in_version_1_is_offered_version_2_and_gets_a_certificate() {
    on_both_databases(|council| {
        let old = HostilePhone::of("vale-1", council);
        assert_eq!(old.speaks(), "2", "beside an answer of version 1");
        let mut phone = old.in_version_2(council);
        assert_eq!(phone.user, old.user);
        phone.sends(|_| {});
        let chain = phone.starts(APPOINTMENT);
        phone.sends(|_| {});
        assert_eq!(phone.chains[&chain].received, 1);
    });
}
