//! One row for each visit.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{
    Appointment, Basis, CancelReason, CancelledBy, ConsentBy, Entry, EntryBasis, Finding, LawfulGround, Notice,
    NoticeMethod, NoticeStanding, Outcome, RefusalReason, RefusedEntry, Step, StepState, Validity, VisitKind,
    WithdrawalReason,
};

use super::columns::ColumnKind::{Day, Id, Moment, Number, OneOf, Text, YesNo};
use super::columns::{Column, ColumnKind, Drawn, ValueOf, column, day, moment, moment_ms, name, stored, text, yes_no};
use crate::error::CouncilError;
use crate::storage::{FoldedVisit, HomeStanding, OPEN, TimesStanding, VisitColumns, VisitRow};

const DONE: ColumnKind = OneOf(|| StepState::names().iter().copied().chain([NOT_RECORDED]).collect());

/// The columns. New ones are added at the end, so that no column of a released table ever moves.
pub(super) const COLUMNS: &[Drawn<VisitRow, VisitColumns>] = &[
    stored("visit", Id, "The visit's id", |row| row.visit.to_string()),
    stored("appointment_ref", Text, "The appointment's reference", |row| text(row.appointment.as_ref())),
    stored("uprn", Text, "The home's UPRN", uprn),
    column("address", Text, "The address", address),
    column("postcode", Text, "The postcode", |row| planned(row, |plan| &plan.postcode)),
    column("tenant_name", Text, "The tenant, from the appointment", |row| planned(row, |plan| &plan.tenant_name)),
    stored("visit_kind", ColumnKind::one_of::<VisitKind>(), "What kind of visit", |row| text(row.visit_kind.as_ref())),
    column("purpose", Text, "Why somebody came", purpose),
    stored("organisation", Text, "Who came: firm or council", |row| row.organisation.clone()),
    stored("visitor", Text, "Who came: user name", |row| row.visitor.clone()),
    stored("visitor_name", Text, "Who came: name", |row| row.visitor_name.clone()),
    column("started_at", Moment, "When the visit started, by the phone's clock", |row| moment(row.visit.started_at)),
    column("entered_at", Moment, "When they went in, by the phone's clock; empty when nobody did", |row| {
        moment(entry(row).map(|entry| entry.at))
    }),
    stored("ended_at", Moment, "When it ended, by the phone's clock; empty while it is open", |row| {
        moment_ms(row.ended_ms)
    }),
    stored("outcome", OneOf(outcomes), "How it ended (withdrawn: the visitor left at once), or open", |row| {
        row.outcome.clone().unwrap_or_else(|| OPEN.to_owned())
    }),
    stored(
        "entry_basis",
        OneOf(|| EntryBasis::all().map(EntryBasis::name).collect()),
        "How they went in; empty when nobody did",
        |row| text(row.entry.as_ref()),
    ),
    column("consent_by", ColumnKind::one_of::<ConsentBy>(), "Who consented", |row| name(consent_by(row))),
    column("lawful_ground", ColumnKind::one_of::<LawfulGround>(), "What allowed entry without consent", |row| {
        name(lawful(row).map(|lawful| lawful.ground))
    }),
    column("authorised_by", Text, "Who authorised entry without consent", |row| {
        text(lawful(row).map(|lawful| lawful.authorised_by))
    }),
    column("lawful_reference", Text, "The reference of what allowed it, such as a warrant's number", |row| {
        text(lawful(row).and_then(|lawful| lawful.reference))
    }),
    stored("refusal_reason", ColumnKind::one_of::<RefusalReason>(), "Why the tenant refused", |row| {
        text(row.refusal_reason.as_ref())
    }),
    column(
        "refusal_validity",
        ColumnKind::one_of::<Validity>(),
        "Whether the Code accepts that reason: valid if it names it",
        |row| name(refusal(row).map(|refusal| refusal.reason.validity())),
    ),
    column("refusal_words", Text, "The tenant's own words", |row| {
        text(refusal(row).and_then(|refusal| refusal.words.as_ref()))
    }),
    column("id_worn", DONE, "ID badge worn where it can be seen", |row| state(row, Step::IdWorn))
        .by(Step::IdWorn.clause()),
    column("introduced", DONE, "Said who they are", |row| state(row, Step::Introduced)).by(Step::Introduced.clause()),
    column("reason_stated", DONE, "Said why they came", |row| state(row, Step::ReasonStated))
        .by(Step::ReasonStated.clause()),
    column("id_shown", DONE, "Showed their ID", |row| state(row, Step::IdShown)).by(Step::IdShown.clause()),
    column("adult_present", DONE, "An adult was there", |row| state(row, Step::AdultPresent))
        .by(Step::AdultPresent.clause()),
    column("shoe_covers", DONE, "Shoe covers on", |row| state(row, Step::ShoeCovers)).by(Step::ShoeCovers.clause()),
    column("findings", Text, "Breaches and contradictions, by stable name, separated by semicolons", |row| {
        row.visit.findings.iter().map(Finding::name).collect::<Vec<_>>().join("; ")
    }),
    stored("received_at", Moment, "When the council had the last record, by its own clock", |row| {
        moment_ms(Some(row.received_ms))
    }),
    column("dust_sheets", DONE, "Dust sheets down", |row| state(row, Step::DustSheets)).by(Step::DustSheets.clause()),
    column("belongings_with_permission", DONE, "Moved belongings only with permission", |row| {
        state(row, Step::BelongingsWithPermission)
    })
    .by(Step::BelongingsWithPermission.clause()),
    column("area_tidy", DONE, "Cleaned up where they worked", |row| state(row, Step::AreaTidy))
        .by(Step::AreaTidy.clause()),
    column("rubbish_removed", DONE, "Took the rubbish away", |row| state(row, Step::RubbishRemoved))
        .by(Step::RubbishRemoved.clause()),
    column("left_as_found", DONE, "Left the home as they found it, or better", |row| state(row, Step::LeftAsFound))
        .by(Step::LeftAsFound.clause()),
    column("kept_to_conduct", DONE, "No smoke, loud music, remarks or arguments", |row| {
        state(row, Step::KeptToConduct)
    })
    .by(Step::KeptToConduct.clause()),
    stored(
        "notice_standing",
        ColumnKind::one_of::<NoticeStanding>(),
        "What the notice was worth; empty without an appointment",
        |row| text(row.notice_standing.as_ref()),
    ),
    column("notice_minutes", Number, "Minutes that passed from the notice to the window", |row| {
        text(notice(row).and_then(|notice| notice.minutes))
    }),
    column("notice_method", ColumnKind::one_of::<NoticeMethod>(), "How the notice was given", |row| {
        name(notice(row).and_then(|notice| notice.method))
    }),
    column("notice_in_writing", YesNo, "Whether it was in writing, 24 hours or more before", |row| {
        yes_no(notice(row).map(|notice| notice.written))
    }),
    column("short_notice_agreed_by", ColumnKind::one_of::<ConsentBy>(), "Who agreed to short notice", |row| {
        name(row.visit.before.agreement.as_ref().map(|agreement| agreement.by))
    }),
    column("told_who_and_why", YesNo, "Whether the tenant knew who comes and why", |row| {
        yes_no(notice(row).map(|notice| notice.told_who_and_why || row.visit.before.told.is_some()))
    }),
    // This only says that there is a declaration. Only the line manager and the council's contact
    // may read it. Clause 5.3.
    column(
        "knows_tenant",
        YesNo,
        "Whether the visitor declared that they know the tenant; what they said of it is in no table",
        |row| yes_no(Some(row.visit.before.knows_tenant.is_some())),
    ),
    column("witness", Text, "Who else was there, at an entry without consent", |row| {
        text(lawful(row).and_then(|lawful| lawful.witness))
    }),
    column("consent_withdrawn_at", Moment, "When consent was withdrawn", |row| moment(row.visit.consent_withdrawn_at)),
    column("withdrawal_reason", ColumnKind::one_of::<WithdrawalReason>(), "Why the visitor left at once", |row| {
        name(row.visit.after.withdrawal.as_ref().map(|withdrawal| withdrawal.reason))
    }),
    column("cancelled_by", ColumnKind::one_of::<CancelledBy>(), "Who called the visit off", |row| {
        name(row.visit.after.cancellation.as_ref().map(|off| off.by))
    }),
    column("cancel_reason", ColumnKind::one_of::<CancelReason>(), "Why it was called off", |row| {
        name(row.visit.after.cancellation.as_ref().map(|off| off.reason))
    }),
    column("tenant_told_of_cancellation", YesNo, "Whether the tenant was told that the visit was cancelled", |row| {
        yes_no(row.visit.after.cancellation.as_ref().map(|_| !row.visit.tenant_not_told()))
    }),
    column("next_visit_needs", Text, "What would make the next visit work", |row| {
        text(row.visit.after.next_visit_needs.as_ref())
    }),
    column("follow_up", Text, "What comes next, and who does it", |row| {
        text(row.visit.after.follow_up.as_ref().map(|next| format!("{} ({})", next.what, next.who)))
    }),
    column("follow_up_on", Day, "The proposed date of what comes next", |row| {
        day(row.visit.after.follow_up.as_ref().and_then(|next| next.when))
    }),
    column("photos_taken", Number, "Photos that the records name and that were not struck out", |row| {
        row.visit.photos.len().to_string()
    }),
    stored("photos_held", Number, "How many of those photos the council holds", |row| row.photos_held.to_string()),
    column("opened_at", Moment, "When the visit's file was opened, by the phone's clock", |row| {
        moment(row.visit.opened_at)
    }),
    column(
        "told_by",
        ColumnKind::one_of::<NoticeMethod>(),
        "How the visitor told the tenant who comes and why",
        |row| name(row.visit.before.told),
    ),
    column("left_out_at_entry", Text, "What was left out before going in by consent, separated by semicolons", |row| {
        let admitted = entry(row).and_then(|entry| entry.admitted.as_ref());
        text(admitted.map(|admitted| admitted.missing.iter().map(|step| step.name()).collect::<Vec<_>>().join("; ")))
    }),
    column("left_out_words", Text, "Why it was left out, in the visitor's words", |row| {
        text(entry(row).and_then(|entry| entry.admitted.as_ref()).map(|admitted| &admitted.words))
    }),
    column("alone_until", Moment, "When a visitor who works alone expected to be out", |row| {
        moment(row.visit.before.lone_working.as_ref().map(|alone| alone.expected_end))
    }),
    column("alone_device_on", YesNo, "Whether a visitor who works alone had their device on", |row| {
        yes_no(row.visit.before.lone_working.as_ref().map(|alone| alone.device_on))
    }),
    column("said_safe_at", Moment, "When they last said that they are safe", |row| moment(row.visit.before.safe_at)),
    column("withdrawal_words", Text, "Why the visitor left at once, in their words", |row| {
        text(row.visit.after.withdrawal.as_ref().and_then(|withdrawal| withdrawal.words.as_ref()))
    }),
    column("cancellation_words", Text, "Why it was called off, in the visitor's words", |row| {
        text(row.visit.after.cancellation.as_ref().and_then(|off| off.words.as_ref()))
    }),
    column("told_of_cancellation_by", ColumnKind::one_of::<NoticeMethod>(), "How the tenant was told", |row| {
        name(row.visit.after.told_of_cancellation.as_ref().map(|told| told.means))
    }),
    column("apologised", YesNo, "Whether the tenant was given an apology", |row| {
        yes_no(row.visit.after.told_of_cancellation.as_ref().map(|told| told.apologised))
    }),
    column("new_time", Text, "The new time that the tenant was offered", |row| {
        text(row.visit.after.told_of_cancellation.as_ref().and_then(|told| told.new_time.as_ref()))
    }),
    column("follow_up_told", YesNo, "Whether the tenant was told what comes next", |row| {
        yes_no(row.visit.after.follow_up.as_ref().map(|next| next.tenant_told))
    }),
    column("signed_by", Text, "The name of the tenant who signed on leaving", |row| {
        text(row.visit.after.signed_by.as_ref())
    }),
    stored("home", ColumnKind::one_of::<HomeStanding>(), "How the council knows that it was at this home", |row| {
        HomeStanding::of(row).name().to_owned()
    }),
    column(
        "times",
        ColumnKind::one_of::<TimesStanding>(),
        "Whether the phone's clock can have shown its times",
        |row| TimesStanding::of(row).name().to_owned(),
    ),
];

