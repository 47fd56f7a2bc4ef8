//! What one phone can overdo within the protocol's limits, and what everybody else notices of it:
//! nothing, but for a line that says which phone it is.

use doorstep_domain::conduct::Event;
use doorstep_domain::ledger::{Epoch, Hash};
use doorstep_domain::v2::{HeadClaim, HeadClass, Link};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::TestCouncil;
use serde_json::{Value, json};

use crate::boundary::on_both_databases;
use crate::set_aside::gas;
use crate::version_2::{checked, with_its_day};

const APPOINTMENT: &str = "WO-261124-00038";

/// What the supervisors of the council are shown of a list.
fn list(council: &TestCouncil, address: &str, rows: &str) -> Vec<Value> {
    ConsoleClient::of("super-1", council).reads(address)[rows].as_array().unwrap().clone()
}

/// The metric of the records that were not received.
fn not_received(council: &TestCouncil) -> String {
    let token = council.does(&["api-token", "--name", "prometheus", "--may", "metrics"]);
    let metrics = ConsoleClient::with_token(token.trim(), council).asks("GET", "/metrics").text().unwrap();
    metrics.lines().find_map(|line| line.strip_prefix("doorstep_records_not_received ")).unwrap().to_owned()
}

fn made_up(number: u32, sequence: u64) -> HeadClaim {
    let name = Hash::of_file(&number.to_be_bytes());
    let chain = Epoch::from_slice(&name.as_bytes()[..16]).unwrap();
    HeadClaim { class: HeadClass::VISIT, head: Link { chain, sequence, hash: name } }
}

#[test]
fn chains_that_a_phone_only_speaks_of_are_noted_up_to_a_few_and_what_it_has_is_taken() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        for batch in 0..4 {
            phone.sends(|request| request.heads.extend((batch * 1000..batch * 1000 + 1000).map(|at| made_up(at, 3))));
        }
        assert_eq!(not_received(council), "600", "three records in each of 200 chains");
        // No visit has as many records as this, so nobody looks for them.
        let mut other = with_its_day("melton-2", council);
        other.sends(|request| request.heads.push(made_up(9_999, 1 << 62)));
        assert_eq!(not_received(council), "600");
        let visit = phone.starts(APPOINTMENT);
        phone.says(visit, Event::NoAnswer, |_| {});
        phone.sends(|_| {});
        assert_eq!(phone.chains[&visit].received, 2);
        assert_eq!(list(council, "/api/visits", "visits").len(), 1);
    });
}

#[test]
fn a_phone_that_cries_for_help_without_end_hides_nobody_else_who_does() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let visits: Vec<Epoch> = (0..5).map(|_| phone.begins(HeadClass::VISIT)).collect();
        for visit in &visits {
            (0..60).for_each(|_| phone.says(*visit, gas(), |_| {}));
            phone.sends(|_| {});
        }
        assert!(visits.iter().all(|visit| phone.chains[visit].received == 60), "all of it is taken");
        let mut other = with_its_day("melton-2", council);
        let visit = other.begins(HeadClass::VISIT);
        other.says(visit, gas(), |_| {});
        other.sends(|_| {});
        let today = ConsoleClient::of("super-1", council).reads("/api/today");
        assert_eq!(today["cases_open"], json!(201), "200 of that phone in a day, and the other's");
        let lost = phone.enrolment.to_string();
        assert_eq!(ConsoleClient::of("admin", council).asks("DELETE", &format!("/api/phones/{lost}")).status(), 200);
        let late = phone.begins(HeadClass::VISIT);
        (0..60).for_each(|_| phone.says(late, gas(), |_| {}));
        phone.sends(|_| {});
        let mut next = with_its_day("vale-1", council);
        let visit = next.begins(HeadClass::VISIT);
        next.says(visit, gas(), |_| {});
        next.sends(|_| {});
        let open = ConsoleClient::of("super-1", council).reads("/api/today")["cases_open"].clone();
        assert_eq!(open, json!(202), "the lost phone had its 200 of that day, and takes nothing from the next one");
        let matters = list(council, "/api/set-aside", "matters");
        let many: Vec<_> = matters.iter().filter(|matter| matter["matter"] == json!("many_at_once")).collect();
        assert_eq!((many.len(), &many[0]["count"]), (1, &json!(6)), "{matters:?}");
        let mut concerns = 0;
        let mut page = ConsoleClient::of("super-1", council).reads("/api/concerns");
        loop {
            concerns += page["concerns"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else { break };
            page = ConsoleClient::of("super-1", council).reads(&format!("/api/concerns?after={next}"));
        }
        assert_eq!(concerns, 302, "what has no case of its own is on the list of concerns");
    });
}

#[test]
fn what_a_phone_calls_a_note_and_is_none_is_seen_and_counted_like_anything_else() {
    on_both_databases(|council| {
        let mut phone = with_its_day("vale-1", council);
        let visit = phone.starts(APPOINTMENT);
        phone.chains.get_mut(&visit).unwrap().class = HeadClass::NOTE;
        phone.says(visit, Event::NoAnswer, |_| {});
        phone.sends(|request| request.seals.clear());
        let counts = checked(council);
        assert_eq!((&counts["records"], &counts["unsealed"]), (&json!(2), &json!(2)), "{counts}");
        // The last record is still on the way.
        phone.says(visit, Event::SafeSaid, |_| {});
        phone.says(visit, Event::SafeSaid, |_| {});
        phone.sends(|request| request.runs.clear());
        assert_eq!(not_received(council), "2");

        let device = phone.enrolment.to_string();
        assert_eq!(ConsoleClient::of("admin", council).asks("DELETE", &format!("/api/phones/{device}")).status(), 200);
        let late = phone.begins(HeadClass::NOTE);
        phone.says(late, Event::NoAnswer, |_| {});
        phone.sends(|_| {});
        let aside = list(council, "/api/set-aside", "records");
        assert_eq!(aside.iter().map(|line| line["records"].as_u64().unwrap()).sum::<u64>(), 3, "{aside:?}");
    });
}
