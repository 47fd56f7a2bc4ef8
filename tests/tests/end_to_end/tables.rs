//! Checks the list of tables against both databases, and that nothing personal is left in their
//! files after somebody is erased.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, eventually, json};
use doorstep_tests::postgres::Postgres;
use serde_json::{Value, json};

/// A database to run SQL on directly, without the council's program.
enum Database<'a> {
    Embedded(PathBuf),
    Server(&'a Postgres, String),
}

impl Database<'_> {
    /// Runs a query and returns the first column as text.
    fn asks(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Embedded(file) => {
                let database = rusqlite::Connection::open(file).unwrap();
                let mut statement = database.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
                rows.map(|row| row.unwrap().unwrap_or_default()).collect()
            }
            Self::Server(server, address) => {
                let told = server.asks(address, &format!("COPY ({sql}) TO STDOUT"));
                String::from_utf8(told).unwrap().lines().map(str::to_owned).collect()
            }
        }
    }

    fn does(&self, sql: &str) {
        match self {
            Self::Embedded(file) => rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap(),
            Self::Server(server, address) => drop(server.asks(address, sql)),
        }
    }

    /// A column's values, text or bytes, in upper-case hexadecimal.
    fn hexadecimal(&self, table: &str, column: &str) -> Vec<String> {
        let sql = match self {
            Self::Embedded(_) => format!("SELECT hex({column}) FROM {table}"),
            Self::Server(..) => {
                let bytes = format!("CASE WHEN pg_typeof({column})::text = 'bytea' THEN {column}::text ELSE NULL END");
                format!(
                    "SELECT coalesce(substr({bytes}, 3), encode(convert_to({column}::text, 'UTF8'), 'hex'), '') FROM {table}"
                )
            }
        };
        self.asks(&sql).into_iter().map(|text| text.to_uppercase()).collect()
    }

    /// Each table with its columns and its key columns, from the database's own catalogue.
    fn catalogue(&self) -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
        let tables = match self {
            Self::Embedded(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            Self::Server(..) => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'schema_version'"
            }
        };
        let of = |table: &String| {
            match self {
            Self::Embedded(_) => (
                format!("SELECT name FROM pragma_table_info('{table}')"),
                format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0"),
            ),
            Self::Server(..) => (
                format!("SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"),
                format!(
                    "SELECT column_name FROM information_schema.key_column_usage JOIN information_schema.table_constraints
                     USING (constraint_name, table_name) WHERE table_name = '{table}' AND constraint_type = 'PRIMARY KEY'"
                )
                .replace('\n', " "),
            ),
        }
        };
        let columns = |table: String| {
            let (columns, key) = of(&table);
            let both = (self.asks(&columns).into_iter().collect(), self.asks(&key).into_iter().collect());
            (table, both)
        };
        self.asks(tables).into_iter().map(columns).collect()
    }

    /// The folder with the database's files. On PostgreSQL, writes everything to them first.
    fn files(&self) -> PathBuf {
        match self {
            Self::Embedded(file) => file.parent().unwrap().to_owned(),
            Self::Server(server, address) => {
                server.asks(address, "CHECKPOINT");
                server.tables_folder()
            }
        }
    }
}

fn the_list_is_what_the_database_holds(database: &Database<'_>) {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let listed = doorstep_council::tables().iter().map(|table| {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        (table.name.to_owned(), (names(&columns), names(table.key)))
    });
    assert_eq!(database.catalogue(), listed.collect::<BTreeMap<_, _>>());
}

/// The first file below a folder that contains these bytes.
fn stands_in(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    fs::read_dir(folder).unwrap().flatten().find_map(|entry| {
        if entry.path().is_dir() {
            return stands_in(&entry.path(), bytes);
        }
        let held = fs::read(entry.path()).unwrap_or_default();
        held.windows(bytes.len()).any(|part| part == bytes).then(|| entry.path())
    })
}

/// The home, the tenant and the people at work. Their names are in nothing else, so that they can
/// be searched for.
const HOME: &str = "077112233445";
const TENANT: &str = "Zeppelina";
const PEOPLE: [(&str, &str, &str); 4] = [
    ("quokka-visitor", "Quokkavisit", "officer"),
    ("quokka-super", "Quokkasuper", "supervisor"),
    ("quokka-lead", "Quokkalead", "safeguarding_lead"),
    ("quokka-admin", "Quokkaadmin", "administrator"),
];