/// A visit's values in the wanted columns, in their order. The folded visit is only read if one of
/// them needs it.
///
/// # Errors
/// [`CouncilError::Unreadable`].
pub(crate) fn visit_values(
    found: FoldedVisit,
    wanted: impl Fn(&Column) -> bool,
) -> Result<Vec<(Column, String)>, CouncilError> {
    let wanted = COLUMNS.iter().filter(|drawn| wanted(&drawn.column));
    if wanted.clone().all(|drawn| matches!(drawn.value, ValueOf::Stored(_))) {
        let columns = found.columns;
        let stored = |drawn: &Drawn<VisitRow, VisitColumns>| match drawn.value {
            ValueOf::Stored(value) => Some((drawn.column, value(&columns))),
            ValueOf::Whole(_) => None,
        };
        return Ok(wanted.filter_map(stored).collect());
    }
    let row = found.unfolded()?;
    let value = |drawn: &Drawn<VisitRow, VisitColumns>| match drawn.value {
        ValueOf::Stored(value) => (drawn.column, value(&row.columns)),
        ValueOf::Whole(value) => (drawn.column, value(&row)),
    };
    Ok(wanted.map(value).collect())
}

/// A visit's row in the table: every column.
pub(super) fn row(found: FoldedVisit) -> Result<Vec<String>, CouncilError> {
    Ok(visit_values(found, |_| true)?.into_iter().map(|(_, value)| value).collect())
}

