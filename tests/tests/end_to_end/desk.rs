//! Work at the desk: taking in appointments from a table and from a housing system, and managing
//! phones and people.

use doorstep_tests::browser;
use doorstep_tests::desk::{ConsoleClient, session_cookie};
use doorstep_tests::harness::{PASSWORD, Phone, TestCouncil, sample};
use doorstep_tests::postgres::Postgres;
use reqwest::StatusCode;
use serde_json::{Value, json};

fn appointment() -> Value {
    json!({
        "uprn": "532979068556", "address_line_1": "4 Eyebrook Rise", "town": "Melton Mowbray", "postcode": "LE13 9ZR",
        "tenant_name": "Kwame Null", "visit_kind": "inspection", "purpose": "Damp in the hall",
        "window_start": "2026-11-24T12:00", "window_end": "2026-11-24T13:00", "organisation": "Melton Borough Council",
        "assigned_to": "melton-2", "told_who_and_why": "yes",
    })
}

fn with(column: &str, value: &str) -> Value {
    let mut appointment = appointment();
    appointment[column] = json!(value);
    appointment
}

fn a_housing_system_puts_appointments_one_by_one(council: &TestCouncil) {
    let token = council.does(&["api-token", "--name", "housing", "--may", "appointments"]);
    let system = ConsoleClient::with_token(token.trim(), council);
    let put = |reference: &str, said: &Value| {
        let answer = system.sends("PUT", &format!("/api/appointments/{reference}"), said);
        (answer.status().as_u16(), answer.json::<Value>().unwrap())
    };
    assert_eq!(put("HS-1", &appointment()), (201, json!({ "kept": "added" })));
    assert_eq!(put("HS-1", &appointment()), (200, json!({ "kept": "unchanged" })), "sent again, it is there once");
    assert_eq!(put("HS-1", &with("purpose", "Mould")).1, json!({ "kept": "updated" }));
    let (status, said) = put("HS-2", &with("window_end", "2026-11-24T11:00"));
    assert_eq!((status, said["faults"][0]["column"].as_str()), (422, Some("window_end")), "{said}");
    assert_eq!(put("HS-2", &with("assigned_to", "vale-1")).0, 422, "somebody of another organisation");
    assert_eq!(put("not%20a%20reference%00", &appointment()).0, 422);

    let phone = Phone::of("melton-2", council, council.address());
    let has = |phone: &Phone| phone.does(&["appointments", "--json"]).contains("HS-1");
    assert!(has(&phone));
    let supervisor = ConsoleClient::of("super-1", council);
    let change = |what: &Value| supervisor.does("POST", "/api/appointments/HS-1", what);
    let changed = change(&json!({ "action": "reassign", "user": "melton-1" }));
    assert_eq!(changed["assigned_name"], "Harriet Swann");
    phone.does(&["sync"]);
    assert!(!has(&phone), "the details leave the phone of whoever no longer goes");
    let other = Phone::of("melton-1", council, council.address());
    assert!(has(&other));
    change(&json!({ "action": "cancel", "because": "The tenant moved out" }));
    other.does(&["sync"]);
    assert!(!has(&other), "what is called off leaves the phone");
    assert_eq!(put("HS-1", &with("assigned_to", "melton-1")).1["kept"], "updated", "the housing system plans it anew");
    other.does(&["sync"]);
    assert!(has(&other));

    // A new token replaces the old one, and nobody can put an appointment without a token.
    let _newer = council.does(&["api-token", "--name", "housing", "--may", "appointments"]);
    assert_eq!(put("HS-1", &appointment()).0, 401);
    assert_eq!(supervisor.sends("PUT", "/api/appointments/HS-1", &appointment()).status(), 401);
}

#[test]
fn a_housing_system_puts_appointments_one_by_one_on_both_databases() {
    a_housing_system_puts_appointments_one_by_one(&TestCouncil::open());
    let server = Postgres::start();
    a_housing_system_puts_appointments_one_by_one(&TestCouncil::open_on_postgres(&server.database()));
}

