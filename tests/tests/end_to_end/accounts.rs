//! Accounts: who gives which role and password to whom, and what nobody does alone.

use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{PASSWORD, TestCouncil, json as read};
use serde_json::{Value, json};

use crate::boundary::on_both_databases;

const HEADER: &str = "user,display_name,organisation,organisation_kind,role,position,email";
pub(crate) const MELTON: &str = "Melton Borough Council,council";
const VALE: &str = "Vale Property Services Ltd,contractor";

/// Takes a table in on the council's own machine.
pub(crate) fn by_hand(council: &TestCouncil, rows: &[String]) -> std::process::Output {
    let file = council.data().join("people-of-a-test.csv");
    std::fs::write(&file, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    council.tries(&["import-people", &file.display().to_string(), "--json"])
}

fn at_the_console(administrator: &ConsoleClient, rows: &[String]) -> Value {
    let answer = administrator.sends_table("/api/people", &format!("{HEADER}\n{}\n", rows.join("\n")));
    assert_eq!(answer.status(), 200);
    answer.json().unwrap()
}

#[test]
fn a_table_of_people_with_a_name_that_looks_like_another_or_never_ends_is_refused() {
    let council = TestCouncil::open();
    let long = "x".repeat(501);
    let row = |name: &str, position: &str, email: &str| format!("new-1,{name},{MELTON},officer,{position},{email}");
    for (row, column, code) in [
        (row("Joan \u{202e}gnirekciP", "Officer", ""), "display_name", "invisible"),
        (row("Joan\u{200b} Pickering", "Officer", ""), "display_name", "invisible"),
        (row("Joan\u{200d} Pickering", "Officer", ""), "display_name", "invisible"),
        (row("Joan \u{3164}Pickering", "Officer", ""), "display_name", "invisible"),
        (row("Jo\u{ad}an Pickering", "Officer", ""), "display_name", "invisible"),
        (row("Joan Pickering", "Officer\u{7}", ""), "position", "invisible"),
        (row(&long, "Officer", ""), "display_name", "too-long"),
        (row("Joan Pickering", "Officer", "joan at the council"), "email", "no-email"),
        (row("Joan Pickering", "Officer", "joan@council.example> x"), "email", "no-email"),
    ] {
        let refused = by_hand(&council, &[row]);
        let said = String::from_utf8_lossy(&refused.stdout).into_owned();
        assert!(!refused.status.success() && said.contains(column) && said.contains(code), "{column}, {code}: {said}");
    }
    // The joiner in the second name is how Persian writes it.
    for name in ["Siân Ó Briain-Νίκος", "علی\u{200c}رضا"] {
        assert!(by_hand(&council, &[row(name, "Officer", "sian@council.example")]).status.success(), "{name}");
    }
}

/// Another lead and another administrator, beside those of the sample.
pub(crate) fn more_people(council: &TestCouncil) {
    let rows = [
        format!("lead-2,Bola Ige,{MELTON},safeguarding_lead,Deputy lead,lead-2@council.example"),
        format!("admin-1,Wendy Croft,{MELTON},administrator,ICT officer,admin-1@council.example"),
    ];
    assert!(by_hand(council, &rows).status.success());
    for user in ["lead-2", "admin-1"] {
        council.gives_a_password(user);
    }
}

/// The one change that waits about somebody.
fn waiting(at_desk: &ConsoleClient, user: &str) -> Value {
    let list = at_desk.reads("/api/accounts");
    let found: Vec<Value> =
        list["waiting"].as_array().unwrap().iter().filter(|row| row["user"] == user).cloned().collect();
    assert_eq!(found.len(), 1, "{user}: {list}");
    found[0].clone()
}

/// Agrees to a change, or refuses it. Returns what came of it, or why not.
fn decides(at_desk: &ConsoleClient, change: &Value, agree: bool) -> Value {
    let address = format!("/api/accounts/{}", change["change"].as_str().unwrap());
    let answer = at_desk.sends("POST", &address, &json!({ "agree": agree }));
    let is_done = answer.status() == 200;
    let said: Value = answer.json().unwrap();
    if is_done { said["done"].clone() } else { said["reason"].clone() }
}

/// What somebody is, as the list of people says; `null` if they are not in it.
fn seat(administrator: &ConsoleClient, user: &str) -> Value {
    let list = administrator.reads(&format!("/api/people?q={user}"));
    list["people"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["user"] == user)
        .map_or(Value::Null, |row| row["seat"].clone())
}

/// The deeds in the leads' own log, the newest first, without those on the council's own machine.
pub(crate) fn leads_log(lead: &ConsoleClient) -> Vec<String> {
    let log = lead.reads("/api/safeguarding-log");
    assert_eq!(log["altered_at"], Value::Null);
    let deed = |line: &Value| {
        let deed = &line["deed"];
        format!("{} {} {}", line["by"], deed["deed"], deed["of"]).replace('"', "")
    };
    let deeds = log["lines"].as_array().unwrap().iter().map(deed);
    deeds.filter(|deed| !deed.starts_with("command line")).collect()
}

#[test]
fn nobody_gets_at_a_lead_s_account_alone_on_either_database() {
    on_both_databases(|council| {
        more_people(council);
        let [admin, admin_1, lead, lead_2, supervisor] =
            ["admin", "admin-1", "lead-1", "lead-2", "super-1"].map(|user| ConsoleClient::of(user, council));
        let nobody = ConsoleClient::nobody(council);
        let changed = admin.does("POST", "/api/people/lead-1", &json!({ "action": "set_password" }));
        assert_eq!(changed["waits"], true);
        let given = changed["password"].as_str().unwrap();
        assert_eq!(nobody.signs_in("lead-1", given), 403, "nothing has changed yet");
        assert_eq!(lead.asks("GET", "/api/safeguarding").status(), 200, "their session goes on");
        assert_eq!(lead_2.reads("/api/safeguarding").clone()["notes"], json!([]));
        assert_eq!(leads_log(&lead_2), ["admin change_asked lead-1"], "the leads are told");
        assert_eq!(supervisor.asks("GET", "/api/accounts").status(), 404);

        // The one who asked has agreed, and nobody agrees about themselves.
        assert_eq!(decides(&admin, &waiting(&admin, "lead-1"), true), "agreed-already");
        assert_eq!(decides(&lead, &waiting(&lead, "lead-1"), true), "own-account");
        assert_eq!(nobody.signs_in("lead-1", given), 403);
        let shown = waiting(&admin_1, "lead-1");
        assert!(!shown.to_string().contains("argon2") && !shown.to_string().contains(given), "{shown}");
        assert!(!format!("{:?}", council.export("audit")).contains(given), "it is told once");
        assert_eq!(decides(&admin_1, &shown, true), true, "a second administrator");
        assert_eq!(decides(&admin_1, &shown, true), "waits-no-more");
        assert_eq!(lead.asks("GET", "/api/safeguarding").status(), 401, "their session is over");
        assert_eq!(nobody.signs_in("lead-1", PASSWORD), 403);

        // Another lead is enough. What one of them refuses is not done.
        let forget = json!({ "action": "forget_second_factor" });
        assert_eq!(admin.does("POST", "/api/people/lead-1", &forget)["waits"], true);
        let refused = waiting(&lead_2, "lead-1");
        assert_eq!(decides(&lead_2, &refused, false), false);
        assert_eq!(decides(&admin_1, &refused, true), "waits-no-more");
        admin.does("POST", "/api/people/lead-1", &forget);
        assert_eq!(decides(&lead_2, &waiting(&lead_2, "lead-1"), true), true);
        assert_eq!(
            leads_log(&lead_2),
            [
                "lead-2 change_made lead-1",
                "admin change_asked lead-1",
                "lead-2 change_refused lead-1",
                "admin change_asked lead-1",
                "admin-1 change_made lead-1",
                "admin change_asked lead-1",
            ]
        );

        // A lead who has left comes back in the same way.
        admin.does("POST", "/api/people/lead-1", &json!({ "action": "leave" }));
        assert_eq!(admin.does("POST", "/api/people/lead-1", &json!({ "action": "return" }))["waits"], true);
        let log = council.export("audit");
        let of = |action: &str| log.iter().filter(|line| line["action"] == action).count();
        assert_eq!((of("account_change_asked"), of("account_change_agreed"), of("account_change_refused")), (4, 2, 1));
        assert_eq!(of("password_set"), 7, "six on the machine, one at the desk");

        // On the machine itself it is done at once, and the leads read of it.
        council.gives_a_password("lead-1");
        let last = &lead_2.reads("/api/safeguarding-log")["lines"][0];
        assert_eq!((&last["by"], &last["deed"]["deed"]), (&json!("command line"), &json!("change_made")));
    });
}

#[test]
fn nobody_makes_a_second_administrator_of_themselves() {
    on_both_databases(|council| {
        more_people(council);
        let [admin, lead] = ["admin", "lead-1"].map(|user| ConsoleClient::of(user, council));
        let rows = [
            format!("admin-9,Somebody Else,{MELTON},administrator,ICT,admin-9@council.example"),
            format!("admin-1,Wendy Croft,{MELTON},administrator,ICT officer,somebody-else@example.org"),
        ];
        assert_eq!(at_the_console(&admin, &rows)["waiting"], 2);
        assert_eq!(
            decides(&admin, &waiting(&admin, "admin-9"), true),
            Value::Null,
            "one is not enough for another one"
        );
        assert_eq!(
            decides(&admin, &waiting(&admin, "admin-1"), true),
            Value::Null,
            "nor for where they get their mail"
        );
        let asks = |action: &str| admin.does("POST", "/api/people/admin-1", &json!({ "action": action }));
        let given = asks("set_password");
        for waiting in [&given, &asks("forget_second_factor")] {
            assert_eq!(waiting["waits"], true, "nor for signing in as one");
        }
        assert_eq!(ConsoleClient::nobody(council).signs_in("admin-1", given["password"].as_str().unwrap()), 403);
        assert_eq!(seat(&admin, "admin-9"), Value::Null);
        assert_eq!(decides(&lead, &waiting(&lead, "admin-9"), true), true, "a lead agrees to it");
        assert_eq!(seat(&admin, "admin-9"), "administrator");
    });
}

#[test]
fn a_table_at_the_console_gives_no_desk_and_somebody_agrees_to_each_on_either_database() {
    on_both_databases(|council| {
        more_people(council);
        let [admin, admin_1, lead_2, auditor] =
            ["admin", "admin-1", "lead-2", "audit-1"].map(|user| ConsoleClient::of(user, council));
        let rows = [
            format!("vale-9,New Hand,{VALE},contractor,Plumber,"),
            format!("super-9,New Supervisor,{MELTON},supervisor,Manager,super-9@council.example"),
            format!("vale-1,Peter Marlow,{VALE},supervisor,Foreman,vale-1@vale.example"),
            format!("admin,The Administrator,{MELTON},safeguarding_lead,Administrator,"),
            format!("lead-1,Ruth Adeyemi,{MELTON},safeguarding_lead,Lead,somebody-else@example.org"),
            format!("vale-super,Colin Ames,{MELTON},supervisor,Contracts manager,vale-super@vale.example"),
        ];
        let taken = at_the_console(&admin, &rows);
        assert_eq!(
            (&taken["added"], &taken["updated"], &taken["waiting"]),
            (&json!(1), &json!(2), &json!(5)),
            "{taken}"
        );
        let seats = |users: &[&str]| users.iter().map(|user| seat(&auditor, user)).collect::<Vec<Value>>();
        let users = ["vale-9", "super-9", "vale-1", "admin", "vale-super"];
        assert_eq!(
            seats(&users),
            [json!("contractor"), Value::Null, json!("contractor"), json!("administrator"), json!("firm_supervisor")]
        );
        let people = auditor.reads("/api/people?q=vale-1");
        assert_eq!(people["people"][0]["name"], "Peter Marlow", "what gives nothing is taken");
        let people = auditor.reads("/api/people?q=lead-1");
        assert_eq!(people["people"][0]["email"], "lead-1@council.example", "a lead signs in with that address");
        assert_eq!(at_the_console(&admin, &rows)["waiting"], 5, "the same again asks nobody again");
        let log = council.export("audit");
        assert_eq!(log.iter().filter(|line| line["action"] == "account_change_asked").count(), 5);

        // An administrator agrees to others' and not to their own. A lead's takes two, or a lead.
        assert_eq!(decides(&admin, &waiting(&admin, "super-9"), true), true);
        assert_eq!(decides(&admin, &waiting(&admin, "vale-1"), true), true);
        assert_eq!(decides(&admin, &waiting(&admin, "vale-super"), false), false);
        assert_eq!(decides(&admin, &waiting(&admin, "admin"), true), "own-account");
        assert_eq!(
            decides(&admin_1, &waiting(&admin_1, "admin"), true),
            Value::Null,
            "one administrator is not enough"
        );
        assert_eq!(admin.asks("GET", "/api/safeguarding").status(), 404, "and makes nobody a lead");
        let of_leads: Vec<Value> = lead_2.reads("/api/accounts")["waiting"].as_array().unwrap().clone();
        assert!(of_leads.iter().all(|row| row["guarded"] == true) && of_leads.len() == 2, "{of_leads:?}");
        assert_eq!(decides(&lead_2, &waiting(&lead_2, "admin"), true), true);
        assert_eq!(
            seats(&users),
            [
                json!("contractor"),
                json!("supervisor"),
                json!("firm_supervisor"),
                json!("safeguarding_lead"),
                json!("firm_supervisor")
            ]
        );
        let changed = council.export("audit").into_iter().filter(|line| line["action"] == "role_changed");
        let changed: Vec<Value> = changed.map(|line| read(&line["detail"])).collect();
        let of_admin = changed.iter().find(|detail| detail["of"] == "admin").unwrap();
        assert_eq!((&of_admin["before"], &of_admin["after"]), (&json!("administrator"), &json!("safeguarding_lead")));

        // The machine's own table gives them at once.
        let rows = [format!("super-10,Another One,{MELTON},supervisor,Manager,")];
        assert!(by_hand(council, &rows).status.success());
        assert_eq!(seat(&auditor, "super-10"), "supervisor");
    });
}

#[test]
fn nobody_becomes_a_lead_by_way_of_something_else_on_either_database() {
    on_both_databases(|council| {
        more_people(council);
        let [admin, lead_2] = ["admin", "lead-2"].map(|user| ConsoleClient::of(user, council));
        let set = |user: &str| {
            let answer = admin.sends("POST", &format!("/api/people/{user}"), &json!({ "action": "set_password" }));
            (answer.status().as_u16(), answer.json::<Value>().unwrap()["reason"].clone())
        };
        // Whoever has no desk is given no password, which would wait for them to have one.
        at_the_console(&admin, &[format!("mole-1,A Mole,{MELTON},officer,Officer,")]);
        assert_eq!(set("mole-1"), (422, json!("no-desk")));
        // A firm that nobody knows does not become the council after somebody agreed to its
        // supervisor.
        let firm = "Oakham Team,contractor";
        at_the_console(&admin, &[format!("mole-1,A Mole,{firm},safeguarding_lead,Lead,")]);
        let table = format!("{HEADER}\nhelper-1,A Helper,Oakham Team,council,officer,Officer,\n");
        let said: Value = admin.sends_table("/api/people", &table).json().unwrap();
        assert_eq!(said["faults"][0]["code"], "other-kind", "{said}");
        let shown = waiting(&admin, "mole-1");
        assert_eq!((&shown["role_after"], &shown["guarded"]), (&json!("firm_supervisor"), &json!(false)));
        council.does(&["organisation", "Oakham Team", "council"]);
        assert_eq!(decides(&admin, &shown, true), "other-organisation");
        assert_eq!(decides(&admin, &shown, false), false);

        // What was chosen for somebody before they became a lead opens nothing afterwards.
        at_the_console(&admin, &[format!("super-9,A Supervisor,{MELTON},supervisor,Manager,")]);
        assert_eq!(decides(&admin, &waiting(&admin, "super-9"), true), true);
        assert_eq!(set("super-9").0, 200);
        at_the_console(&admin, &[format!("super-9,A Supervisor,{MELTON},safeguarding_lead,Lead,")]);
        assert_eq!(decides(&lead_2, &waiting(&lead_2, "super-9"), true), true);
        let said = json!({ "user": "super-9", "password": "otter jumps over 4 kettles" });
        assert_eq!(ConsoleClient::nobody(council).sends("POST", "/api/session", &said).status(), 403);
        let people = admin.reads("/api/people?q=super-9");
        assert_eq!(
            (&people["people"][0]["seat"], &people["people"][0]["has_password"]),
            (&json!("safeguarding_lead"), &json!(false))
        );

        // Two administrators who ask for the same have agreed to it.
        let forget = json!({ "action": "forget_second_factor" });
        assert_eq!(admin.does("POST", "/api/people/lead-1", &forget)["waits"], true);
        let admin_1 = ConsoleClient::of("admin-1", council);
        assert_eq!(admin_1.does("POST", "/api/people/lead-1", &forget)["waits"], false);
        // Names that people take for another's are refused.
        let rows = [
            format!("LEAD-1,Ruth Adeyemi,{MELTON},officer,Officer,"),
            "x-1,X,MELTON  Borough Council,council,officer,Officer,".to_owned(),
        ];
        let faults = at_the_console(&admin, &rows)["faults"].clone();
        let codes: Vec<&Value> = faults.as_array().unwrap().iter().map(|fault| &fault["code"]).collect();
        assert_eq!(codes, ["spelt-otherwise", "spelt-otherwise"], "{faults}");
    });
}

#[test]
fn an_organisation_is_what_it_is_known_to_be_whatever_a_table_says() {
    on_both_databases(|council| {
        let admin = ConsoleClient::of("admin", council);
        let firm = ConsoleClient::of("vale-super", council);
        let rows = [
            "vale-8,New Hand,Vale Property Services Ltd,council,contractor,Plumber,".to_owned(),
            "x-1,Somebody,New Firm Ltd,contractor,contractor,Joiner,".to_owned(),
            "x-2,Somebody Else,New Firm Ltd,council,contractor,Joiner,".to_owned(),
        ];
        let at_desk = at_the_console(&admin, &rows);
        let by_hand = by_hand(council, &rows);
        assert!(!by_hand.status.success());
        for said in [at_desk, read(&String::from_utf8(by_hand.stdout).unwrap())] {
            let faults: Vec<(&Value, &Value)> =
                said["faults"].as_array().unwrap().iter().map(|fault| (&fault["row"], &fault["code"])).collect();
            assert_eq!(faults, [(&json!(2), &json!("other-kind")), (&json!(4), &json!("other-kind"))], "{said}");
        }
        assert_eq!(firm.reads("/api/session")["of_the_council"], false, "a firm's supervisor stays one");

        // Changing it is a deed of its own.
        council.does(&["organisation", "Vale Property Services Ltd", "council"]);
        assert_eq!(firm.asks("GET", "/api/session").status(), 401, "its people sign in again");
        assert_eq!(ConsoleClient::of("vale-super", council).reads("/api/session")["of_the_council"], true);
        let log = council.export("audit");
        assert!(log.iter().any(|line| line["action"] == "organisation_kind_changed"));
        assert!(!council.tries(&["organisation", "Nobody Ltd", "council"]).status.success());
    });
}

#[test]
fn a_password_that_was_given_is_changed_at_the_first_sign_in() {
    let mut council = TestCouncil::open();
    let admin = ConsoleClient::of("admin", &council);
    let own = "nine quiet ferns at dusk";
    let changed = admin.does("POST", "/api/people/super-1", &json!({ "action": "set_password" }));
    let given = changed["password"].as_str().unwrap();
    let tries = |password: &str, new: Option<&str>| {
        let said = json!({ "user": "super-1", "password": password, "new_password": new });
        let answer = ConsoleClient::nobody(&council).sends("POST", "/api/session", &said);
        let has_cookie = answer.headers().contains_key("set-cookie");
        let status = answer.status().as_u16();
        let said: Value = answer.json().unwrap();
        (status, if status == 200 { said } else { said["reason"].clone() }, has_cookie)
    };
    assert_eq!(tries(given, None), (200, json!("new_password_needed"), false));
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    let days_pass = |days: i64| {
        let sql = "UPDATE person SET password_given_ms = password_given_ms - ?1 WHERE user_name = 'super-1'";
        assert_eq!(database.execute(sql, [days * 24 * 60 * 60 * 1000]).unwrap(), 1);
    };
    days_pass(8);
    assert_eq!(tries(given, Some(own)), (422, json!("password-lapsed"), false), "a week later");
    days_pass(-8);
    for same in [given.to_owned(), format!("{given}\n"), format!(" {given}")] {
        assert_eq!(tries(given, Some(&same)), (422, json!("same-password"), false), "{same:?}");
    }
    for _ in 0..8 {
        assert_eq!(tries(given, Some("Joan Pickering 1")), (422, json!("weak-password"), false), "and nobody waits");
    }
    assert_eq!(tries("a wrong guess of it", Some(own)).0, 403, "only whoever has the one that was given");
    let (status, _, has_cookie) = tries(given, Some(own));
    assert_eq!((status, has_cookie), (200, true));
    assert_eq!(tries(given, None).0, 403);
    assert_eq!(ConsoleClient::nobody(&council).signs_in("super-1", own), 200, "from then on it is their own");

    // One that was set on the machine is the person's own, unless it is a temporary one.
    council.gives_a_password("super-1");
    assert!(tries(PASSWORD, None).2);
    let password = council.data().join("password-of-a-test");
    std::fs::write(&password, PASSWORD).unwrap();
    council.does(&[
        "set-password",
        "--user",
        "super-1",
        "--password-file",
        &password.display().to_string(),
        "--temporary",
    ]);
    assert_eq!(tries(PASSWORD, None), (200, json!("new_password_needed"), false));

    // With a second factor, the new password is kept only once that was right too.
    council.kill();
    council.asks_for_second_factor();
    council.start();
    let said = json!({ "user": "super-1", "password": PASSWORD, "new_password": own, "code": "000000" });
    let answer = ConsoleClient::nobody(&council).sends("POST", "/api/session", &said);
    assert!(!answer.headers().contains_key("set-cookie"));
    let said = json!({ "user": "super-1", "password": own });
    assert_eq!(ConsoleClient::nobody(&council).sends("POST", "/api/session", &said).status(), 403);
}
