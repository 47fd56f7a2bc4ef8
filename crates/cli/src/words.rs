//! What a person at a terminal is told.

use doorstep_core::sync::SyncReport;
use doorstep_core::{AppointmentView, OutboxView, StatusView, VisitSummary, VisitView};
use doorstep_domain::conduct::{Refused, Rule};

fn plain(name: &str) -> String {
    name.replace('_', " ")
}

pub(crate) fn refused(refused: &Refused) -> String {
    let missing: Vec<String> = refused.missing.iter().map(|name| plain(name)).collect();
    let what = match refused.rule {
        Rule::ConsentFirst => "Ask for consent to enter first, or say which law allows entry without it",
        Rule::ArrivalFirst => "Before going in: introduce yourself, say why you have come, show your ID",
        Rule::NoSuitableAdult => "There is no suitable adult: do not go in",
        Rule::AuthorisationFirst => "Entry without consent needs the name of who authorised it",
        Rule::ReasonFirst => "Say why",
        Rule::NoteFirst => "Write what you saw and heard",
        Rule::VisitEnded => "This visit has ended; what is wrong in it can be corrected",
        Rule::AlreadyInside => "You are inside already; leave instead",
        Rule::NothingToCorrect => "There is nothing by that id that can be corrected",
    };
    let missing = if missing.is_empty() { String::new() } else { format!(" Missing: {}.", missing.join(", ")) };
    format!("{what} (clause {}).{missing} Nothing was changed.\n", refused.clause)
}

pub(crate) fn appointment(view: &AppointmentView) -> String {
    let appointment = &view.appointment;
    let visit = view.visit.as_ref().map_or_else(String::new, |visit| {
        format!("  [{}]", visit.outcome.as_deref().map_or_else(|| "under way".to_owned(), plain))
    });
    format!(
        "{}  {} to {}  {}  {}{visit}\n",
        appointment.reference,
        appointment.window_start.format("%Y-%m-%d %H:%M"),
        appointment.window_end.format("%H:%M UTC"),
        appointment.address_line(),
        plain(appointment.visit_kind.name())
    )
}

pub(crate) fn summary(visit: &VisitSummary) -> String {
    let outcome = visit.outcome.as_deref().map_or_else(|| "under way".to_owned(), plain);
    format!("{}  {}  {outcome}\n", visit.visit, visit.started_at.format("%Y-%m-%d %H:%M UTC"))
}

pub(crate) fn visit(view: &VisitView) -> String {
    let visit = &view.visit;
    let address = view.details.as_ref().map(|details| format!("{}\n", details.address_line())).unwrap_or_default();
    let steps: String = visit
        .steps
        .iter()
        .map(|(step, taken)| {
            let reason = taken.state.reason().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!(
                "  {}: {}{reason}, {}\n",
                plain(step.name()),
                plain(taken.state.name()),
                taken.at.format("%H:%M UTC")
            )
        })
        .collect();
    let entry =
        visit.entry.as_ref().map(|entry| format!("  went in {}\n", entry.at.format("%H:%M UTC"))).unwrap_or_default();
    let ending = visit
        .ending
        .as_ref()
        .map(|ending| format!("  {} {}\n", plain(ending.outcome.name()), ending.at.format("%H:%M UTC")))
        .unwrap_or_default();
    let findings: String = visit
        .findings
        .iter()
        .map(|finding| format!("  ! {} (clause {})\n", plain(&finding.name()), finding.clause()))
        .collect();
    let custody = if view.custody.waiting { "Saved on this device; it will be sent.\n" } else { "With the council.\n" };
    format!("Visit {}\n{address}{steps}{entry}{ending}{findings}{custody}", visit.visit)
}

pub(crate) fn outbox(outbox: &OutboxView) -> String {
    if outbox.waiting.is_empty() && outbox.set_aside.is_empty() {
        return "Everything is with the council.\n".to_owned();
    }
    let waiting = outbox.waiting.iter().map(|group| {
        let address = group.address.as_deref().unwrap_or("address not on this device");
        format!("{} waiting since {}: {address}\n", group.records, group.oldest.format("%Y-%m-%d %H:%M UTC"))
    });
    let set_aside = outbox.set_aside.iter().map(|record| {
        format!(
            "set aside by the council ({}), recorded {}: visit {}\n",
            record.reason,
            record.recorded_at.format("%Y-%m-%d %H:%M UTC"),
            record.visit
        )
    });
    waiting.chain(set_aside).collect()
}

pub(crate) fn report(report: &SyncReport) -> String {
    let aside = if report.set_aside > 0 {
        format!(" {} were set aside: see `outbox`.", report.set_aside)
    } else {
        String::new()
    };
    format!(
        "{} records are with the council now, {} wait.{aside} {} appointments changed.\n",
        report.received, report.waiting, report.changes
    )
}

pub(crate) fn status(status: &StatusView) -> String {
    let who = status
        .enrolled
        .as_ref()
        .map_or_else(|| "Not enrolled.\n".to_owned(), |who| format!("{} at {}.\n", who.display_name, who.council_name));
    let oldest = status
        .oldest_unsent
        .map(|at| format!(", the oldest from {}", at.format("%Y-%m-%d %H:%M UTC")))
        .unwrap_or_default();
    let aside = if status.set_aside > 0 {
        format!(" {} were set aside by the council: see `outbox`.", status.set_aside)
    } else {
        String::new()
    };
    format!("{who}{} records, {} wait to be sent{oldest}.{aside}\n", status.records, status.unsent)
}
