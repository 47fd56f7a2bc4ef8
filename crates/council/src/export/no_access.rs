//! One row for each visit in which nobody got in. A valid refusal is listed, but never counts
//! towards enforcement. Clause 3.1.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Attempt, Counting, NoticeMethod, NoticeStanding, Outcome, RefusalReason};

use super::columns::ColumnKind::{Id, Moment, OneOf, Text, YesNo};
use super::columns::{ColumnKind, Drawn, column, moment, name, text, yes_no};
use super::visits::uprn;
use crate::error::CouncilError;
use crate::storage::{FoldedVisit, HomeStanding, TimesStanding, VisitRow};

/// An attempt, and its visit.
pub(super) struct NoAccessRow {
    of: VisitRow,
    attempt: Attempt,
}

pub(super) const COLUMNS: &[Drawn<NoAccessRow>] = &[
    column("uprn", Text, "The home's UPRN", |row| uprn(&row.of.columns)),
    column("address", Text, "The address", |row| row.of.address()),
    column("visit", Id, "The visit's id", |row| row.of.visit.visit.to_string()),
    column("appointment_ref", Text, "The appointment's reference", |row| text(row.of.visit.appointment.as_ref())),
    column("organisation", Text, "Who came: firm or council", |row| row.of.columns.organisation.clone()),
    column("visitor_name", Text, "Who came: name", |row| row.of.columns.visitor_name.clone()),
    column("ended_at", Moment, "When it ended, by the phone's clock", |row| moment(Some(row.attempt.at))),
    column(
        "outcome",
        OneOf(|| Outcome::all().filter(|outcome| outcome.is_no_access()).map(Outcome::name).collect()),
        "How it ended",
        |row| row.attempt.outcome.name().to_owned(),
    ),
    column("refusal_reason", ColumnKind::one_of::<RefusalReason>(), "Why the tenant refused", |row| {
        name(row.of.visit.ending.as_ref().and_then(|ending| ending.refusal.as_ref()).map(|refusal| refusal.reason))
    }),
    column(
        "counts_towards_enforcement",
        OneOf(|| vec![YES, VALID, UNDECIDED, NOT_THERE]),
        "A valid refusal never does, nor does a visit of which only the phone says that it was at this home",
        |row| counts(row).to_owned(),
    ),
    column(
        "counts_in_court",
        YesNo,
        "Whether it also counts in court: only after 24 hours' notice in writing, and with times that are not in doubt",
        |row| {
            let (home, times) = (HomeStanding::of(&row.of.columns), TimesStanding::of(&row.of));
            yes_no(Some(row.attempt.in_court && home.is_proven(times)))
        },
    ),
    column("notice_standing", ColumnKind::one_of::<NoticeStanding>(), "What the notice was worth", |row| {
        name(row.of.visit.notice.as_ref().map(|notice| notice.standing))
    }),
    column("notice_method", ColumnKind::one_of::<NoticeMethod>(), "How the notice was given", |row| {
        name(row.of.visit.notice.as_ref().and_then(|notice| notice.method))
    }),
    column("card_left", YesNo, "Whether a card was left", |row| yes_no(row.of.visit.after.card_left)),
    column("worried", YesNo, "Whether the visitor was worried about the tenant's welfare", |row| {
        yes_no(row.of.visit.after.welfare.as_ref().map(|welfare| welfare.worried))
    }),
    column("next_visit_needs", Text, "What would make the next visit work", |row| {
        text(row.of.visit.after.next_visit_needs.as_ref())
    }),
    column("welfare_words", Text, "What seemed wrong, in the visitor's words", |row| {
        text(row.of.visit.after.welfare.as_ref().and_then(|welfare| welfare.words.as_ref()))
    }),
    column("home", ColumnKind::one_of::<HomeStanding>(), "How the council knows that it was at this home", |row| {
        HomeStanding::of(&row.of.columns).name().to_owned()
    }),
    column(
        "times",
        ColumnKind::one_of::<TimesStanding>(),
        "Whether the phone's clock can have shown its times",
        |row| TimesStanding::of(&row.of).name().to_owned(),
    ),
];

const YES: &str = "yes";
const VALID: &str = "no: valid refusal";
const UNDECIDED: &str = "to be decided";
const NOT_THERE: &str = "no: home not confirmed";

fn counts(row: &NoAccessRow) -> &'static str {
    match row.attempt.counting {
        Counting::Counts if !HomeStanding::of(&row.of.columns).counts() => NOT_THERE,
        Counting::Counts => YES,
        Counting::ValidRefusal => VALID,
        Counting::ToBeDecided => UNDECIDED,
    }
}

/// The row of a visit in which nobody got in; `None` for other visits. These are recognised by
/// their outcome, without reading the folded visit.
pub(super) fn rows(found: FoldedVisit) -> Result<Option<NoAccessRow>, CouncilError> {
    let outcome = found.columns.outcome.as_deref().and_then(Outcome::from_name);
    if !outcome.is_some_and(Outcome::is_no_access) {
        return Ok(None);
    }
    let row = found.unfolded()?;
    Ok(row.visit.attempt().map(|attempt| NoAccessRow { of: row, attempt }))
}
