//! One row a visit in which nobody got in. A valid refusal is listed, and never counts towards enforcement. Clause 3.1.

use doorstep_domain::conduct::{Counting, Notice, NoticeMethod};

use crate::storage::VisitRow;
use crate::times::written;

pub(super) const HEADER: [&str; 16] = [
    "uprn",
    "address",
    "visit",
    "appointment_ref",
    "organisation",
    "visitor_name",
    "ended_at",
    "outcome",
    "refusal_reason",
    "counts_towards_enforcement",
    "counts_in_court",
    "notice_standing",
    "notice_method",
    "card_left",
    "worried",
    "next_visit_needs",
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