/// Makes a visit with a complaint and a sealed note. Afterwards every personal column has a value
/// about one of these people.
fn a_story(council: &TestCouncil, database: &Database<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let head = "user,display_name,organisation,organisation_kind,role,position,email\n".to_owned();
    let people = PEOPLE.iter().fold(head, |table, (user, name, role)| {
        format!("{table}{user},{name},Melton Borough Council,council,{role},{name}post,{user}@council.example\n")
    });
    council.does(&["import-people", &file("people.csv", people)]);
    let password = file("password", doorstep_tests::harness::PASSWORD.to_owned());
    for (user, ..) in PEOPLE {
        council.does(&["set-password", "--user", user, "--password-file", &password]);
    }
    let head = "appointment_ref,uprn,address_line_1,address_line_2,town,postcode,tenant_name,tenant_phone,visit_kind,purpose,window_start,window_end,organisation,assigned_to,notice_given_at,notice_method,told_who_and_why,support_needs,hazard_note\n";
    let row = |reference: &str, day: &str| {
        format!(
            "{reference},{HOME},1 {TENANT} Way,,Melton,LE13 9ZZ,{TENANT} Quux,,other,Visit,{day}T09:00,{day}T10:00,Melton Borough Council,quokka-visitor,,,yes,,\n"
        )
    };
    let table = format!("{head}{}{}", row("WO-1", "2026-11-24"), row("WO-2", "2026-01-24"));
    council.does(&["import-appointments", &file("appointments.csv", table)]);
    council.does(&["appointment", "WO-2", "cancel", "--because", "Zeppelincancelled"]);

    let phone = Phone::new();
    let enrol = ["--server", &format!("http://{}", council.address()), "--code", &council.code_for("quokka-visitor")];
    phone.does(&[&["enrol"], &enrol[..], &["--device-name", "Quokkaphone"]].concat());
    phone.does(&["sync"]);
    phone.does(&["acknowledge", "--name", "Quokkasigned"]);
    let visit = phone.starts("WO-1");
    let copy = phone.cloned();
    let photo = folder.path().join("photo.jpg");
    fs::write(&photo, doorstep_tests::sample::photo(600)).unwrap();
    phone.does(&["visit", "photo", &visit, "--purpose", "before", &photo.display().to_string()]);
    phone.does(&["visit", "concern", &visit, "--kind", "complaint", "--words", "Zeppelincomplaint"]);
    let breach = ["visit", "concern", &visit, "--kind", "gift", "--words", "Zeppelingift"];
    phone.does(&breach);
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "For the lead."]);
    phone.does(&["sync"]);
    // A copy of the phone sends other records under the same numbers, which are set aside.
    for _ in 0..3 {
        copy.does(&["visit", "concern", &visit, "--kind", "breach", "--words", "Zeppelinaside"]);
    }
    copy.does(&["sync"]);
    let shown = phone.says(&["visit", "show", &visit]);
    let gift = shown["concerns"].as_array().unwrap().iter().find(|said| said["concern"]["words"] == "Zeppelingift");
    phone.does(&["visit", "correct", gift.unwrap()["record"].as_str().unwrap(), "--reason", "Zeppelinstruck"]);
    phone.does(&["visit", "no-answer", &visit]);
    let plan = ["--kind", "inspection", "--purpose", "A look", "--address", "Zeppelinshed"];
    let unplanned = [&["visit", "start-unplanned"][..], &plan, &["--uprn", HOME]].concat();
    let shed = phone.says(&unplanned)["visit"].as_str().unwrap().to_owned();
    phone.does(&["visit", "no-answer", &shed]);
    phone.does(&["sync"]);

    let supervisor = ConsoleClient::of("quokka-super", council);
    for case in supervisor.reads("/api/cases")["cases"].as_array().unwrap() {
        let at = format!("/api/cases/{}", case["case"].as_str().unwrap());
        supervisor.does("POST", &at, &json!({ "action": "assign", "owner": "quokka-super" }));
        let outcome = supervisor.reads(&at)["outcomes"][0].clone();
        supervisor.does("POST", &at, &json!({ "action": "close", "outcome": outcome, "words": "Zeppelinclosed" }));
    }
    what_a_supervisor_decides(council, database, &supervisor, &shed);
    let lead = ConsoleClient::of("quokka-lead", council);
    let notes = lead.reads("/api/safeguarding");
    let note = lead.reads(&format!("/api/safeguarding/{}", notes["notes"][0]["record"].as_str().unwrap()));
    assert_eq!(note["note"], "For the lead.");
    let admin = ConsoleClient::of("quokka-admin", council);
    let earliest = &admin.reads("/api/numbers")["earliest"];
    let number = json!({ "name": "adult_age", "value": 21, "from": earliest, "source": "Cabinet" });
    admin.does("POST", "/api/numbers", &number);
    let code = json!({ "label": "2027", "from": earliest, "text": "1. Conduct\n\nBe kind.\n" });
    admin.does("POST", "/api/codes", &code);
    what_waits_about_accounts(&admin);
    for looked_for in [TENANT, "quokka", HOME] {
        let _found = supervisor.reads(&format!("/api/visits?q={looked_for}"));
    }
    let _found = admin.reads("/api/people?q=QUOKKA");
}

