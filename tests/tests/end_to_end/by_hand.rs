//! Whatever the console can do, the command line can do.

use doorstep_council::{Role, routes};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, json as read, sample};
use serde_json::{Value, json};

/// How the command line does what a route does.
enum ByHand {
    /// `show` prints the same, with these words.
    Show(&'static [&'static str]),
    /// Another command does it.
    Command(&'static str),
    /// It belongs to a browser's session, which the command line does not have.
    Session,
    /// Only a safeguarding lead in person may do it. Clause 6.2.
    InPerson,
}

/// Each route for people. `VISIT`, `UPRN` and `CASE` stand for those of the test's story.
const BY_HAND: [(&str, ByHand); 51] = {
    use ByHand::{Command, InPerson, Session, Show};
    [
        ("GET /api/session", Session),
        ("POST /api/session/password", Command("set-password")),
        ("GET /api/sessions", Session),
        ("DELETE /api/sessions/{session}", Session),
        ("POST /api/session/proof", Session),
        ("GET /api/passkeys", Session),
        ("POST /api/passkeys", Session),
        ("POST /api/passkeys/offer", Session),
        ("DELETE /api/passkeys/{passkey}", Session),
        ("GET /api/today", Show(&["today"])),
        ("GET /api/visits", Show(&["visits"])),
        ("GET /api/visits/{visit}", Show(&["visit", "VISIT"])),
        ("POST /api/visits/{visit}", Command("decide-visit")),
        ("GET /api/visits/{visit}/photos/{sha256}", Command("save-photo")),
        ("GET /api/organisations", Show(&["organisations"])),
        ("GET /api/no-access", Show(&["no-access"])),
        ("GET /api/no-access/{uprn}", Show(&["evidence", "UPRN"])),
        ("GET /api/reports", Show(&["reports"])),
        ("GET /api/concerns", Show(&["concerns"])),
        ("GET /api/cases", Show(&["cases"])),
        ("GET /api/cases/{case}", Show(&["case", "CASE"])),
        ("POST /api/cases/{case}", Command("case")),
        ("GET /api/appointments", Show(&["appointments"])),
        ("POST /api/appointments", Command("import-appointments")),
        ("POST /api/appointments/preview", Command("import-appointments")),
        ("POST /api/appointments/{reference}", Command("appointment")),
        ("GET /api/phones", Show(&["phones"])),
        ("POST /api/phones", Command("enrol")),
        ("DELETE /api/phones/{device}", Command("revoke-phone")),
        ("GET /api/set-aside", Show(&["set-aside"])),
        ("POST /api/set-aside", Command("put-to-rest")),
        ("GET /api/set-aside/{device}", Show(&["set-aside-of", "DEVICE"])),
        ("POST /api/set-aside/{device}", Command("decide-set-aside")),
        ("GET /api/people", Show(&["people"])),
        ("POST /api/people", Command("import-people")),
        ("POST /api/people/{user}", Command("person")),
        ("GET /api/accounts", Show(&["accounts"])),
        ("POST /api/accounts/{change}", Command("decide-account")),
        ("GET /api/acknowledgements", Show(&["register"])),
        ("GET /api/exports/dictionary", Show(&["dictionary"])),
        ("GET /api/exports/{table}", Command("export")),
        ("GET /api/numbers", Show(&["numbers"])),
        ("POST /api/numbers", Command("enter-number")),
        ("DELETE /api/numbers/{name}/{from}", Command("withdraw-number")),
        ("GET /api/codes", Show(&["codes"])),
        ("POST /api/codes", Command("publish-code")),
        ("GET /api/safeguarding", InPerson),
        ("GET /api/safeguarding/{record}", InPerson),
        ("GET /api/safeguarding-log", InPerson),
        ("GET /api/audit", Show(&["audit"])),
        ("GET /api/audit/links", Show(&["audit-links"])),
    ]
};

/// Somebody of the sample council who may use a route. The auditor, who reads everything, comes
/// first.
fn somebody(roles: &[Role]) -> &'static str {
    let people = [
        (Role::Auditor, "audit-1"),
        (Role::Supervisor, "super-1"),
        (Role::Administrator, "admin"),
        (Role::SafeguardingLead, "lead-1"),
    ];
    people.iter().find(|(role, _)| roles.contains(role)).map(|(_, user)| *user).expect("somebody at the council may")
}

/// What is shown, without what differs from one reading to the next: when it was read and by whom,
/// and the lines and actions that a reading itself adds to the audit log.
fn comparable(mut shown: Value) -> Value {
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|name, _| !["as_of", "made_by", "lines", "actions", "last"].contains(&name.as_str()));
        fields.retain(|name, _| !name.starts_with("may_"));
    }
    shown
}

