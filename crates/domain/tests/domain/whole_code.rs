//! The clauses of the Code beyond the arrival checklist, each as somebody lives through it.

use chrono::TimeDelta;
use doorstep_domain::StableName;
use doorstep_domain::conduct::{
    About, Attempt, CancelReason, CancelledBy, Clause, CodeSigned, Command, Concern, ConcernKind, ConsentBy, Counting,
    Declaration, Event, Finding, FollowUp, Hazard, LoneWorking, NoticeAgreement, NoticeMethod, Outcome, RefusalReason,
    Rule, Severity, Signing, Started, Step, StepState, TenantSignature, ToldOfCancellation, Validity, Visit, VisitKind,
    WithdrawalReason, attempts,
};
use doorstep_domain::{RecordId, VisitId};

use crate::cast::{AtTheDoor, nine_o_clock, notice_of, short_notice};

fn agreement() -> Command {
    Command::AgreeToNotice(NoticeAgreement { by: ConsentBy::Tenant, asked: NoticeMethod::InPerson })
}

fn concern(about: About, words: &str) -> Command {
    Command::RaiseConcern(Concern { about, words: words.into(), noticed_at: nine_o_clock() })
}

fn plan(visit_kind: VisitKind) -> Started {
    Started {
        appointment: None,
        uprn: None,
        visit_kind,
        address: Some("1 High Street".into()),
        purpose: None,
        notice: None,
    }
}

#[test]
fn going_in_at_short_notice_waits_for_the_tenant_s_express_agreement() {
    let mut door = AtTheDoor::arrive_after(Some(short_notice())).arrives_properly();
    let refused = door.goes_in().unwrap_err();
    assert_eq!((refused.clause, refused.rule), (Clause::C3_1, Rule::AgreementFirst));
    assert_eq!(refused.missing, ["agreement"]);
    door.says(agreement()).unwrap();
    door.goes_in().expect("the tenant agreed");
    assert!(door.visit.findings.is_empty());
}

#[test]
fn going_in_at_short_notice_without_asking_can_be_recorded_and_shows_as_what_it_is() {
    let mut door = AtTheDoor::arrive_after(Some(short_notice())).arrives_properly();
    let basis = Some(doorstep_domain::conduct::Basis::Consented { by: ConsentBy::Tenant });
    door.says(Command::Enter { basis, admitting: Some("I did not ask".into()) }).unwrap();
    assert_eq!(door.visit.findings, [Finding::ShortNoticeNotAgreed]);
}

#[test]
fn a_day_s_notice_needs_no_agreement() {
    let mut door = AtTheDoor::arrive_after(Some(notice_of(24))).arrives_properly();
    door.goes_in().unwrap();
    assert!(door.visit.findings.is_empty());
}

#[test]
fn a_tenant_who_was_not_told_who_comes_and_why_is_a_finding_until_they_are_told() {
    let untold = doorstep_domain::conduct::Notice { told_who_and_why: false, ..notice_of(48) };
    let mut door = AtTheDoor::arrive_after(Some(untold)).arrives_properly();
    door.goes_in().unwrap();
    assert_eq!(door.visit.findings, [Finding::NotToldWhoAndWhy]);
    door.says(Command::TellWhoAndWhy { means: NoticeMethod::Phone }).unwrap();
    assert!(door.visit.findings.is_empty());
}

#[test]
fn no_visit_starts_before_the_code_was_signed_but_an_emergency() {
    let visit = Visit::new(VisitId::from_bytes([1; 16]));
    let set_out = |kind, code| visit.set_out(plan(kind), code);
    let refused = set_out(VisitKind::SafetyCheck, CodeSigned::No).unwrap_err();
    assert_eq!((refused.clause, refused.rule), (Clause::C9, Rule::SignTheCodeFirst));
    assert!(set_out(VisitKind::EmergencyRepair, CodeSigned::No).is_ok());
    assert!(set_out(VisitKind::SafetyCheck, CodeSigned::Yes).is_ok());
}

