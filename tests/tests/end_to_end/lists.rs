//! Lists at the desk: sorting by columns, searching, and pages that each begin after a key.

use std::fmt::Write as _;

use doorstep_tests::bulk_data;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, sample};
use doorstep_tests::postgres::Postgres;
use serde_json::{Value, json};

/// The rows of every page of a list, and the number of pages.
fn all_pages(console: &ConsoleClient, address: &str, of: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let further = if after.is_empty() {
            String::new()
        } else {
            format!("{}after={after}", if address.contains('?') { '&' } else { '?' })
        };
        let page = console.reads(&format!("{address}{further}"));
        rows.extend(page[of].as_array().unwrap().clone());
        pages += 1;
        match &page["next"] {
            Value::String(next) => next.clone_into(&mut after),
            Value::Number(next) => after = next.to_string(),
            _ => return (rows, pages),
        }
    }
}

/// Imports sixty people with the same position. Some of their names differ only in upper and lower
/// case.
fn sixty_more_people(council: &TestCouncil) {
    let mut table = "user,display_name,organisation,organisation_kind,role,position,email\n".to_owned();
    for number in 0..60 {
        let name = if number % 2 == 0 { "Ивáн Þór" } else { "ИВÁН ÞÓR" };
        writeln!(
            table,
            "many-{number},{name} {},Vale Property Services Ltd,contractor,contractor,Fitter,m{number}@vale.example",
            number / 2
        )
        .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.csv");
    std::fs::write(&file, table).unwrap();
    council.does(&["import-people", &file.display().to_string()]);
}

fn lists_are_sorted_by_any_of_their_columns_page_by_page(council: &TestCouncil, make_more_visits: impl Fn(usize)) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    sixty_more_people(council);
    let phone = Phone::of("vale-3", council, council.address());
    Phone::of("melton-2", council, council.address()).does(&["sync"]);
    for appointment in ["WO-261124-00032", "WO-261124-00039"] {
        let visit = phone.starts(appointment);
        phone.does(&["visit", "no-answer", &visit]);
        phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "For the lead alone."]);
        phone.does(&["visit", "concern", &visit, "--kind", "breach", "--words", "Rude"]);
        phone.does(&["visit", "concern", &visit, "--kind", "complaint", "--words", "Late"]);
    }
    phone.does(&["sync"]);
    make_more_visits(118);
    let [supervisor, auditor, lead] = ["super-1", "audit-1", "lead-1"].map(|user| ConsoleClient::of(user, council));
    let text = |row: &Value, at: &str| row.pointer(at).unwrap().to_string().to_lowercase();
    for (console, address, of, sort, at, id) in [
        (&supervisor, "/api/appointments", "appointments", "when", "/appointment/window_start", "/appointment/ref"),
        (&supervisor, "/api/appointments", "appointments", "who", "/assigned_name", "/appointment/ref"),
        (&supervisor, "/api/appointments", "appointments", "where", "/appointment/address", "/appointment/ref"),
        (&supervisor, "/api/visits", "visits", "when", "/started_at", "/visit"),
        (&supervisor, "/api/visits", "visits", "where", "/address", "/visit"),
        (&supervisor, "/api/visits", "visits", "who", "/visitor_name", "/visit"),
        (&supervisor, "/api/visits?outcome=no_answer", "visits", "outcome", "/outcome", "/visit"),
        (&supervisor, "/api/cases", "cases", "about", "/kind", "/case"),
        (&supervisor, "/api/cases", "cases", "opened", "/opened_at", "/case"),
        (&supervisor, "/api/cases", "cases", "due", "/due_at", "/case"),
        (&supervisor, "/api/cases", "cases", "owner", "/owner_name", "/case"),
        (&supervisor, "/api/no-access", "homes", "attempts", "/counting", "/uprn"),
        (&supervisor, "/api/acknowledgements", "signed", "signed", "/signed_at", "/record"),
        (&supervisor, "/api/acknowledgements", "signed", "name", "/acknowledgement/name", "/record"),
        (&supervisor, "/api/acknowledgements?state=not_signed", "not_signed", "organisation", "/organisation", "/name"),
        (&supervisor, "/api/acknowledgements?state=not_signed", "not_signed", "name", "/name", "/name"),
        (&auditor, "/api/people", "people", "name", "/name", "/user"),
        (&auditor, "/api/people", "people", "organisation", "/organisation", "/user"),
        (&auditor, "/api/people", "people", "position", "/position", "/user"),
        (&auditor, "/api/phones", "phones", "whose", "/user_display_name", "/device"),
        (&auditor, "/api/phones", "phones", "heard", "/contact_at", "/device"),
        (&lead, "/api/safeguarding", "notes", "received", "/received_at", "/record"),
    ] {
        let by = |sort: String| format!("{address}{}sort={sort}", if address.contains('?') { '&' } else { '?' });
        let (up, pages) = all_pages(console, &by(sort.to_owned()), of);
        let (mut down, _) = all_pages(console, &by(format!("-{sort}")), of);
        assert!(up.len() > 1, "{address}: there is nothing to sort");
        assert!(
            !["appointments", "people", "not_signed", "visits"].contains(&of) || pages > 1,
            "{address}: there is one page alone"
        );
        let keys: Vec<String> = up.iter().map(|row| text(row, at)).collect();
        assert!(keys.is_sorted(), "{address} by {sort}: {keys:?}");
        down.reverse();
        let ids = |rows: &[Value]| rows.iter().map(|row| row.pointer(id).unwrap().to_string()).collect::<Vec<_>>();
        assert_eq!(ids(&up), ids(&down), "{address} by {sort}: the other way round is not the same");
        let mut each = ids(&up);
        each.sort_unstable();
        each.dedup();
        assert_eq!(each.len(), up.len(), "{address} by {sort}: a row is on two pages");
    }
    for wrong in [
        "/api/visits?sort=rent",
        "/api/cases?sort=rent",
        "/api/cases?after=7",
        "/api/appointments?sort=when&after=00~x",
    ] {
        assert_eq!(supervisor.asks("GET", wrong).status(), 400, "{wrong}");
    }

    let (found, _) = all_pages(&auditor, "/api/people?q=иВáН", "people");
    assert_eq!(found.len(), 60, "people are found however their letters are written");
    let (found, _) = all_pages(&auditor, "/api/people?q=иВáН&organisation=Melton Borough Council", "people");
    assert_eq!(found, [] as [Value; 0]);
    let register = supervisor.reads("/api/acknowledgements");
    assert_eq!(
        (&register["have_signed"], &register["signed"].as_array().unwrap().len().into()),
        (&json!(2), &json!(2))
    );
    let (waiting, _) = all_pages(&supervisor, "/api/acknowledgements?state=not_signed", "not_signed");
    assert_eq!(register["have_not_signed"], waiting.len(), "the count is that of the list");
    let firm = ConsoleClient::of("vale-super", council);
    let (theirs, _) =
        all_pages(&firm, "/api/acknowledgements?state=not_signed&organisation=Melton Borough Council", "not_signed");
    assert!(
        theirs.iter().all(|person| person["organisation"] == "Vale Property Services Ltd") && theirs.len() >= 60,
        "{theirs:?}"
    );
    assert_eq!(firm.reads("/api/acknowledgements?q=dafydd")["signed"], json!([]), "another organisation's signature");
}

