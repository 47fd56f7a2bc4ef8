//! The texts that the command line prints for people.

use doorstep_core::sync::SyncReport;
use doorstep_core::{
    AppointmentView, CodeView, OutboxView, PhotoState, PhotosView, StatusView, ToDo, UnopenedStanding, VisitSummary,
    VisitView,
};
use doorstep_domain::conduct::{Clause, CodeSection, ConcernKind, Owed, Refused, Rule, telephone};
use doorstep_domain::{Named, StableName};

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
        Rule::AgreementFirst => {
            "Notice was short: going in needs the tenant's agreement to the visit now (visit notice)"
        }
        Rule::StartFirst => "The visit has not started: visit start",
        Rule::StartedAlready => "The visit has started already",
        Rule::SignTheCodeFirst => "Read and sign the Code of conduct first: code show, then acknowledge",
        Rule::NotInside => "Nobody has gone in with consent, so there is none to take back",
        Rule::OtherEnding => "That fits a visit that ended in another way",
        Rule::NameFirst => "Give the name",
        Rule::SignatureFirst => "There is no signature",
        Rule::TimeToCome => "That time is later than now",
        Rule::TooLong => {
            let most = refused.missing.join(" ");
            return format!(
                "That is too long: it can have {most} characters. Nothing was saved; shorten it and save again.\n"
            );
        }
    };
    let missing = if missing.is_empty() { String::new() } else { format!(" Missing: {}.", missing.join(", ")) };
    format!("{what} (clause {}).{missing} Nothing was changed.\n", refused.clause)
}