#[test]
fn knowing_the_tenant_is_told_to_the_line_manager_and_to_the_council() {
    let mut door = AtTheDoor::arrive();
    let declared = |line_manager: &str, council_contact: &str| {
        Command::DeclareKnowsTenant(Declaration {
            relation: "My cousin".into(),
            line_manager: line_manager.into(),
            council_contact: council_contact.into(),
            hand_over: true,
        })
    };
    for (manager, contact, missing) in [("", "Joan", "line_manager"), ("Bob", " ", "council_contact")] {
        let refused = door.says(declared(manager, contact)).unwrap_err();
        assert_eq!((refused.clause, refused.missing), (Clause::C5_3, vec![missing.to_owned()]));
    }
    door.says(declared("Bob", "Joan")).unwrap();
    assert!(door.visit.before.knows_tenant.is_some_and(|declaration| declaration.hand_over));
}

#[test]
fn a_visit_called_off_stays_to_be_done_until_the_tenant_was_told() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::Cancel { by: CancelledBy::Visitor, reason: CancelReason::RunningLate, words: None }).unwrap();
    assert!(door.visit.tenant_not_told());
    assert_eq!(door.visit.findings, [Finding::TenantNotToldOfCancellation]);
    let told =
        ToldOfCancellation { means: NoticeMethod::Phone, apologised: true, new_time: Some("Thursday at 10".into()) };
    door.says(Command::TellOfCancellation(told)).unwrap();
    assert!(!door.visit.tenant_not_told() && door.visit.findings.is_empty());
    assert_eq!(door.visit.ending.unwrap().outcome, Outcome::Cancelled);
}

#[test]
fn a_tenant_who_calls_it_off_knows() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::Cancel { by: CancelledBy::Tenant, reason: CancelReason::TenantAsked, words: None }).unwrap();
    assert!(!door.visit.tenant_not_told() && door.visit.findings.is_empty());
    assert!(door.visit.attempt().is_none(), "it is no attempt without access");
}

#[test]
fn consent_can_be_taken_back_by_those_who_gave_it_and_only_inside() {
    let withdrawn = Command::WithdrawConsent { by: ConsentBy::Tenant, words: Some("Please go".into()) };
    let mut door = AtTheDoor::arrive().arrives_properly();
    assert_eq!(door.says(withdrawn.clone()).unwrap_err().rule, Rule::NotInside);
    door.goes_in().unwrap();
    door.says(withdrawn).unwrap();
    assert!(door.visit.consent_withdrawn_at.is_some());
    door.says(Command::LeaveNow).unwrap();
    door.says(Command::ExplainWithdrawal { reason: WithdrawalReason::ConsentWithdrawn, words: None }).unwrap();
    assert_eq!(door.visit.ending.unwrap().outcome, Outcome::Withdrawn);
}

#[test]
fn leaving_at_once_is_no_refusal_and_needs_no_reason() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::LeaveNow).unwrap();
    assert!(door.facts.last().unwrap().event.is_urgent());
    assert!(door.visit.attempt().is_none(), "smoke, or aggression, is never counted against the tenant as a refusal");
    door.says(Command::ExplainWithdrawal { reason: WithdrawalReason::Smoke, words: None }).unwrap();
    door.says(Command::SaySafe).unwrap();
    assert!(door.visit.before.safe_at.is_some());
}

#[test]
fn leaving_unfinished_needs_a_follow_up_that_is_explained() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    door.goes_in().unwrap();
    door.says(Command::Leave { further_visit_needed: true }).unwrap();
    assert_eq!(door.visit.findings, [Finding::NoFollowUp]);
    let follow_up = |what: &str, tenant_told| {
        Command::AgreeFollowUp(FollowUp {
            what: what.into(),
            who: "Oakham Drainage".into(),
            when: "2026-12-01".parse().ok(),
            tenant_told,
        })
    };
    assert_eq!(door.says(follow_up(" ", true)).unwrap_err().clause, Clause::C4_1);
    door.says(follow_up("Fit the new valve", false)).unwrap();
    assert_eq!(door.visit.findings, [Finding::FollowUpNotExplained]);
    door.says(follow_up("Fit the new valve", true)).unwrap();
    assert!(door.visit.findings.is_empty());
}