/// What stands in a step's column if the records say nothing about it.
const NOT_RECORDED: &str = "not_recorded";

fn outcomes() -> Vec<&'static str> {
    Outcome::all().map(Outcome::name).chain([OPEN]).collect()
}

/// What allowed entry without consent.
struct Lawful<'a> {
    ground: LawfulGround,
    authorised_by: &'a String,
    reference: Option<&'a String>,
    witness: Option<&'a String>,
}

fn entry(row: &VisitRow) -> Option<&Entry> {
    row.visit.entry.as_ref()
}

fn consent_by(row: &VisitRow) -> Option<ConsentBy> {
    match entry(row)?.basis {
        Basis::Consented { by } => Some(by),
        Basis::Lawful { .. } => None,
    }
}

fn lawful(row: &VisitRow) -> Option<Lawful<'_>> {
    match &entry(row)?.basis {
        Basis::Consented { .. } => None,
        Basis::Lawful { ground, authorised_by, reference, witness } => {
            let (reference, witness) = (reference.as_ref(), witness.as_ref());
            Some(Lawful { ground: *ground, authorised_by, reference, witness })
        }
    }
}

fn notice(row: &VisitRow) -> Option<&Notice> {
    row.visit.notice.as_ref()
}

fn refusal(row: &VisitRow) -> Option<&RefusedEntry> {
    row.visit.ending.as_ref()?.refusal.as_ref()
}

fn state(row: &VisitRow, step: Step) -> String {
    row.visit.steps.get(&step).map_or(NOT_RECORDED, |taken| taken.state.name()).to_owned()
}

/// A text of the appointment; empty if there is none.
fn planned(row: &VisitRow, read: fn(&Appointment) -> &String) -> String {
    text(row.appointment.as_ref().map(read))
}

pub(super) fn uprn(row: &VisitColumns) -> String {
    text(row.uprn.as_ref())
}

fn address(row: &VisitRow) -> String {
    let planned = row.appointment.as_ref().map(|plan| plan.address.join(", "));
    planned.unwrap_or_else(|| text(row.visit.address.as_ref()))
}

fn purpose(row: &VisitRow) -> String {
    row.appointment.as_ref().map_or_else(|| text(row.visit.purpose.as_ref()), |plan| plan.purpose.clone())
}