pub(crate) fn appointment(view: &AppointmentView) -> String {
    let appointment = &view.appointment;
    let visit = view.visit.as_ref().map_or_else(String::new, |visit| {
        let open = if visit.started { "under way" } else { "file opened" };
        format!("  [{}]", visit.outcome.as_deref().map_or_else(|| open.to_owned(), plain))
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

pub(crate) fn notice(view: &VisitView) -> String {
    let Some(notice) = &view.visit.notice else {
        return "There was no appointment, so there was no notice.\n".to_owned();
    };
    let hours =
        notice.minutes.map(|minutes| format!(", {} h {:02} min", minutes / 60, minutes % 60)).unwrap_or_default();
    let method = notice.method.map(|method| format!(" by {}", plain(method.name()))).unwrap_or_default();
    let court =
        if notice.written { "It counts in court." } else { "It does not count in court: not 24 hours in writing." };
    let agreement = match (&view.visit.before.agreement, view.agreement_missing) {
        (Some(agreement), _) => format!("\nThe {} agreed to short notice.", plain(agreement.by.name())),
        (None, true) => "\nGoing in needs the tenant's agreement: --agreed-by.".to_owned(),
        (None, false) => String::new(),
    };
    format!("Notice (clause {}): {}{hours}{method}. {court}{agreement}\n", Clause::C3_1, plain(notice.standing.name()))
}

pub(crate) fn to_do(to_do: &[ToDo]) -> String {
    if to_do.is_empty() {
        return "Nothing is owed to anybody.\n".to_owned();
    }
    let line = |owed: &ToDo| {
        let what = match &owed.what {
            Named::Known(Owed::TellTenant) => "Tell the tenant that the visit is off",
            Named::Known(Owed::FollowUp) => "Agree what comes next",
            Named::Unknown(name) => name,
        };
        format!("{what}: {}  {}\n", owed.address.as_deref().unwrap_or("address not on this device"), owed.visit)
    };
    to_do.iter().map(line).collect()
}

pub(crate) fn code(code: &CodeView) -> String {
    if code.sections.is_empty() {
        return "There is nothing of that in the Code.\n".to_owned();
    }
    let section = |section: &CodeSection| {
        let paragraphs: String = section.paragraphs.iter().map(|paragraph| format!("  {paragraph}\n")).collect();
        format!("{} {}\n{paragraphs}\n", section.number, section.heading)
    };
    code.sections.iter().map(section).collect::<String>().trim_start().to_owned()
}

pub(crate) fn raised(kind: ConcernKind, sealed: bool) -> String {
    if sealed {
        return format!(
            "Saved and sealed. At the council, only the safeguarding lead is shown it. If somebody is in danger now, call {}.\n",
            telephone::EMERGENCY
        );
    }
    let first = if kind.is_urgent() { "It goes before everything else. " } else { "" };
    format!(
        "Saved (clause {}). {first}If somebody is in danger now, call {}; for gas, {}.\n",
        kind.clause(),
        telephone::EMERGENCY,
        telephone::GAS
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
    let photos: String = visit
        .photos
        .iter()
        .zip(&view.custody.photos)
        .map(|(taken, state)| format!("  photo, {}: {}\n", plain(taken.photo.purpose.name()), photo_state(state)))
        .collect();
    let custody = if view.custody.waiting { "Saved on this device; it will be sent.\n" } else { "With the council.\n" };
    format!("Visit {}\n{address}{steps}{entry}{ending}{photos}{findings}{custody}", visit.visit)
}

fn photo_state(state: &PhotoState) -> String {
    match state {
        PhotoState::Waiting => "waits to be sent".to_owned(),
        PhotoState::Complete => "with the council".to_owned(),
        PhotoState::Refused { reason } => format!("not taken by the council ({reason})"),
        PhotoState::Erased => "struck out before it was sent; the picture is gone".to_owned(),
    }
}

pub(crate) fn photos(photos: &PhotosView) -> String {
    let over = if photos.on_wifi_only { "on Wi-Fi only" } else { "on any network" };
    let refused = photos.refused.iter().map(|(address, reason)| {
        let address = address.as_deref().unwrap_or("address not on this device");
        format!("a photo was not taken by the council ({reason}): {address}\n")
    });
    let waiting = format!("{} photos wait, {} kB; they go {over}.\n", photos.waiting, photos.bytes.div_ceil(1000));
    std::iter::once(waiting).chain(refused).collect()
}

pub(crate) fn outbox(outbox: &OutboxView) -> String {
    let of_photos = match outbox.photos.waiting + outbox.photos.refused.len() {
        0 => String::new(),
        _ => photos(&outbox.photos),
    };
    let unopened: String = outbox.unopened.iter().map(|standing| unopened(*standing)).collect();
    if outbox.waiting.is_empty() && outbox.set_aside.is_empty() && of_photos.is_empty() {
        return format!("Everything that can be sent is with the council.\n{unopened}");
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
    waiting.chain(set_aside).chain([of_photos, unopened]).collect()
}

fn unopened(standing: UnopenedStanding) -> &'static str {
    match standing {
        UnopenedStanding::Waits => {
            "A file of visits from before can't be opened here. It goes to the council by itself.\n"
        }
        UnopenedStanding::Sent => "A file of visits from before can't be opened here. It was sent to the council.\n",
        UnopenedStanding::Stays => {
            "A file of visits from before can't be opened here. It stays on this device. Tell the council.\n"
        }
    }
}

pub(crate) fn report(report: &SyncReport) -> String {
    let aside = if report.set_aside > 0 {
        format!(" {} were set aside: see `outbox`.", report.set_aside)
    } else {
        String::new()
    };
    let photos = match (report.photos, report.photos_waiting) {
        (0, 0) => String::new(),
        (sent, waiting) => format!(" {sent} photos were sent, {waiting} wait."),
    };
    format!(
        "{} records are with the council now, {} wait.{aside}{photos} {} appointments changed.\n",
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
    let urgent = match status.phone_it_in {
        Some(since) => format!(
            " Something urgent has waited since {}: phone the council now, {}.",
            since.format("%H:%M UTC"),
            telephone::COUNCIL
        ),
        None => String::new(),
    };
    let code = if status.sign_the_code { " The Code of conduct waits for your signature." } else { "" };
    let photos = match status.photos_waiting {
        0 => String::new(),
        waiting => format!(" {waiting} photos wait too."),
    };
    let others = match status.left_by_others {
        0 => String::new(),
        left => format!(" {left} of an earlier user waiting."),
    };
    let full = if status.is_full {
        " This device is full: visits can be finished and sent, and no photos added. Free some space."
    } else {
        ""
    };
    let newer = if status.is_newer {
        " A newer Doorstep wrote what is on this device: it can be read and is sent. Update Doorstep."
    } else {
        ""
    };
    let salvaged = match &status.salvaged {
        Some(salvaged) => format!(
            " The file of visits was damaged or gone at {}: it is kept in {}, and {} records came back.",
            salvaged.at.format("%Y-%m-%d %H:%M UTC"),
            salvaged.kept,
            salvaged.records
        ),
        None => String::new(),
    };
    format!(
        "{who}{} records, {} wait to be sent{oldest}.{photos}{urgent}{code}{aside}{others}{newer}{full}{salvaged}\n",
        status.records, status.unsent
    )
}
