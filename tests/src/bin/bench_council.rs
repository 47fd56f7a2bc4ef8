//! What `cargo xtask bench` measures at the council, on both databases: lists and exports of many
//! visits, the memory that they use, and taking in a backlog. Prints one JSON object a line.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use doorstep_core::keys::MemoryKeyStore;
use doorstep_core::{App, Clock, Environment, Moment, OsRandomness, RealDisk, SignIn, SystemClock, Unplanned};
use doorstep_domain::conduct::{Command, Signing, Step, StepState, VisitKind};
use doorstep_tests::bulk_data;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{Phone, TestCouncil, sample};
use doorstep_tests::postgres::Postgres;
use doorstep_tests::weighed::{Scales, Weighed};
use serde_json::{Value, json};

/// How many visits the council has, unless the command line gives another number.
const VISITS: usize = 200_000;
/// How many requests each median is taken from.
const REQUESTS: usize = 31;
/// A search that finds nothing.
const NOWHERE: &str = "q=zzzyx";
/// How many records the backlog has.
const BACKLOG: usize = 10_000;
/// How many records the council takes in before the backlog.
const BEFORE: usize = 2_000;
/// How many records each visit of the backlog has.
const OF_A_VISIT: usize = 5;

fn main() {
    let visits = std::env::args().nth(1).map_or(VISITS, |words| words.parse().expect("a number of visits"));
    let server = Postgres::start();
    for database in [None, Some(server.database())] {
        let name = if database.is_some() { "postgresql" } else { "sqlite" };
        let council = match &database {
            None => TestCouncil::open(),
            Some(database) => TestCouncil::open_on_postgres(database),
        };
        a_day(&council);
        eprintln!("{name}: making {visits} visits.");
        match &database {
            None => bulk_data::in_the_data_folder(&council.data(), visits),
            Some(database) => bulk_data::at(&server, database, visits),
        }
        lists(&council, name);
        let server = database.as_ref().map(|database| (&server, database.as_str()));
        backlog(&council, name, server);
        if let Some((server, database)) = server {
            bare_ingest(server, database);
        }
        exports(&council, name);
        if let Some((server, database)) = server {
            copy(server, database, visits);
        }
    }
}

fn tell(what: &str, database: &str, figures: Value) {
    let mut line = json!({ "what": what, "database": database });
    if let (Some(line), Value::Object(figures)) = (line.as_object_mut(), figures) {
        line.extend(figures);
    }
    println!("{line}");
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Makes a few visits of several kinds. All other visits are copies of these.
fn a_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let officer = Phone::of("melton-2", council, council.address());
    let inside = officer.enters("WO-261124-00009");
    officer.does(&["visit", "leave", &inside, "--outcome", "completed"]);
    let refused = officer.starts("WO-261124-00026");
    officer.does(&["visit", "refuse", &refused, "--reason", "other", "--words", "I have the flu"]);
    let forced = officer.starts("WO-261124-00021");
    officer.does(&["visit", "enter", &forced, "--lawful", "emergency-repair", "--authorised-by", "Joan Pickering"]);
    officer.does(&["sync"]);
    let electrician = Phone::of("vale-3", council, council.address());
    let nobody = electrician.starts("WO-261124-00032");
    electrician.does(&["visit", "no-answer", &nobody]);
    electrician.does(&["sync"]);
}

