//! Checks the running service against its own `OpenAPI` description: sends requests of every kind,
//! good and bad, and compares each answer with the description.

use std::process::Command;

use doorstep_tests::desk::{ConsoleClient, session_cookie};
use doorstep_tests::harness::{Phone, TestCouncil, root, sample};
use serde_json::{Value, json};

/// The checks that schemathesis makes on each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance,unsupported_method,ignored_auth";

fn a_day(council: &TestCouncil) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    council.publishes_code();
    let phone = Phone::of("melton-2", council, council.address());
    let visit = phone.enters("WO-261124-00009");
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "For the lead alone."]);
    phone.does(&["visit", "concern", &visit, "--kind", "complaint", "--words", "It took too long"]);
    phone.does(&["visit", "leave", &visit, "--outcome", "completed"]);
    let refused = phone.starts("WO-261124-00026");
    phone.does(&["visit", "refuse", &refused, "--reason", "other", "--words", "I have the flu"]);
    phone.does(&["sync"]);
}

/// The service's description, with ids of things that exist as examples for the variable parts of
/// addresses.
fn description(council: &TestCouncil) -> Value {
    let mut described: Value = ConsoleClient::nobody(council).reads("/api/openapi.json");
    let first = |list: &Value, name: &str| list[0][name].as_str().expect("there is one").to_owned();
    let supervisor = ConsoleClient::of("super-1", council);
    let things = [
        ("/api/visits/{visit}", "visit", first(&supervisor.reads("/api/visits")["visits"], "visit")),
        ("/api/cases/{case}", "case", first(&supervisor.reads("/api/cases")["cases"], "case")),
        ("/api/exports/{table}", "table", "visits.csv".to_owned()),
        (
            "/api/safeguarding/{record}",
            "record",
            first(&ConsoleClient::of("lead-1", council).reads("/api/safeguarding")["notes"], "record"),
        ),
    ];
    for (path, name, there) in things {
        let parameters = described["paths"][path]["get"]["parameters"].as_array_mut().expect("it has one");
        let parameter = parameters.iter_mut().find(|parameter| parameter["name"] == name).expect("it is described");
        parameter["example"] = json!(there);
    }
    described
}

/// Runs schemathesis with a description and a header that signs in. Returns whether all answers
/// fit, and its report.
fn asks(council: &TestCouncil, described: &Value, header: &str, only: &[&str]) -> (bool, String) {
    let program = root().join("target/tools/schemathesis/bin/schemathesis");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("openapi.json"), described.to_string()).unwrap();
    let output = Command::new(program)
        .current_dir(folder.path())
        .args(["run", "openapi.json", "--url", &format!("http://{}", council.address()), "--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--generation-deterministic"])
        .args(["--no-color", "--suppress-health-check", "all", "--warnings", "off"])
        .args(["-H", header, "-H", "x-doorstep: 1"])
        // Leave these out: signing out ends the session, and wrong passwords slow signing in down.
        .args(["--exclude-path", "/api/session", "--exclude-path", "/api/session/password"])
        .args(["--exclude-path-regex", "^/api/sign-in/openid"])
        .args(only)
        .output()
        .expect("schemathesis runs; `cargo xtask test` installs it");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_service_answers_as_its_own_description_says() {
    let council = TestCouncil::open();
    a_day(&council);
    let described = description(&council);
    // Each role asks for what the roles before it may not see.
    let of_administrators = "^/api/(phones|people|codes|audit|sessions|exports)";
    for (user, only) in [
        ("super-1", ["--exclude-path-regex", "^/(metrics|odata)"]),
        ("lead-1", ["--include-path-regex", "^/api/safeguarding"]),
        ("admin", ["--include-path-regex", of_administrators]),
    ] {
        let (holds, told) = asks(&council, &described, &format!("Cookie: {}", session_cookie(&council, user)), &only);
        assert!(holds, "as {user}: {told}");
    }
    let token = council.does(&["api-token", "--name", "all", "--may", "appointments,metrics,feed"]);
    let bearer = format!("Authorization: Bearer {}", token.trim());
    let systems = ["--include-path-regex", "^/(metrics|odata|health|ready|api/appointments/.reference.)"];
    let (holds, told) = asks(&council, &described, &bearer, &systems);
    assert!(holds, "as a system: {told}");

    // The check finds a description that is wrong.
    let supervisor = format!("Cookie: {}", session_cookie(&council, "super-1"));
    for (path, wrong) in
        [("/api/organisations", json!({ "type": "integer" })), ("/api/visits/{visit}", json!({ "type": "array" }))]
    {
        let mut other = described.clone();
        other["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = wrong;
        let (holds, told) = asks(&council, &other, &supervisor, &["--include-path", path]);
        assert!(!holds && told.contains("violates schema"), "{path}: {told}");
    }
}

/// Every route for programs is described, and whether it asks for a sign-in.
#[test]
fn every_route_for_programs_is_described() {
    let council = TestCouncil::open();
    let described: Value = ConsoleClient::nobody(&council).reads("/api/openapi.json");
    for route in doorstep_council::routes() {
        let operation = &described["paths"][route.path][route.method.to_lowercase()];
        let is_for_programs =
            ["/api/", "/odata/", "/health", "/ready", "/metrics"].iter().any(|begin| route.path.starts_with(begin));
        assert_eq!(operation.is_object(), is_for_programs, "{} {}", route.method, route.path);
        if is_for_programs {
            assert_eq!(operation["security"].is_array(), ["people", "systems"].contains(&route.who), "{}", route.path);
        }
    }
}
