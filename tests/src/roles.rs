//! The table of routes and who may use each, read from the router itself.

use doorstep_council::{Role, RouteRow, routes};
use doorstep_domain::StableName;

/// The page `docs/roles.md` with its table drawn anew. The text above it stays as in `before`.
#[must_use]
pub fn page(before: &str) -> String {
    const HEAD: &str = "| | address |";
    let above = before.split(HEAD).next().unwrap_or_default();
    let roles: Vec<Role> = Role::all().filter(has_a_desk).collect();
    let heads: Vec<String> = roles.iter().map(|role| words(*role)).collect();
    let mut page = format!("{above}{HEAD} {} |\n", heads.join(" | "));
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
