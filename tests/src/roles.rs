//! The table of routes by who may use them, as the router itself has it.

use doorstep_council::{Role, RouteRow, routes};
use doorstep_domain::StableName;

/// What stands above the table in `docs/roles.md`.
const ABOVE: &str = "\
# Who may use which address

Each person has one role, by what the table of people says and by whether they are of the council or of a firm. To anybody else an address does
not exist: the answer is 404, as for an address that nobody has. What a firm's supervisor is given is bound to that firm, in every list,
export, search and by its id. Contractors and officers have a phone and no desk. A housing system comes by a token of its own (`doorstep-council api-token`).

This table is drawn from the router by `cargo xtask routes --write`, and a test compares the two; another signs in as each of them, asks for
each address and looks at who is let in.

";

/// The page `docs/roles.md`.
#[must_use]
pub fn page() -> String {
    let roles: Vec<Role> = Role::all().filter(has_a_desk).collect();
    let heads: Vec<String> = roles.iter().map(|role| words(*role)).collect();
    let mut page = format!("{ABOVE}| | address | {} |\n", heads.join(" | "));
    page.push_str(&format!("| --- | --- |{}\n", " :-: |".repeat(roles.len())));
    for route in routes() {
        let cell = |role: &Role| match route.who {
            "people" if !route.roles.contains(role) => "",
            "phones" | "systems" => "",
            _ => "yes",
        };
        let cells: Vec<&str> = roles.iter().map(cell).collect();
        let who = match route.who {
            "phones" | "systems" => format!(" ({})", route.who),
            _ => String::new(),
        };
        page.push_str(&format!("| {} | `{}`{who} | {} |\n", route.method, route.path, cells.join(" | ")));
    }
    page
}

/// Whether people in this role sign in to the console.
fn has_a_desk(role: &Role) -> bool {
    !matches!(role, Role::Contractor | Role::Officer)
}

/// The name of a role, in words.
#[must_use]
pub fn words(role: Role) -> String {
    match role {
        Role::Contractor => "contractor",
        Role::Officer => "officer",
        Role::FirmSupervisor => "firm's supervisor",
        Role::Supervisor => "supervisor",
        Role::SafeguardingLead => "safeguarding lead",
        Role::Auditor => "auditor",
        Role::Administrator => "administrator",
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
        "people" => route.roles.iter().map(|role| words(*role)).collect::<Vec<_>>().join(", "),
        who => who.to_owned(),
    };
    format!("{:6} {:45} {who}", route.method, route.path)
}
