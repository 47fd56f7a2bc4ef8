//! Keeps the audit log linked, and closes the logs once a day.

use crate::error::CouncilError;
use crate::machine::times;
use crate::service::Service;

/// How many lines are linked in one transaction.
const AT_ONCE: usize = 1_000;

/// Links the lines of the audit log that were written since the last time. On the first look of
/// each day (in England) it also closes the logs: the audit log commits to the end of the leads'
/// own log, and the auditors are told its newest link.
///
/// # Errors
/// [`CouncilError`] when the database fails. What was not linked is linked at the next look.
pub fn keep_linked(service: &Service) -> Result<(), CouncilError> {
    let environment = &service.environment;
    while service.transact(|writing| writing.link_audit_lines(environment, AT_ONCE))? == AT_ONCE {}
    let now_ms = service.now_ms();
    service.transact(|writing| writing.close_logs_of_the_day(environment, times::day(now_ms), now_ms))
}