/// Adds what no person does in the story.
fn what_others_leave(database: &Database<'_>) {
    // Add by hand what a browser, an authenticator, a provider or half a photo would leave.
    database.does(
        "UPDATE session SET browser = 'Quokkabrowser';
         UPDATE person SET totp_secret = 'QUOKKASECRET' || user_name, openid_subject = 'Quokkasubject' || user_name
             WHERE user_name LIKE 'quokka-%';
         UPDATE blob SET complete_ms = NULL",
    );
    let bytes = |text: &str| match database {
        Database::Embedded(_) => format!("CAST({text} AS BLOB)"),
        Database::Server(..) => format!("convert_to({text}, 'UTF8')"),
    };
    let piece = bytes("'Zeppelinpiece'");
    database.does(&format!("INSERT INTO blob_piece (sha256, organisation_id, at, piece) SELECT sha256, organisation_id, 0, {piece} FROM blob"));
    let (sealed, name) = (bytes("'Quokkasealed'"), bytes("'thirty-two bytes, telling nobody'"));
    database.does(&format!(
        "INSERT INTO salvage (device_id, sha256, size, held, started_ms)
         SELECT device_id, {name}, 12, 12, 1 FROM device JOIN person USING (user_id) WHERE user_name LIKE 'quokka-%'"
    ));
    database.does(&format!(
        "INSERT INTO salvage_piece (device_id, sha256, at, piece) SELECT device_id, sha256, 0, {sealed} FROM salvage"
    ));
    database.does(
        "INSERT INTO note_reading (record_id, at_ms, user_name) SELECT record_id, 1, 'quokka-lead' FROM sealed_concern",
    );
    let (credential, key, count) = (bytes("'Quokkacredential' || user_name"), bytes("'Quokkakey'"), bytes("'Quokka7'"));
    database.does(&format!(
        "INSERT INTO passkey (credential_id, user_id, name, transports, fixed, changing, made_ms, used_ms)
         SELECT {credential}, user_id, 'Quokkapasskey', 0, {key}, {count}, 1, 1 FROM person WHERE user_name LIKE 'quokka-%'"
    ));
    let network = bytes("'Quokkanetworkquokkanetworkquokka'");
    database.does(&format!(
        "INSERT INTO known_network (user_id, network, seen_ms)
         SELECT user_id, {network}, 1 FROM person WHERE user_name LIKE 'quokka-%'"
    ));
}

/// Asks for a desk for the visitor, and for another second factor of the lead. Nobody agrees.
fn what_waits_about_accounts(admin: &ConsoleClient) {
    let table = "user,display_name,organisation,organisation_kind,role,position,email\n\
                 quokka-visitor,Quokkanamed,Melton Borough Council,council,supervisor,Quokkapost,quokka-visitor@council.example\n";
    assert_eq!(admin.sends_table("/api/people", table).json::<Value>().unwrap()["waiting"], 1);
    let forget = json!({ "action": "forget_second_factor" });
    assert_eq!(admin.does("POST", "/api/people/quokka-lead", &forget)["waits"], true);
}

/// Decides about a visit, about records of a revoked phone, and about the phone that was copied.
fn what_a_supervisor_decides(council: &TestCouncil, database: &Database<'_>, supervisor: &ConsoleClient, shed: &str) {
    let decision = json!({ "decision": "not_there", "because": "Zeppelindecided" });
    supervisor.does("POST", &format!("/api/visits/{shed}"), &decision);
    let lost = Phone::new();
    let enrol = ["--server", &format!("http://{}", council.address()), "--code", &council.code_for("quokka-visitor")];
    lost.does(&[&["enrol"], &enrol[..], &["--device-name", "Quokkalost"]].concat());
    lost.does(&["acknowledge", "--name", "Quokkasigned"]);
    let phones = json(&council.does(&["phones", "--json"]));
    let device =
        phones.as_array().unwrap().iter().find(|phone| phone["name"] == "Quokkalost").unwrap()["device"].clone();
    council.does(&["revoke-phone", device.as_str().unwrap()]);
    lost.does(&["sync"]);
    let page = format!("/api/set-aside/{}", device.as_str().unwrap());
    let records: Vec<Value> =
        supervisor.reads(&page)["records"].as_array().unwrap().iter().map(|record| record["hash"].clone()).collect();
    supervisor.does("POST", &page, &json!({ "deed": "release", "records": records, "because": "Quokkareleased" }));
    let chain = database.hexadecimal("set_aside", "epoch").pop().unwrap();
    let rest = json!({ "matter": "not_received", "device_id": device, "chain": chain.to_lowercase(), "up_to": 3,
                       "because": "Quokkarested" });
    supervisor.does("POST", "/api/set-aside", &rest);
}