#[test]
fn a_firm_sends_its_own_people_and_touches_nobody_else_s_appointments() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let firm = ConsoleClient::of("vale-super", &council);
    let list = firm.reads("/api/appointments");
    let organisations = list["appointments"].as_array().unwrap().iter().map(|row| &row["appointment"]["organisation"]);
    assert!(organisations.clone().all(|name| name == "Vale Property Services Ltd") && organisations.count() > 0);
    assert!(list["visitors"].as_array().unwrap().iter().all(|one| one["organisation"] == "Vale Property Services Ltd"));
    let theirs = "/api/appointments/WO-261124-00032";
    firm.does("POST", theirs, &json!({ "action": "reassign", "user": "vale-1" }));
    assert_eq!(firm.sends("POST", theirs, &json!({ "action": "reassign", "user": "melton-1" })).status(), 422);
    let others = "/api/appointments/WO-261124-00009";
    assert_eq!(firm.sends("POST", others, &json!({ "action": "cancel", "because": "x" })).status(), 404);
}

/// When two firms visit one home, each is only shown its own attempts and counts.
#[test]
fn a_firm_counts_its_own_visits_and_sees_its_own_attempts_alone() {
    let council = TestCouncil::open();
    let go = |user: &str| {
        let phone = Phone::of(user, &council, council.address());
        let visit =
            ["visit", "start-unplanned", "--kind", "inspection", "--purpose", "A look", "--uprn", "532979068556"];
        let visit = phone.says(&visit)["visit"].as_str().unwrap().to_owned();
        phone.does(&["visit", "no-answer", &visit]);
        phone.does(&["sync"]);
        visit
    };
    let (own, others) = (go("vale-1"), go("rutland-1"));
    let attempts = |console: &ConsoleClient, query: &str| {
        let homes = console.reads(&format!("/api/no-access{query}"));
        let attempts = homes["homes"][0]["attempts"].as_array().unwrap().clone();
        attempts.iter().map(|attempt| attempt["visit"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let firm = ConsoleClient::of("vale-super", &council);
    assert_eq!(attempts(&firm, "?organisation=Rutland+Gas+%26+Heating"), std::slice::from_ref(&own));
    assert_eq!(attempts(&ConsoleClient::of("super-1", &council), ""), [own, others]);
    let visits =
        |console: &ConsoleClient| console.reads("/api/reports?organisation=")["outcomes_by_day"][0]["visits"].clone();
    assert_eq!((visits(&firm), visits(&ConsoleClient::of("super-1", &council))), (json!(1), json!(2)));
    let table = firm.asks("GET", "/api/exports/reports.csv").text().unwrap();
    assert!(table.contains("no_answer,1") && !table.contains("Rutland"), "{table}");
    assert_eq!(firm.asks("GET", "/api/exports/cases.csv").status(), 404);
}

#[test]
fn whoever_left_signs_in_no_more_and_a_revoked_phone_still_sends_what_it_holds() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    let administrator = ConsoleClient::of("admin", &council);
    let listed = administrator.reads("/api/phones");
    let device = listed["phones"][0]["device"].as_str().unwrap().to_owned();
    assert_eq!(listed["phones"][0]["user"], "melton-2");
    administrator.does("DELETE", &format!("/api/phones/{device}"), &json!({}));
    phone.does(&["sync"]);
    assert_eq!(phone.says(&["status"])["standing"], "revoked");
    assert_eq!(council.export("no-access").len(), 0, "what it sends stands apart");
    let page = format!("/api/set-aside/{device}");
    let kept = ConsoleClient::of("super-1", &council).reads(&page)["records"].clone();
    let records: Vec<&Value> = kept.as_array().unwrap().iter().map(|record| &record["hash"]).collect();
    administrator.does("POST", &page, &json!({ "deed": "release", "records": records, "because": "It was found" }));
    assert_eq!(council.export("no-access").len(), 1, "and is not lost");

    let supervisor = ConsoleClient::of("super-1", &council);
    administrator.does("POST", "/api/people/super-1", &json!({ "action": "leave" }));
    assert_eq!(supervisor.asks("GET", "/api/visits").status(), 401, "their session is over");
    assert_eq!(ConsoleClient::nobody(&council).signs_in("super-1", PASSWORD), 403);
    administrator.does("POST", "/api/people/super-1", &json!({ "action": "return" }));
    let given = administrator.does("POST", "/api/people/super-1", &json!({ "action": "set_password" }));
    let given = given["password"].as_str().unwrap();
    assert_eq!(ConsoleClient::nobody(&council).signs_in("super-1", given), 200);
    assert_eq!(administrator.sends("POST", "/api/people/admin", &json!({ "action": "leave" })).status(), 422);

    // A code from the desk enrols a phone as one from the command line does.
    let offer =
        administrator.does("POST", "/api/phones", &json!({ "user": "melton-4", "server": "https://x.example" }));
    assert!(offer["qr"].as_str().unwrap().contains("<svg"));
    let server = format!("http://{}", council.address());
    Phone::new().does(&["enrol", "--server", &server, "--code", offer["code"].as_str().unwrap()]);
    let nobody = json!({ "user": "nobody", "server": "https://x.example" });
    assert_eq!(administrator.sends("POST", "/api/phones", &nobody).status(), 422);
}

#[test]
fn a_password_alone_signs_nobody_in_and_a_code_is_taken_once() {
    let mut council = TestCouncil::open();
    council.kill();
    council.asks_for_second_factor();
    // A passkey is for the name at which people reach the council.
    let public_address = format!("http://localhost:{}", council.address().port());
    council.is_told(&[("DOORSTEP_PUBLIC_ADDRESS", &public_address)]);
    council.start();
    browser::goes_through("second-factor", &council, &[("DOORSTEP_PUBLIC", &public_address)]);
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let mut secrets = database.prepare("SELECT totp_secret FROM person WHERE totp_secret IS NOT NULL").unwrap();
    let secrets: Vec<String> = secrets.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(!secrets.is_empty() && secrets.iter().all(|secret| secret.starts_with("age:")), "{secrets:?}");
}

#[test]
fn whoever_guesses_somebody_s_password_slows_down_strangers_and_not_them() {
    let council = TestCouncil::open();
    let at_their_desk = ConsoleClient::of("super-1", &council);
    let stranger = ConsoleClient::nobody(&council);
    for _ in 0..5 {
        assert_eq!(stranger.signs_in("super-1", "a guess of mine"), 403);
    }
    assert_eq!(stranger.signs_in("super-1", PASSWORD), 429, "whoever guesses waits");
    assert_eq!(at_their_desk.signs_in("super-1", PASSWORD), 200, "they are not locked out by it");
}

#[test]
fn many_guesses_at_once_and_at_several_processes_are_no_way_round() {
    let server = Postgres::start();
    let council = TestCouncil::open_on_postgres(&server.database());
    let (mut other, address) = council.serves(([127, 0, 0, 1], 0).into());
    let doors = [council.address(), address];
    let answers: Vec<StatusCode> = std::thread::scope(|scope| {
        let guess = |number: usize| ConsoleClient::nobody_at(doors[number % 2]).signs_in("super-1", "a guess of mine");
        let guessing: Vec<_> = (0..24).map(|number| scope.spawn(move || guess(number))).collect();
        guessing.into_iter().map(|guessed| guessed.join().unwrap()).collect()
    });
    let looked_at = answers.iter().filter(|status| **status == StatusCode::FORBIDDEN).count();
    assert_eq!(looked_at, 5, "{answers:?}");
    // Those who find no place in the queue for passwords are told to come again.
    let refused = [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    assert!(answers.iter().all(|status| refused.contains(status)), "{answers:?}");
    assert_eq!(ConsoleClient::nobody_at(address).signs_in("super-1", PASSWORD), 429, "the other process knows of it");
    let _killed = other.kill();
    let _reaped = other.wait();
}

/// A visit of the council's own people that the council holds: nobody answered.
fn visited(council: &TestCouncil) -> String {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", council, council.address());
    let visit = phone.starts("WO-261124-00009");
    phone.does(&["visit", "no-answer", &visit]);
    phone.does(&["sync"]);
    visit
}

#[test]
fn whoever_runs_it_sees_how_it_does_and_nobody_s_name() {
    let council = TestCouncil::open();
    let visit = visited(&council);
    let _found = ConsoleClient::of("super-1", &council).reads("/api/visits?q=Patel");
    let nobody = ConsoleClient::nobody(&council);
    assert_eq!(nobody.asks("GET", "/health").status(), 200);
    assert_eq!(nobody.asks("GET", "/ready").status(), 200);
    assert_eq!(nobody.asks("GET", "/metrics").status(), 401);
    let token = council.does(&["api-token", "--name", "prometheus", "--may", "metrics"]);
    let metrics = ConsoleClient::with_token(token.trim(), &council).asks("GET", "/metrics").text().unwrap();
    for line in [
        "doorstep_records 3",
        "doorstep_records_not_received 0",
        r#"doorstep_requests_total{route="/api/visits",method="GET",status="200"} 1"#,
        r#"doorstep_request_seconds_count{route="/v2/sync"}"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains("Patel") && !metrics.contains(&visit), "a metric names somebody");
}

#[test]
fn who_tried_to_sign_in_and_what_was_refused_is_written_down_and_no_password_with_it() {
    let council = TestCouncil::open();
    let stranger = ConsoleClient::nobody(&council);
    assert_eq!(stranger.signs_in("lead-1", "a guess of mine"), 403);
    assert_eq!(stranger.signs_in("correct horse battery staple", "lead-1"), 403, "the fields were swapped");
    let firm = ConsoleClient::of("vale-super", &council);
    assert_eq!(firm.asks("GET", "/api/audit").status(), 404);
    // A visit of the council's own people.
    let visit = visited(&council);
    assert_eq!(firm.asks("GET", &format!("/api/visits/{visit}")).status(), 404);
    assert_eq!(firm.asks("GET", "/api/visits/correct%20horse%20battery").status(), 404);
    let log = council.export("audit");
    let lines = |action: &str| -> Vec<Value> {
        let lines = log.iter().filter(|line| line["action"] == action);
        lines.map(|line| serde_json::from_str(&line["detail"]).unwrap()).collect()
    };
    assert_eq!(
        lines("sign_in_failed"),
        [json!({ "name": "lead-1", "address": "127.0.0.1" }), json!({ "address": "127.0.0.1" })]
    );
    assert_eq!(lines("signed_in"), [json!({ "by": "password", "address": "127.0.0.1" })]);
    assert_eq!(lines("role_refused"), [json!({ "route": "GET /api/audit", "address": "127.0.0.1" })]);
    assert!(log.iter().any(|line| line["action"] == "role_refused" && line["user"] == "vale-super"));
    let of_others = format!("GET /api/visits/{visit}");
    let asked = |what: &str| json!({ "asked": what, "address": "127.0.0.1" });
    assert_eq!(lines("not_found"), [asked(&of_others), asked("GET /api/visits/{visit}")]);
    assert!(!format!("{log:?}").contains("battery"), "what was typed as a name may be a password");
    // Whoever asks on and on does not hide what others ask.
    for _ in 0..150 {
        let _refused = firm.asks("GET", "/api/visits/nothing");
    }
    assert_eq!(ConsoleClient::of("super-1", &council).asks("GET", "/api/safeguarding-log").status(), 404);
    let log = council.export("audit");
    assert!(log.iter().any(|line| line["action"] == "role_refused" && line["user"] == "super-1"));
    assert!(log.iter().filter(|line| line["action"] == "not_found").count() < 100, "nor fills the log");
}

#[test]
fn only_a_proxy_that_the_settings_name_is_believed_about_an_address() {
    let mut council = TestCouncil::open();
    let tried_from = |council: &TestCouncil, forwarded: &str| {
        let _refused = ConsoleClient::nobody(council).signs_in_through("lead-1", "a guess of mine", forwarded);
        let log = council.export("audit");
        let last = log.iter().rfind(|line| line["action"] == "sign_in_failed").unwrap();
        serde_json::from_str::<Value>(&last["detail"]).unwrap()["address"].clone()
    };
    assert_eq!(tried_from(&council, "203.0.113.9"), "127.0.0.1", "anybody can send that header");
    council.kill();
    council.is_told(&[("DOORSTEP_PROXY", "127.0.0.1")]);
    council.start();
    assert_eq!(tried_from(&council, "198.51.100.7, 203.0.113.9"), "203.0.113.9", "what the proxy itself added");
    council.kill();
    council.is_told(&[("DOORSTEP_PROXY", "127.0.0.1,10.0.0.2")]);
    council.start();
    let in_a_row = tried_from(&council, "198.51.100.7, 203.0.113.9, 10.0.0.2");
    assert_eq!(in_a_row, "203.0.113.9", "of two proxies in a row, what the first one added");
    assert_eq!(tried_from(&council, "10.0.0.2"), "10.0.0.2");
}

#[test]
fn a_session_ends_by_itself_though_a_page_asks_on_and_when_its_browser_signs_in_again() {
    let council = TestCouncil::open();
    let supervisor = ConsoleClient::of("super-1", &council);
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let minutes_ago = |minutes: i64| {
        let sql = "UPDATE session SET seen_ms = seen_ms - ?1";
        assert_eq!(database.execute(sql, [minutes * 60_000]).unwrap(), 1);
    };
    let seen = || database.query_row("SELECT seen_ms FROM session", [], |row| row.get::<_, i64>(0)).unwrap();
    minutes_ago(20);
    let before = seen();
    assert_eq!(supervisor.asks_by_itself("/api/today").status(), 200);
    assert_eq!(seen(), before, "nobody need be there when a page asks by itself");
    assert_eq!(supervisor.asks("GET", "/api/today").status(), 200);
    assert!(seen() > before, "somebody was there");
    minutes_ago(31);
    assert_eq!(supervisor.asks_by_itself("/api/today").status(), 401, "the session is over");

    assert_eq!(supervisor.signs_in("super-1", PASSWORD), 200);
    assert_eq!(supervisor.signs_in("super-1", PASSWORD), 200);
    assert_eq!(supervisor.reads("/api/sessions").as_array().unwrap().len(), 1, "the old one ended");
}

#[test]
fn a_fault_of_the_service_tells_nothing_of_its_inside() {
    let mut council = TestCouncil::open();
    council.kill();
    council.keeps_its_log();
    council.start();
    let supervisor = ConsoleClient::of("super-1", &council);
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    database.execute_batch("ALTER TABLE visit RENAME TO broken_by_a_test").unwrap();
    let answer = supervisor.asks("GET", "/api/visits");
    assert_eq!(answer.status(), 500);
    let said: Value = answer.json().unwrap();
    for inner in ["visit", "table", "sql", "column", "crates", "rusqlite"] {
        assert!(!said.to_string().to_lowercase().contains(inner), "{inner}: {said}");
    }
    assert!(said["title"].as_str().is_some_and(|title| title.contains("Nothing was changed")), "{said}");
    let log = council.log();
    assert!(log.contains("A request could not be answered.") && log.contains("no such table"), "{log}");
    database.execute_batch("ALTER TABLE broken_by_a_test RENAME TO visit").unwrap();
    assert_eq!(supervisor.asks("GET", "/api/visits").status(), 200);
}

#[test]
fn a_session_that_has_ended_opens_nothing_again() {
    let council = TestCouncil::open();
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let opens = |cookie: &str| {
        let asked = reqwest::blocking::Client::new().get(format!("http://{}/api/today", council.address()));
        asked.header("cookie", cookie).send().unwrap().status() == 200
    };
    let cookie = session_cookie(&council, "super-1");
    assert!(opens(&cookie));
    let signed_out = reqwest::blocking::Client::new().delete(format!("http://{}/api/session", council.address()));
    assert_eq!(signed_out.header("cookie", &cookie).header("x-doorstep", "1").send().unwrap().status(), 200);
    assert!(!opens(&cookie), "after signing out");

    let cookie = session_cookie(&council, "audit-1");
    database.execute("UPDATE person SET left_ms = 1 WHERE user_name = 'audit-1'", []).unwrap();
    assert!(!opens(&cookie), "of somebody who left while they signed in");

    let cookie = session_cookie(&council, "super-1");
    database.execute("UPDATE session SET created_ms = created_ms - 43200001", []).unwrap();
    assert!(!opens(&cookie), "after twelve hours, however busy");

    let cookie = session_cookie(&council, "super-1");
    let admin = ConsoleClient::of("admin", &council);
    admin.does("POST", "/api/people/super-1", &json!({ "action": "end_sessions" }));
    assert!(!opens(&cookie), "after an administrator ended it");
}

#[test]
fn somebody_changes_their_own_password_and_nobody_takes_one_that_is_easy_to_guess() {
    let council = TestCouncil::open();
    let at_their_desk = ConsoleClient::of("super-1", &council);
    let elsewhere = ConsoleClient::of("super-1", &council);
    let change = |old: &str, new: &str| {
        let answer = at_their_desk.sends("POST", "/api/session/password", &json!({ "old": old, "new": new }));
        let status = answer.status().as_u16();
        let reason = serde_json::from_str::<Value>(&answer.text().unwrap()).unwrap_or_default()["reason"].clone();
        (status, reason)
    };
    let new = "otter jumps over 4 kettles";
    assert_eq!(change("a guess of mine", new), (422, json!("other-password")));
    assert_eq!(change(PASSWORD, "short"), (422, json!("short-password")));
    for weak in ["aaaaaaaaaaaa", "123456789012", "JoanPickering1", "MeltonBoroughCouncil", "Council2026!!!"] {
        assert_eq!(change(PASSWORD, weak), (422, json!("weak-password")), "{weak}");
    }
    assert_eq!(at_their_desk.asks("GET", "/api/today").status(), 200, "nothing was changed");
    assert_eq!(change(PASSWORD, new).0, 200);
    for session in [&at_their_desk, &elsewhere] {
        assert_eq!(session.asks("GET", "/api/today").status(), 401, "they sign in again with the new one");
    }
    let nobody = ConsoleClient::nobody(&council);
    assert_eq!(
        (nobody.signs_in("super-1", PASSWORD), nobody.signs_in("super-1", new)),
        (StatusCode::FORBIDDEN, StatusCode::OK)
    );
    let log = council.export("audit");
    assert!(log.iter().any(|line| line["action"] == "password_set" && line["user"] == "super-1"));

    // Whoever found an open session can't guess on and on.
    let again = ConsoleClient::nobody(&council);
    assert_eq!(again.signs_in("super-1", new), 200);
    let guess = |_| {
        let said = json!({ "old": "a guess of mine", "new": "another otter 5 hats" });
        again.sends("POST", "/api/session/password", &said).json::<Value>().unwrap()["reason"].clone()
    };
    let reasons: Vec<Value> = (0..7).map(guess).collect();
    assert_eq!(reasons.last(), Some(&json!("wait-first")), "{reasons:?}");
}
