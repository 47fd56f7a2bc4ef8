//! Before what can't be undone, somebody proves again who they are.

use doorstep_council::routes;
use doorstep_tests::desk::ConsoleClient;
use doorstep_tests::harness::{PASSWORD, TestCouncil};
use serde_json::{Value, json};

/// What asks again who somebody is, with somebody who may use it.
const ASKED_AGAIN: [(&str, &str, &str); 9] = [
    ("POST", "/api/passkeys", "super-1"),
    ("POST", "/api/passkeys/offer", "super-1"),
    ("DELETE", "/api/passkeys/{passkey}", "super-1"),
    ("DELETE", "/api/phones/{device}", "admin"),
    ("POST", "/api/set-aside", "super-1"),
    ("POST", "/api/set-aside/{device}", "super-1"),
    ("POST", "/api/people/{user}", "admin"),
    ("POST", "/api/accounts/{change}", "admin"),
    ("POST", "/api/codes", "admin"),
];

#[test]
fn before_what_cannot_be_undone_somebody_proves_again_who_they_are() {
    let council = TestCouncil::open();
    let [admin, supervisor] = ["admin", "super-1"].map(|user| ConsoleClient::of(user, &council));
    let leave = json!({ "action": "leave" });
    let database = rusqlite::Connection::open(council.data().join("council.db")).unwrap();
    // Sixteen minutes later. A clock that was set back proves nothing either.
    for by_ms in [-16 * 60 * 1000_i64, 60 * 60 * 1000] {
        database.execute("UPDATE session SET proved_ms = created_ms + ?1", [by_ms]).unwrap();
        for (method, address, user) in ASKED_AGAIN {
            assert!(routes().iter().any(|route| route.method == method && route.path == address), "{address}");
            let at_desk = if user == "admin" { &admin } else { &supervisor };
            let address = address.replace("{user}", "vale-1").replace("{device}", "00").replace("{change}", "00");
            let address = address.replace("{passkey}", "00");
            let answer = at_desk.sends(method, &address, &leave);
            assert_eq!(answer.status(), 403, "{address}");
            assert_eq!(answer.json::<Value>().unwrap()["code"], "prove-again", "{address}");
        }
    }
    assert_eq!(admin.reads("/api/people?q=vale-1")["people"][0]["left_at"], Value::Null, "nothing was done");
    assert_eq!(supervisor.sends("POST", "/api/people/vale-1", &leave).status(), 404, "others learn nothing of it");
    assert_eq!(admin.asks("GET", "/api/people").status(), 200, "all else goes on");

    let prove = |password: &str| admin.sends("POST", "/api/session/proof", &json!({ "password": password })).status();
    assert_eq!(prove("a wrong guess of it"), 422);
    assert_eq!(admin.sends("POST", "/api/people/vale-1", &leave).status(), 403);
    assert_eq!(prove(PASSWORD), 200);
    admin.does("POST", "/api/people/vale-1", &leave);
    let again = ConsoleClient::of("admin", &council);
    database.execute("UPDATE session SET proved_ms = 0", []).unwrap();
    assert_eq!(again.sends("POST", "/api/session/proof", &json!({ "password": PASSWORD })).status(), 200);
    let undo = json!({ "action": "return" });
    assert_eq!(admin.sends("POST", "/api/people/vale-1", &undo).status(), 403, "each session proves for itself");
    again.does("POST", "/api/people/vale-1", &undo);
}