/// A word in upper-case hexadecimal, to compare with `Database::hexadecimal`.
fn hexadecimal(word: &str) -> String {
    word.bytes().map(|byte| format!("{byte:02X}")).collect()
}

/// Every value of each personal column that contains one of their words, and every visit key and
/// password hash.
fn told_of_them(database: &Database<'_>) -> BTreeMap<String, BTreeSet<Vec<u8>>> {
    let whole = ["visit_key.key", "person.password_hash", "appointment_version.salt", "leads_log.salt", "audit.salt"];
    let words = ["Zeppelin", "zeppelin", "Quokka", "quokka", "QUOKKA", HOME].map(hexadecimal);
    let bytes = |text: &str| {
        let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len() / 2).map(|at| digits(at * 2)).collect::<Vec<u8>>()
    };
    let mut told = BTreeMap::new();
    for table in doorstep_council::tables() {
        for column in table.columns.iter().filter(|column| column.personal) {
            let name = format!("{}.{}", table.name, column.name);
            let of_them =
                |value: &String| whole.contains(&name.as_str()) || words.iter().any(|word| value.contains(word));
            let values = database.hexadecimal(table.name, column.name);
            let values: BTreeSet<_> =
                values.iter().filter(|value| value.len() > 8 && of_them(value)).map(|value| bytes(value)).collect();
            told.insert(name, values);
        }
    }
    told
}

fn nothing_of_who_was_erased_is_left(council: &mut TestCouncil, database: &Database<'_>) {
    a_story(council, database);
    // The log is linked when the service starts.
    council.kill();
    council.start();
    eventually("every line of the log is linked", || {
        database.asks("SELECT 'all' WHERE NOT EXISTS (SELECT 1 FROM audit WHERE salt IS NULL)") == ["all"]
    });
    what_others_leave(database);
    let before = told_of_them(database);
    let bare: Vec<&String> = before.iter().filter(|(_, values)| values.is_empty()).map(|(column, _)| column).collect();
    assert!(bare.is_empty(), "the story leaves nothing in {bare:?}: let it, or the test proves nothing of them");

    council.does(&["erase", "--uprn", HOME, "--because", "Asked for", "--apply"]);
    let admin = ConsoleClient::of("admin", council);
    for (user, ..) in PEOPLE {
        admin.does("POST", &format!("/api/people/{user}"), &json!({ "action": "leave" }));
        council.does(&["erase", "--user", user, "--because", "Asked for", "--apply"]);
    }
    let left: Vec<(String, Value)> = told_of_them(database)
        .into_iter()
        .filter(|(column, _)| {
            !["visit_key.key", "person.password_hash", "appointment_version.salt", "leads_log.salt", "audit.salt"]
                .contains(&column.as_str())
        })
        .flat_map(|(column, values)| {
            values.into_iter().map(move |value| (column.clone(), json!(String::from_utf8_lossy(&value))))
        })
        .collect();
    assert_eq!(left, [], "rows still tell of them");
    council.kill();
    let files = database.files();
    // The key of what is sealed stays with the note, staff who are still there keep their
    // passwords, and the logs what they say of others.
    let kept: BTreeSet<String> = ["visit_key", "person", "leads_log", "audit"]
        .iter()
        .zip(["key", "password_hash", "salt", "salt"])
        .flat_map(|(table, column)| database.hexadecimal(table, column))
        .collect();
    for (column, values) in before {
        for value in values {
            let text: String = value.iter().map(|byte| format!("{byte:02X}")).collect();
            if kept.contains(&text) {
                continue;
            }
            let found = stands_in(&files, &value);
            assert_eq!(found, None, "{column}: {:?} can still be found", String::from_utf8_lossy(&value));
        }
    }
    for word in ["Zeppelin", "zeppelin", "Quokka", "quokka", "QUOKKA", HOME] {
        assert_eq!(stands_in(&files, word.as_bytes()), None, "{word} can still be found");
    }
}

#[test]
fn the_list_of_tables_is_what_the_embedded_database_holds_and_nothing_erased_is_left_in_its_files() {
    let mut council = TestCouncil::open();
    let database = Database::Embedded(council.data().join("council.db"));
    the_list_is_what_the_database_holds(&database);
    nothing_of_who_was_erased_is_left(&mut council, &database);
}

#[test]
fn the_list_of_tables_is_what_a_database_server_holds_and_nothing_erased_is_left_in_its_files() {
    let server = Postgres::start();
    let address = server.database();
    let mut council = TestCouncil::open_on_postgres(&address);
    let database = Database::Server(&server, address);
    the_list_is_what_the_database_holds(&database);
    nothing_of_who_was_erased_is_left(&mut council, &database);
}
