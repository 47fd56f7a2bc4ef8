//! Numbers that the council owns: people enter them at a desk with their source, and phones hold
//! them to decide without signal.

use std::sync::Arc;

use doorstep_core::{App, Clock, Environment, Moment, SystemClock};
use doorstep_council::desk::{self, Actor};
use doorstep_domain::conduct::DatedNumber;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::TestCouncil;
use doorstep_tests::postgres::Postgres;
use serde_json::{Value, json};

use crate::scene::Scene;

fn number<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut numbers = list["numbers"].as_array().unwrap().iter();
    numbers.find(|number| number["name"] == name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn an_administrator_changes_a_number_from_a_day_that_has_not_begun(council: &TestCouncil) {
    let admin = ConsoleClient::of("admin", council);
    let list = admin.reads("/api/numbers");
    let tomorrow = list["earliest"].as_str().unwrap();
    let shipped = number(&list, "complaint.acknowledge");
    assert_eq!((shipped["value"].as_u64(), shipped["unit"].as_str()), (Some(5), Some("working_days")));
    assert!(shipped["source"].as_str().unwrap().contains("Ombudsman"));

    let three =
        json!({ "name": "complaint.acknowledge", "value": 3, "from": tomorrow, "source": "Cabinet, minute 12" });
    for (what, changed, why) in [
        ("from", json!("2026-11-24"), "a day after today"),
        ("value", json!(0), "from 1 to 130"),
        ("source", json!("  "), "where the number comes from"),
        ("name", json!("complaint.forget"), "no number with that name"),
    ] {
        let mut wrong = three.clone();
        wrong[what] = changed;
        let refused = admin.sends("POST", "/api/numbers", &wrong);
        assert_eq!(refused.status(), 422);
        let said = refused.json::<Value>().unwrap();
        assert!(said["title"].as_str().unwrap().contains(why), "{said}");
    }
    let too_long = json!({ "name": "notice_minimum_hours", "value": 72, "from": tomorrow, "source": "By mistake" });
    assert_eq!(admin.sends("POST", "/api/numbers", &too_long).status(), 422, "good notice would be shorter than that");
    assert_eq!(admin.reads("/api/numbers"), list, "what is refused changes nothing");
    assert_eq!(ConsoleClient::of("super-1", council).sends("POST", "/api/numbers", &three).status(), 404);

    admin.does("POST", "/api/numbers", &three);
    let list = admin.reads("/api/numbers");
    let changed = number(&list, "complaint.acknowledge");
    assert_eq!(changed["value"], 5, "today it is as it was");
    assert_eq!((&changed["values"][0]["value"], &changed["values"][0]["to_come"]), (&json!(3), &json!(true)));
    assert_eq!(changed["values"][0]["entered_by"], "admin");

    let address = format!("/api/numbers/complaint.acknowledge/{tomorrow}");
    admin.does("DELETE", &address, &Value::Null);
    assert_eq!(admin.asks("DELETE", &address).status(), 404, "it is gone");
    assert_eq!(number(&admin.reads("/api/numbers"), "complaint.acknowledge")["values"].as_array().unwrap().len(), 1);
    let said = council.export("audit");
    let of_numbers: Vec<&str> =
        said.iter().map(|line| line["action"].as_str()).filter(|a| a.contains("number")).collect();
    assert_eq!(of_numbers, ["number_entered", "number_withdrawn"]);
}

#[test]
fn an_administrator_changes_a_number_from_a_day_that_has_not_begun_on_both_databases() {
    an_administrator_changes_a_number_from_a_day_that_has_not_begun(&TestCouncil::open());
    let server = Postgres::start();
    an_administrator_changes_a_number_from_a_day_that_has_not_begun(&TestCouncil::open_on_postgres(&server.database()));
}

/// A phone's clock that is this many days ahead.
struct DaysOn(i64);

impl Clock for DaysOn {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        Moment { unix_ms: now.unix_ms + self.0 * 86_400_000, ..now }
    }
}

#[test]
fn a_phone_pulls_the_councils_numbers_and_decides_by_them_from_their_day_on_without_signal() {
    let scene = Scene::new();
    let letters = |days: i64| {
        let environment = Environment { clock: Arc::new(DaysOn(days)), ..scene.environment() };
        App::open(&scene.store(), environment).unwrap().status().unwrap().numbers.attempts_before_letter
    };
    let sync = || {
        scene.open().unwrap().sync().unwrap();
    };
    drop(scene.enrolled());
    let enter = |value: u32, days: u64| {
        let from = desk::settings::today(&scene.service) + chrono::Days::new(days);
        let number = DatedNumber { name: "attempts_before_letter".into(), value, from, source: "Policy 7".into() };
        desk::settings::enter(&scene.service, &Actor::command_line(), &number).unwrap();
    };
    enter(5, 3);
    assert_eq!((letters(0), letters(4)), (3, 3), "nobody has told the phone yet");
    sync();
    assert_eq!((letters(0), letters(4)), (3, 5));
    enter(4, 3);
    sync();
    assert_eq!((letters(0), letters(4)), (3, 4), "what was entered last for a day holds");
}
