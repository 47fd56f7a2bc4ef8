//! The table of routes by who may use them, as the router itself has it.

use doorstep_council::{RouteRow, Seat, routes};
use doorstep_domain::StableName;

/// What stands above the table in `docs/roles.md`.
const ABOVE: &str = "\
# Who may use which address

Each person sits in one seat, by their role and by whether they are of the council or of a firm. To anybody else an address does
not exist: the answer is 404, as for an address that nobody has. What a firm's supervisor is given is bound to that firm, in every list,
export, search and by its id. Contractors and officers have a phone and no desk. A housing system comes by a token of its own (`doorstep-council api-token`).

This table is drawn from the router by `cargo xtask routes --write`, and a test compares the two; another signs in as each of them, asks for
each address and looks at who is let in.

";

/// The page `docs/roles.md`.
#[must_use]
pub fn page() -> String {
    let seats: Vec<Seat> = Seat::all().filter(has_a_desk).collect();
    let heads: Vec<String> = seats.iter().map(|seat| words(*seat)).collect();
    let mut page = format!("{ABOVE}| | address | {} |\n", heads.join(" | "));
    page.push_str(&format!("| --- | --- |{}\n", " :-: |".repeat(seats.len())));
    for route in routes() {
        let cell = |seat: &Seat| match route.who {
            "people" if !route.roles.contains(seat) => "",
            "phones" | "systems" => "",
            _ => "yes",
        };
        let cells: Vec<&str> = seats.iter().map(cell).collect();
        let who = match route.who {
            "phones" | "systems" => format!(" ({})", route.who),
            _ => String::new(),
        };
        page.push_str(&format!("| {} | `{}`{who} | {} |\n", route.method, route.path, cells.join(" | ")));
    }
    page
}

/// Whether people in this seat sign in to the console.
fn has_a_desk(seat: &Seat) -> bool {
    !matches!(seat, Seat::Contractor | Seat::Officer)
}

/// The name of a seat, in words.
#[must_use]
pub fn words(seat: Seat) -> String {
    match seat {
        Seat::Contractor => "contractor",
        Seat::Officer => "officer",
        Seat::FirmSupervisor => "firm's supervisor",
        Seat::Supervisor => "supervisor",
        Seat::SafeguardingLead => "safeguarding lead",
        Seat::Auditor => "auditor",
        Seat::Administrator => "administrator",
    }
    .to_owned()
}

/// A route on one line: for people, or as JSON.
#[must_use]
pub fn line(route: &RouteRow, as_json: bool) -> String {
    if as_json {
        return serde_json::json!(route).to_string();
    }
    let who = match route.who {
        "people" => route.roles.iter().map(|seat| words(*seat)).collect::<Vec<_>>().join(", "),
        who => who.to_owned(),
    };
    format!("{:6} {:45} {who}", route.method, route.path)
}