fn lists(council: &TestCouncil, database: &str) {
    let console = ConsoleClient::of("super-1", council);
    let median = |query: &str| {
        // A search that finds nothing reads every visit, so a few requests have to do.
        let requests = if query.contains(NOWHERE) { 3 } else { REQUESTS };
        let mut times: Vec<f64> = (0..requests)
            .map(|_| {
                let began = Instant::now();
                let answer = console.asks("GET", &format!("/api/visits?{query}"));
                assert!(answer.status().is_success(), "{query}");
                assert!(!answer.bytes().expect("an answer has a body").is_empty());
                began.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[requests / 2]
    };
    let bare = {
        let mut times: Vec<f64> = (0..REQUESTS)
            .map(|_| {
                let began = Instant::now();
                drop(console.reads("/api/session"));
                began.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[REQUESTS / 2]
    };
    tell("one request that reads no visit", database, json!({ "median_ms": rounded(bare) }));
    let first = median("");
    for (name, query) in [
        ("all", ""),
        ("oldest first", "sort=when"),
        ("sorted by where", "sort=where"),
        ("sorted by outcome", "sort=outcome"),
        ("outcome", "outcome=entry_refused"),
        ("lawful entries", "entry=lawful"),
        ("a firm's", "organisation=Vale%20Property%20Services%20Ltd"),
        ("a span", "from=2025-11-01&to=2025-11-30"),
        ("words that many have", "q=dairy"),
        ("words that nobody has", NOWHERE),
        ("an outcome and words", "outcome=no_answer&q=zzzyx"),
        ("a firm's, sorted by where", "organisation=Vale%20Property%20Services%20Ltd&sort=where"),
    ] {
        tell("list of 50", database, json!({ "filter": name, "median_ms": rounded(median(query)) }));
    }
    // Page 10,000 begins half a million visits down the list.
    let now_ms = SystemClock.now().unix_ms;
    let deep = median(&format!("after=ffffffffffff7000a000000000000001~{}", now_ms - 500_000 * 60_000));
    tell("page 10,000 against page 1", database, json!({ "median_ms": rounded(deep), "ratio": rounded(deep / first) }));
}

fn exports(council: &TestCouncil, database: &str) {
    let console = ConsoleClient::of("super-1", council);
    for form in ["csv", "jsonl", "xlsx"] {
        let before = council.memory_kib();
        let began = Instant::now();
        let mut answer = console.asks("GET", &format!("/api/exports/visits.{form}"));
        let mut piece = vec![0; 64 * 1024];
        let first = answer.read(&mut piece).expect("the export comes");
        let first_ms = began.elapsed().as_secs_f64() * 1000.0;
        let (mut bytes, mut most) = (first, before);
        loop {
            match answer.read(&mut piece).expect("the export comes") {
                0 => break,
                read => bytes += read,
            }
            most = most.max(council.memory_kib());
        }
        let seconds = began.elapsed().as_secs_f64();
        tell(
            "export of visits",
            database,
            json!({
                "form": form, "seconds": rounded(seconds), "megabytes": bytes / 1_000_000,
                "first_byte_ms": rounded(first_ms), "memory_before_mib": before / 1024,
                "memory_grew_mib": (most - before) / 1024,
            }),
        );
    }
}

/// For comparison: how long PostgreSQL itself takes to write out the same visits and appointments
/// in the same order.
fn copy(server: &Postgres, database: &str, visits: usize) {
    let began = Instant::now();
    let written = server.asks(
        database,
        "COPY (SELECT visit.*, appointment.appointment, organisation.name, person.user_name, person.display_name FROM visit
               LEFT JOIN appointment USING (appointment_ref) LEFT JOIN person ON person.user_id = visit.user_id
               LEFT JOIN organisation ON organisation.organisation_id = visit.organisation_id
               ORDER BY visit.started_ms DESC, visit.visit_id DESC) TO STDOUT (FORMAT csv)",
    );
    let seconds = began.elapsed().as_secs_f64();
    tell(
        "psql COPY of the same visits",
        "postgresql",
        json!({ "visits": visits, "seconds": rounded(seconds), "megabytes": written.len() / 1_000_000 }),
    );
}

/// A clock that starts a week ago and moves on by a second each time it is read, so that a long
/// backlog is made quickly.
struct Quick(AtomicI64);

impl Clock for Quick {
    fn now(&self) -> Moment {
        let now = SystemClock.now();
        Moment { unix_ms: now.unix_ms - 7 * 86_400_000 + self.0.fetch_add(1_000, Ordering::SeqCst), ..now }
    }
}

/// For comparison: how fast PostgreSQL itself copies the same records and bodies into tables with
/// the same indexes, a thousand a commit.
fn bare_ingest(server: &Postgres, database: &str) {
    server.asks(
        database,
        "CREATE TABLE bare_record (LIKE record INCLUDING ALL); CREATE TABLE bare_body (LIKE body INCLUDING ALL);",
    );
    let began = Instant::now();
    server.asks(
        database,
        "DO $$ BEGIN
             FOR thousand IN 0..9 LOOP
                 INSERT INTO bare_record SELECT * FROM record ORDER BY device_id, epoch, sequence OFFSET thousand * 1000 LIMIT 1000;
                 INSERT INTO bare_body SELECT * FROM body WHERE record_id IN
                     (SELECT record_id FROM record ORDER BY device_id, epoch, sequence OFFSET thousand * 1000 LIMIT 1000);
                 COMMIT;
             END LOOP;
         END $$",
    );
    let rate = 10_000.0 / began.elapsed().as_secs_f64();
    tell("bare rows, a thousand a commit", "postgresql", json!({ "records_a_second": rate.round() }));
    server.asks(database, "DROP TABLE bare_record; DROP TABLE bare_body;");
}

/// Measures a phone that was long without signal, from the first request to the last receipt. The
/// council has records from before. PostgreSQL has run ANALYZE on them.
fn backlog(council: &TestCouncil, database: &str, analysed: Option<(&Postgres, &str)>) {
    let folder = tempfile::tempdir().expect("a phone needs a folder");
    let scales = Arc::new(Scales::default());
    let environment = Environment {
        clock: Arc::new(Quick(AtomicI64::new(0))),
        randomness: Arc::new(OsRandomness),
        keys: Arc::new(MemoryKeyStore::default()),
        disk: Arc::new(RealDisk),
        connect: Arc::new(Weighed(Arc::clone(&scales))),
        sign_in: SignIn::ByKeyStore,
    };
    let app = App::open(folder.path(), environment).expect("the store opens");
    let server = format!("http://{}", council.address());
    app.enrol(&server, &council.code_for("melton-3"), "bench").expect("the phone is enrolled");
    app.sync().expect("the council answers");
    let code = app.code(None).expect("there is a Code").hash;
    app.acknowledge(&code, "A visitor", Signing::Typed("A visitor".to_owned())).expect("it is signed");
    app.sync().expect("the council answers");
    let visits = |numbers: std::ops::Range<usize>| numbers.for_each(|number| a_visit(&app, number));
    visits(0..BEFORE / OF_A_VISIT);
    app.sync().expect("the council answers");
    if let Some((server, database)) = analysed {
        server.asks(database, "ANALYZE");
    }
    visits(BEFORE / OF_A_VISIT..(BEFORE + BACKLOG) / OF_A_VISIT);
    let waiting = app.status().expect("the phone knows").unsent;
    scales.read();
    let began = Instant::now();
    let mut rounds = 1;
    while app.sync().expect("the council answers").waiting > 0 {
        rounds += 1;
    }
    let seconds = began.elapsed().as_secs_f64();
    let records = f64::from(u32::try_from(waiting).unwrap_or(u32::MAX));
    let rate = records / seconds;
    let (up, down) = scales.read();
    let of_a_record = |bytes: usize| rounded(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / records);
    tell(
        "a backlog to its last receipt",
        database,
        json!({ "records": waiting, "seconds": rounded(seconds), "records_a_second": rate.round(), "syncs": rounds,
                "bytes_up_a_record": of_a_record(up), "bytes_down_a_record": of_a_record(down),
                "memory_mib": council.memory_kib() / 1024 }),
    );
}

/// Makes a visit in which nobody answers the door: [`OF_A_VISIT`] records.
fn a_visit(app: &App, number: usize) {
    let address = Some(format!("{number} Long Street, Melton Mowbray"));
    let plan = Unplanned { visit_kind: VisitKind::EmergencyRepair, purpose: "A leak".to_owned(), uprn: None, address };
    let visit = app.start_unplanned(plan).expect("a visit starts").visit.visit.visit;
    for step in [Step::IdWorn, Step::Introduced, Step::ReasonStated] {
        app.act(visit, Command::RecordStep { step, state: StepState::Done }).expect("a step is saved");
    }
    app.act(visit, Command::NoAnswer).expect("the ending is saved");
}