#[test]
fn each_route_for_people_has_its_command_and_shows_the_same() {
    let council = TestCouncil::open();
    council.publishes_code();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", &council, council.address());
    let visit = phone.starts("WO-261124-00033");
    phone.does(&["visit", "refuse", &visit, "--reason", "illness"]);
    phone.does(&["sync"]);
    let case = ConsoleClient::of("super-1", &council).reads("/api/cases")["cases"][0]["case"].clone();
    let home = council.export("no-access").remove(0).remove("uprn").unwrap();
    let phones = ConsoleClient::of("audit-1", &council).reads("/api/phones");
    let device = phones["phones"][0]["device"].as_str().unwrap().to_owned();
    let of_the_story = |word: &str| match word {
        "VISIT" => visit.clone(),
        "UPRN" => home.clone(),
        "CASE" => case.as_str().unwrap().to_owned(),
        "DEVICE" => device.clone(),
        other => other.to_owned(),
    };
    for route in routes().iter().filter(|route| route.who == "people") {
        let name = format!("{} {}", route.method, route.path);
        let (_, by_hand) = BY_HAND.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("{name}"));
        match by_hand {
            ByHand::Session => {}
            ByHand::InPerson => assert_eq!(route.roles, [Role::SafeguardingLead], "{name}"),
            ByHand::Command(command) => assert!(council.runs(&[command, "--help"]).contains("Usage:"), "{name}"),
            ByHand::Show(words) => {
                let words: Vec<String> = words.iter().map(|word| of_the_story(word)).collect();
                let mut page = vec!["show"];
                page.extend(words.iter().map(String::as_str));
                let (address, _) = route.path.split_once('{').unwrap_or((route.path, ""));
                let address = words.get(1).map_or_else(|| address.to_owned(), |id| format!("{address}{id}"));
                let in_the_console = ConsoleClient::of(somebody(route.roles), &council).reads(&address);
                let (by_hand, in_the_console) = (comparable(read(&council.does(&page))), comparable(in_the_console));
                assert!(by_hand == in_the_console, "{name} shows something else by hand");
            }
        }
    }
}

#[test]
fn a_list_is_narrowed_by_hand_as_in_the_console_and_says_which_filters_it_has() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let filter = "organisation=Vale Property Services Ltd";
    let theirs = read(&council.does(&["show", "appointments", "--filter", filter, "--filter", "sort=-when"]));
    let theirs = theirs["appointments"].as_array().unwrap();
    assert!(!theirs.is_empty());
    assert!(theirs.iter().all(|row| row["appointment"]["organisation"] == "Vale Property Services Ltd"));
    let refused = council.tries(&["show", "appointments", "--filter", "organization=x"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("It has: ") && said.contains("organisation"), "{said}");
    assert!(!council.tries(&["show", "appointments", "--filter", "from=tomorrow"]).status.success());
}

/// What a deed leaves behind: the answer to `reads`, and the line in the audit log without who did
/// it.
fn traces(council: &TestCouncil, reads: &str, action: &str) -> (Value, String) {
    let row = comparable(ConsoleClient::of("audit-1", council).reads(reads));
    let line = council.export("audit").into_iter().rfind(|line| line["action"] == action);
    (row, line.unwrap_or_else(|| panic!("{action} is not in the audit log"))["detail"].clone())
}

#[test]
fn a_deed_by_hand_leaves_what_the_same_deed_in_the_console_leaves() {
    let councils = [TestCouncil::open(), TestCouncil::another()];
    for council in &councils {
        council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    }
    let [by_hand, console] = &councils;
    let administrator = ConsoleClient::of("admin", console);
    let supervisor = ConsoleClient::of("super-1", console);

    // What is typed with blanks around it is kept without them.
    let source = "  Cabinet, 3 November  ";
    by_hand.does(&["enter-number", "attempts_before_letter", "4", "--from", "2030-01-07", "--source", source]);
    let number = json!({ "name": "attempts_before_letter", "value": 4, "from": "2030-01-07", "source": source });
    administrator.does("POST", "/api/numbers", &number);
    let entered = |council| {
        let (list, line) = traces(council, "/api/numbers", "number_entered");
        let numbers = list["numbers"].as_array().unwrap().clone();
        let value = numbers.iter().find(|one| one["name"] == "attempts_before_letter").unwrap()["values"][0].clone();
        assert_eq!(value["source"], "Cabinet, 3 November");
        ((value["value"].clone(), value["from"].clone()), line)
    };
    assert_eq!(entered(by_hand), entered(console));

    by_hand.does(&["appointment", "WO-261124-00032", "reassign", "--user", "vale-1"]);
    supervisor.does("POST", "/api/appointments/WO-261124-00032", &json!({ "action": "reassign", "user": "vale-1" }));
    by_hand.does(&["appointment", "WO-261124-00033", "cancel", "--because", " The part is late "]);
    let cancel = json!({ "action": "cancel", "because": " The part is late " });
    supervisor.does("POST", "/api/appointments/WO-261124-00033", &cancel);
    let planned = |council| {
        let (mut list, line) = traces(council, "/api/appointments?q=WO-261124-0003", "appointment_cancelled");
        for row in list["appointments"].as_array_mut().unwrap() {
            row["cancelled_at"] = Value::Null;
        }
        (list["appointments"].clone(), line)
    };
    assert_eq!(planned(by_hand), planned(console));

    // What can't be changed any more is refused, in the same words.
    let again = by_hand.tries(&["appointment", "WO-261124-00033", "reassign", "--user", "melton-1"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("This appointment was called off"));
    let again = json!({ "action": "reassign", "user": "melton-1" });
    let refused = supervisor.sends("POST", "/api/appointments/WO-261124-00033", &again);
    assert_eq!(refused.status(), 422);
    assert_eq!(refused.json::<Value>().unwrap()["reason"], "called-off");
}
