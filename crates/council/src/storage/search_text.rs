//! The text in which visits and appointments are searched. It is in lower case, so that capital
//! letters make no difference.

use doorstep_domain::conduct::{Appointment, Visit};

/// The search text of an appointment: reference, UPRN, address and tenant's name.
pub(super) fn of_appointment(appointment: &Appointment) -> String {
    let (reference, uprn) = (appointment.reference.as_str(), appointment.uprn.as_str());
    small([reference, uprn, &appointment.address_line(), &appointment.tenant_name])
}

/// The search text of a visit: UPRN, address and visitor's name, and what its appointment is
/// searched by.
pub(super) fn of_visit(visit: &Visit, given: Option<&Appointment>, visitor_name: &str) -> String {
    let uprn = visit.uprn.as_ref().map(doorstep_domain::Uprn::as_str).unwrap_or_default();
    let said = small([uprn, visit.address.as_deref().unwrap_or_default(), visitor_name]);
    given.map_or_else(|| said.clone(), |given| format!("{said} {}", of_appointment(given)))
}

/// A `LIKE` pattern that finds these words, with special characters escaped; `None` if there are no
/// words.
pub(super) fn pattern(words: &str) -> Option<String> {
    let words = words.trim().to_lowercase();
    let escaped = words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    (!words.is_empty()).then(|| format!("%{escaped}%"))
}

fn small<const N: usize>(parts: [&str; N]) -> String {
    parts.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_no_pattern_of_its_own() {
        assert_eq!(pattern(" 100%_Иван\\ ").as_deref(), Some("%100\\%\\_иван\\\\%"));
        assert_eq!(pattern("  "), None);
    }
}
