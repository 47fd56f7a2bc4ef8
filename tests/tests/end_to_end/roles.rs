//! Checks every cell of the table of routes and roles against a running council: who is let in and
//! who is not.

use doorstep_council::{Role, RouteRow, routes};
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{PASSWORD, Phone, TestCouncil, root, sample};
use doorstep_tests::roles;
use reqwest::StatusCode;

/// A user for each role that can sign in to the console.
const PEOPLE: [(Role, &str); 5] = [
    (Role::FirmSupervisor, "vale-super"),
    (Role::Supervisor, "super-1"),
    (Role::SafeguardingLead, "lead-1"),
    (Role::Auditor, "audit-1"),
    (Role::Administrator, "admin"),
];

#[test]
fn the_page_of_roles_is_that_of_the_router() {
    let committed = std::fs::read_to_string(root().join("docs/roles.md")).unwrap();
    assert!(committed == roles::page(&committed), "run `cargo xtask routes --write` and commit what it writes");
}

/// Ids of things that exist, for the variable parts of addresses. So a 404 means that somebody was
/// not let in.
struct Things {
    visit: String,
    photo: String,
    note: String,
    case: String,
    device: String,
}

impl Things {
    fn address(&self, route: &RouteRow) -> String {
        let address =
            route.path.replace("{visit}", &self.visit).replace("{sha256}", &self.photo).replace("{case}", &self.case);
        let address =
            address.replace("{device}", &self.device).replace("{user}", "melton-4").replace("{session}", "none");
        let address = address.replace("{reference}", "WO-261124-00032").replace("{uprn}", "089874094317");
        let address = match route.path {
            "/api/safeguarding/{record}" => address.replace("{record}", &self.note),
            "/api/exports/{table}" => address.replace("{table}", "visits.csv"),
            // A number that already applies can't be withdrawn, so nothing changes here.
            "/api/numbers/{name}/{from}" => address.replace("{name}", "adult_age").replace("{from}", "2025-06-02"),
            "/api/passkeys/{passkey}" => address.replace("{passkey}", "00"),
            "/api/accounts/{change}" => address.replace("{change}", &"0".repeat(64)),
            "/api/backups/{id}/verified" => address.replace("{id}", "none"),
            "/assets/{*name}" => address.replace("{*name}", "version.json"),
            _ => address,
        };
        assert!(!address.contains('{'), "say what stands for the variable part of {}", route.path);
        address
    }
}

#[test]
fn each_route_lets_in_those_of_its_row_and_nobody_else() {
    let council = TestCouncil::open();
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    // Use a visit of the firm, so that the firm's supervisor can see it too.
    let phone = Phone::of("vale-3", &council, council.address());
    let visit = phone.enters("WO-261124-00032");
    let nobody_in = phone.starts("WO-261124-00039");
    phone.does(&["visit", "no-answer", &nobody_in]);
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("photo.jpg");
    std::fs::write(&picture, doorstep_tests::sample::photo(300)).unwrap();
    phone.does(&["visit", "photo", &visit, "--purpose", "before", &picture.display().to_string()]);
    phone.does(&["visit", "concern", &visit, "--kind", "complaint", "--words", "It took too long"]);
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", "For the lead alone."]);
    phone.does(&["sync"]);
    let photo = phone.says(&["visit", "show", &visit])["photos"][0]["photo"]["sha256"].as_str().unwrap().to_owned();
    let notes = ConsoleClient::of("lead-1", &council).reads("/api/safeguarding");
    let cases = ConsoleClient::of("super-1", &council).reads("/api/cases");
    let phones = ConsoleClient::of("admin", &council).reads("/api/phones");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let things = Things {
        visit,
        photo,
        note: text(&notes["notes"][0]["record"]),
        case: text(&cases["cases"][0]["case"]),
        device: text(&phones["phones"][0]["device"]),
    };

    let mut wrong = Vec::new();
    let nobody = ConsoleClient::nobody(&council);
    let people: Vec<_> = PEOPLE.iter().map(|(seat, user)| (*seat, ConsoleClient::of(user, &council))).collect();
    for route in routes() {
        // Do not sign out: the requests after it would all be refused.
        if (route.method.as_str(), route.path) == ("DELETE", "/api/session") {
            continue;
        }
        let address = things.address(&route);
        let status = nobody.asks(&route.method, &address).status();
        if ["people", "systems"].contains(&route.who) && status != StatusCode::UNAUTHORIZED {
            wrong.push(format!("{} {}: nobody is answered {status}", route.method, route.path));
        }
        for (seat, console) in &people {
            let answer = console.asks(&route.method, &address);
            let status = answer.status();
            let kept = answer.headers().get("cache-control").and_then(|kept| kept.to_str().ok()).unwrap_or_default();
            if route.who == "people" && !kept.contains("no-store") {
                wrong.push(format!("{} {}: a browser may keep the answer", route.method, route.path));
            }
            let let_in = status != StatusCode::NOT_FOUND && status != StatusCode::UNAUTHORIZED;
            let may = match route.who {
                "people" => route.roles.contains(seat),
                "systems" => false,
                _ => true,
            };
            if let_in != may || status.is_server_error() {
                wrong.push(format!("{} {}: {seat:?} is answered {status}", route.method, route.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The console uses this list, not the role, to decide which pages and buttons to show.
#[test]
fn a_session_says_what_is_open_to_whoever_signed_in() {
    let council = TestCouncil::open();
    for (seat, user) in PEOPLE {
        let session = ConsoleClient::of(user, &council).reads("/api/session");
        let open: Vec<&str> = session["may"].as_array().unwrap().iter().map(|route| route.as_str().unwrap()).collect();
        let listed = routes().into_iter().filter(|route| route.who == "people" && route.roles.contains(&seat));
        let listed: Vec<String> = listed.map(|route| format!("{} {}", route.method, route.path)).collect();
        assert_eq!(open, listed, "{user}");
        assert_eq!(open.contains(&"GET /api/safeguarding"), seat == Role::SafeguardingLead, "{user}");
    }
}

#[test]
fn who_has_a_phone_and_no_desk_can_t_sign_in_and_nothing_is_changed_without_the_console_s_own_header() {
    let council = TestCouncil::open();
    let password = council.data().join("../password").display().to_string();
    for user in ["melton-1", "vale-1"] {
        council.does(&["set-password", "--user", user, "--password-file", &password]);
        assert_eq!(ConsoleClient::nobody(&council).signs_in(user, PASSWORD), StatusCode::FORBIDDEN, "{user}");
    }
    let administrator = ConsoleClient::of("admin", &council);
    for route in routes().iter().filter(|route| route.who == "people" && route.method != "GET") {
        let forged = administrator.is_made_to_send(&route.method, route.path);
        assert_eq!(forged, StatusCode::BAD_REQUEST, "{} {}", route.method, route.path);
    }
}
