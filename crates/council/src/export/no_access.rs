//! One row a visit in which nobody got in. A valid refusal is listed, and never counts towards enforcement. Clause 3.1.

use doorstep_domain::StableName;
use doorstep_domain::conduct::{Counting, Notice, NoticeMethod};

use super::Column;
use crate::machine::times::written;
use crate::storage::VisitRow;

pub(super) const COLUMNS: [Column; 16] = [
    Column("uprn", "The home's UPRN"),
    Column("address", "The address"),
    Column("visit", "The visit's id"),
    Column("appointment_ref", "The appointment's reference"),
    Column("organisation", "Firm or council"),
    Column("visitor_name", "Who came"),
    Column("ended_at", "By the phone's clock"),
    Column("outcome", "entry_refused, no_answer or no_suitable_adult"),
    Column("refusal_reason", "As in visits"),
    Column("counts_towards_enforcement", "yes, no: valid refusal, or to be decided"),
    Column("counts_in_court", "yes after written notice in time"),
    Column("notice_standing", "As in visits"),
    Column("notice_method", "As in visits"),
    Column("card_left", "Whether a card was left"),
    Column("worried", "Whether something seemed wrong: the welfare question"),
    Column("next_visit_needs", "What would make the next visit work"),
];

pub(super) fn rows(row: &VisitRow) -> Vec<Vec<String>> {
    let visit = &row.visit;
    let Some(attempt) = visit.attempt() else { return Vec::new() };
    let notice = visit.notice.as_ref();
    let refusal = visit.ending.as_ref().and_then(|ending| ending.refusal.as_ref());
    vec![vec![
        visit.uprn.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.address(),
        visit.visit.to_string(),
        visit.appointment.as_ref().map(ToString::to_string).unwrap_or_default(),
        row.organisation.clone(),
        row.visitor_name.clone(),
        written(attempt.at),
        attempt.outcome.name().to_owned(),
        refusal.map(|refusal| refusal.reason.name().to_owned()).unwrap_or_default(),
        match attempt.counting {
            Counting::Counts => "yes",
            Counting::ValidRefusal => "no: valid refusal",
            Counting::ToBeDecided => "to be decided",
        }
        .to_owned(),
        yes_or_no(attempt.in_court),
        notice.map(|notice: &Notice| notice.standing.name().to_owned()).unwrap_or_default(),
        notice
            .and_then(|notice| notice.method)
            .map(|method: NoticeMethod| method.name().to_owned())
            .unwrap_or_default(),
        visit.after.card_left.map(yes_or_no).unwrap_or_default(),
        visit.after.welfare.as_ref().map(|welfare| yes_or_no(welfare.worried)).unwrap_or_default(),
        visit.after.next_visit_needs.clone().unwrap_or_default(),
    ]]
}

pub(super) fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}