/// Something to filter by, for a filter of this name. `None` for those that do not narrow a list.
fn something_for(filter: &str) -> Option<&'static str> {
    Some(match filter {
        "sort" | "after" => return None,
        "from" | "to" => "2026-11-24",
        "outcome" => "no_answer",
        "entry" => "lawful",
        "organisation" => "Vale Property Services Ltd",
        "q" => "kofi",
        "kind" => "complaint",
        "state" => "closed",
        "owner" => "super-1",
        "user" => "audit-1",
        "action" => "exported",
        "order" => "oldest",
        "link" => "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        other => panic!("say what to filter by for {other}"),
    })
}

/// Asks each list and each exported table for every filter that the document names, one by one and
/// all at once, so that the database runs each condition.
fn every_filter_of_every_list_is_answered(council: &TestCouncil) {
    let people = ["super-1", "audit-1", "lead-1"].map(|user| ConsoleClient::of(user, council));
    let document = people[0].reads("/api/openapi.json");
    let mut asked = 0;
    for (path, described) in document["paths"].as_object().unwrap() {
        let Some(parameters) = described["get"]["parameters"].as_array() else { continue };
        let named = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let filters: Vec<(&str, &str)> = named
            .filter_map(|parameter| parameter["name"].as_str())
            .filter(|_| path.starts_with("/api/") && !path.contains("sign-in"))
            .filter_map(|name| Some((name, something_for(name)?)))
            .collect();
        let one = |(name, value): &(&str, &str)| format!("?{name}={value}");
        let all = filters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        for query in filters.iter().map(one).chain((!filters.is_empty()).then(|| format!("?{all}"))) {
            let tables = ["visits", "steps", "no-access", "concerns", "acknowledgements", "cases", "reports", "audit"];
            let addresses: Vec<String> = match path.split_once('{') {
                Some((before, _)) => tables.iter().map(|table| format!("{before}{table}.csv{query}")).collect(),
                None => vec![format!("{path}{query}")],
            };
            for address in addresses {
                let answers = people.iter().map(|person| person.asks("GET", &address).status().as_u16());
                let answers: Vec<u16> = answers.collect();
                assert!(answers.contains(&200), "{address}: {answers:?}");
                assert!(answers.iter().all(|status| [200, 404].contains(status)), "{address}: {answers:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "the document names the filters: {asked}");
}

#[test]
fn lists_are_sorted_and_narrowed_by_any_of_their_columns_page_by_page_on_both_databases() {
    let council = TestCouncil::open();
    lists_are_sorted_by_any_of_their_columns_page_by_page(&council, |visits| {
        bulk_data::in_the_data_folder(&council.data(), visits);
    });
    every_filter_of_every_list_is_answered(&council);
    let server = Postgres::start();
    let database = server.database();
    let council = TestCouncil::open_on_postgres(&database);
    lists_are_sorted_by_any_of_their_columns_page_by_page(&council, |visits| {
        bulk_data::at(&server, &database, visits);
    });
    every_filter_of_every_list_is_answered(&council);
}

#[test]
fn a_lead_sees_who_read_a_note_and_nobody_can_tell_it_from_the_audit_log() {
    let council = TestCouncil::open();
    let phone = Phone::of("vale-3", &council, council.address());
    phone.does(&["concern", "--kind", "safeguarding", "--words", "The boy sleeps in the shed"]);
    phone.does(&["sync"]);
    let lead = ConsoleClient::of("lead-1", &council);
    let listed = lead.reads("/api/safeguarding");
    assert_eq!((&listed["notes"][0]["read"], &listed["notes"][1]), (&json!([]), &Value::Null));
    assert_eq!(listed["notes"][0]["visitor_name"], "Kofi Mensah", "who wrote it is known without a visit");
    let record = listed["notes"][0]["record"].as_str().unwrap();
    assert_eq!(lead.reads(&format!("/api/safeguarding/{record}"))["note"], "The boy sleeps in the shed");
    let auditor = ConsoleClient::of("audit-1", &council);
    let read = lead.reads("/api/safeguarding")["notes"][0]["read"].clone();
    assert_eq!((&read[0]["user"], &read[1]), (&json!("lead-1"), &Value::Null));

    // The lines after each number are one fewer each time, so no number is left out.
    let behind = |number: usize| {
        let page = auditor.reads(&format!("/api/audit?order=oldest&after={number}"));
        page["lines"].as_array().unwrap().len()
    };
    let all = behind(0);
    assert!((5..100).contains(&all), "there are lines, on one page");
    let told: Vec<usize> = (0..=all).map(behind).collect();
    assert_eq!(told, (0..=all).rev().collect::<Vec<_>>(), "a number is left out: something was read");
}

#[test]
fn what_a_phone_has_and_the_council_has_not_is_said_beside_every_count_that_it_could_change() {
    let mut council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("vale-3", &council, council.address());
    phone.does(&["visit", "no-answer", &phone.starts("WO-261124-00032")]);
    phone.does(&["sync"]);
    council.kill();
    // The state after a phone said how many records it has, and lost its connection.
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    assert_eq!(database.execute("UPDATE chain SET claimed = high_water + 3 WHERE class = 1", []).unwrap(), 1);
    drop(database);
    council.start();
    let counted = ["today", "visits", "cases", "no-access", "reports", "acknowledgements", "phones"];
    let auditor = ConsoleClient::of("audit-1", &council);
    for of in counted {
        let missing = &auditor.reads(&format!("/api/{of}"))["missing"];
        assert_eq!((&missing[0]["visitor_name"], &missing[1]), (&json!("Kofi Mensah"), &Value::Null), "{of}");
        let numbers = ["first", "last"].map(|name| missing[0][name].as_u64().unwrap());
        assert_eq!(numbers[1] - numbers[0], 2, "{of}: three records are on their way");
    }
    let firm = ConsoleClient::of("vale-super", &council);
    for of in ["today", "visits", "no-access", "reports", "acknowledgements"] {
        assert_eq!(firm.reads(&format!("/api/{of}"))["missing"], json!([]), "{of}: a firm is told of phones");
    }
}