#[test]
fn a_tenant_signs_if_they_wish_and_a_dot_is_no_signature() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    door.goes_in().unwrap();
    let sign = |name: &str, signed| Command::TakeSignature(TenantSignature { name: name.into(), signed });
    let stroke = Signing::Drawn(vec![vec![(10, 10), (500, 200), (900, 30)]]);
    assert_eq!(door.says(sign(" ", stroke.clone())).unwrap_err().rule, Rule::NameFirst);
    let dot = Signing::Drawn(vec![vec![(10, 10)]]);
    assert_eq!(door.says(sign("Иван Patel", dot)).unwrap_err().rule, Rule::SignatureFirst);
    door.says(Command::Leave { further_visit_needed: false }).unwrap();
    assert!(door.visit.findings.is_empty(), "nobody has to sign");
    door.says(sign("Иван Patel", stroke)).unwrap();
    assert_eq!(door.visit.after.signed_by.as_deref(), Some("Иван Patel"));
}

#[test]
fn what_should_be_done_never_blocks_and_is_a_finding_when_it_was_not() {
    let mut door = AtTheDoor::arrive().arrives_properly();
    door.goes_in().unwrap();
    for step in Step::all().filter(|step| !Step::BEFORE_ENTRY.contains(step) && *step != Step::AdultPresent) {
        door.says(Command::RecordStep { step, state: StepState::NotDone { reason: "no time".into() } }).unwrap();
        assert!(door.visit.findings.contains(&Finding::NotDone { step }), "{step:?}");
        door.does(step);
        assert!(door.visit.findings.is_empty(), "{step:?}");
    }
    door.says(Command::Leave { further_visit_needed: false }).unwrap();
}

#[test]
fn working_alone_with_the_device_off_is_a_finding() {
    let lone =
        |device_on| Command::WorkAlone(LoneWorking { device_on, expected_end: nine_o_clock() + TimeDelta::hours(1) });
    let mut door = AtTheDoor::arrive();
    door.says(lone(false)).unwrap();
    assert_eq!(door.visit.findings, [Finding::LoneWorkerDeviceOff]);
    door.says(lone(true)).unwrap();
    assert!(door.visit.findings.is_empty());
}

#[test]
fn concerns_cite_their_clause_and_those_with_a_clock_overtake_the_rest() {
    let mut door = AtTheDoor::arrive();
    let abouts = [
        (About::UnsafeCondition { hazard: Hazard::Gas, severity: Severity::Emergency }, Clause::C6_1, true),
        (About::Aggression { injured: false, police_reference: None }, Clause::C7, true),
        (About::Complaint { put_right: None, told_of_process: true }, Clause::C8_1, true),
        (About::Gift { accepted: false }, Clause::C5_3, false),
        (About::Conflict, Clause::C5_3, false),
        (About::Breach, Clause::C8_2, false),
    ];
    for (about, clause, urgent) in abouts {
        let empty = door.says(concern(about.clone(), "  ")).unwrap_err();
        assert_eq!((empty.clause, empty.rule), (clause, Rule::NoteFirst));
        door.says(concern(about, "What I saw")).unwrap();
        assert_eq!(door.facts.last().unwrap().event.is_urgent(), urgent);
    }
    assert_eq!(door.visit.concerns.len(), 5);
    assert_eq!(door.visit.concerns[0].concern.noticed_at, nine_o_clock(), "the clock runs from when it was seen");
}

#[test]
fn a_breach_is_no_line_of_the_visit_that_the_visitor_s_own_firm_sees() {
    let mut door = AtTheDoor::arrive();
    door.says(concern(About::Breach, "My colleague smoked inside")).unwrap();
    assert!(door.visit.concerns.is_empty());
    assert!(door.visit.timeline.iter().all(|line| !matches!(line.event, Event::ConcernRaised(_))));
}

