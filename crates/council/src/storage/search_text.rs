//! The words by which a visit or an appointment is found: in small letters, so that nobody has to
//! type them as they are written.

use doorstep_domain::conduct::{Appointment, Visit};

/// The words of an appointment: its reference, the home, the tenant.
pub(super) fn of_appointment(appointment: &Appointment) -> String {
    let (reference, uprn) = (appointment.reference.as_str(), appointment.uprn.as_str());
    small([reference, uprn, &appointment.address_line(), &appointment.tenant_name])
}

/// The words of a visit that its appointment does not say: the home, where there was none, and the
/// visitor.
pub(super) fn of_visit(visit: &Visit, visitor_name: &str) -> String {
    let uprn = visit.uprn.as_ref().map(doorstep_domain::Uprn::as_str).unwrap_or_default();
    small([uprn, visit.address.as_deref().unwrap_or_default(), visitor_name])
}

/// What somebody looks for, as a pattern in which nothing is special; `None` when they look for
/// nothing.
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