#[test]
fn a_concern_can_be_raised_after_the_visit() {
    let mut door = AtTheDoor::arrive();
    door.says(Command::NoAnswer).unwrap();
    door.says(concern(About::Gift { accepted: false }, "A bottle of wine, given back")).unwrap();
    assert_eq!(door.visit.concerns[0].concern.kind(), ConcernKind::Gift);
}

#[test]
fn a_valid_refusal_never_counts_towards_enforcement() {
    for reason in RefusalReason::all() {
        let mut door = AtTheDoor::arrive_after(Some(notice_of(72)));
        door.says(Command::RefuseEntry { reason, words: None }).unwrap();
        let attempt = door.visit.attempt().expect("nobody got in");
        let counts = match reason.validity() {
            Validity::Valid => Counting::ValidRefusal,
            Validity::NotValid => Counting::Counts,
            Validity::SupervisorDecides => Counting::ToBeDecided,
        };
        assert_eq!(attempt.counting, counts, "{reason:?}");
        assert!(!attempt.in_court, "a telephone call is no notice in writing");
    }
}

#[test]
fn no_answer_counts_and_counts_in_court_after_written_notice_alone() {
    for (method, in_court) in [(NoticeMethod::Letter, true), (NoticeMethod::Phone, false)] {
        let given = (nine_o_clock() - TimeDelta::hours(72), method);
        let numbers = crate::cast::numbers();
        let notice =
            doorstep_domain::conduct::Notice::of(VisitKind::SafetyCheck, nine_o_clock(), Some(given), true, &numbers);
        let mut door = AtTheDoor::arrive_after(Some(notice));
        assert!(door.says(Command::LeaveCard { left: true }).is_err(), "somebody may still answer");
        door.says(Command::NoAnswer).unwrap();
        door.says(Command::LeaveCard { left: true }).unwrap();
        let attempt = door.visit.attempt().unwrap();
        assert_eq!((attempt.counting, attempt.in_court), (Counting::Counts, in_court));
    }
}

#[test]
fn attempts_of_a_property_are_counted_once_each_whoever_knows_of_them() {
    let attempt = |number: u8, minutes| Attempt {
        visit: VisitId::from_bytes([number; 16]),
        at: nine_o_clock() + TimeDelta::minutes(minutes),
        outcome: Outcome::NoAnswer,
        counting: Counting::Counts,
        in_court: false,
    };
    let all = attempts(&[attempt(1, 0), attempt(2, 5)], [attempt(2, 5), attempt(3, 3)]);
    assert_eq!(all.iter().map(|attempt| attempt.visit.as_bytes()[0]).collect::<Vec<_>>(), [1, 3, 2]);
}

#[test]
fn what_was_struck_out_stays_in_the_timeline_and_changes_nothing_else() {
    let mut door = AtTheDoor::arrive();
    let mistake = door.says(Command::NoAnswer).unwrap();
    door.says(Command::StrikeOut { record: mistake, reason: "They came to the door".into() }).unwrap();
    assert!(door.visit.ending.is_none() && door.visit.attempt().is_none());
    let struck = door.visit.timeline.iter().find(|line| line.record == mistake).unwrap();
    assert_eq!(struck.struck.as_ref().unwrap().reason, "They came to the door");
    let nothing = RecordId::from_bytes([7; 16]);
    assert!(door.says(Command::StrikeOut { record: nothing, reason: "x".into() }).is_err());
}

#[test]
fn a_visit_that_was_only_opened_can_be_called_off_but_not_worked() {
    let visit = Visit::new(VisitId::from_bytes([1; 16]));
    for command in [Command::NoAnswer, Command::Leave { further_visit_needed: false }] {
        assert_eq!(visit.decide(command).unwrap_err().rule, Rule::StartFirst);
    }
    let cancel = Command::Cancel { by: CancelledBy::Council, reason: CancelReason::Other, words: None };
    assert_eq!(visit.decide(cancel).unwrap().len(), 1);
}
